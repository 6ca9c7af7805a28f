/** How a command reaches the ops API: which Worker, as whom, and what its refusals mean to whoever typed the command. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ErrorBody } from "../../src/contract/error.ts";
import { CommandError } from "../command-error.ts";
import { DATA_DIR, WRANGLER_TOML } from "../paths.ts";
import { mintToken } from "../people.ts";
import { portFromEnv } from "../ports.ts";
import { loadOrCreateSecrets } from "../secrets.ts";
import { DEFAULT_PORT } from "./environment.ts";

export const OPS_ACCESS_HELP = `
  --url <origin>        the Worker; VIGIE_URL, or else the local stack at http://127.0.0.1:${DEFAULT_PORT}
  --json                print the API's own answer
Environment:
  VIGIE_TOKEN           a Molam ID token; on the local stack the development login dev:ada is used without it`;

export interface OpsAccess {
  url: string;
  /** Bearer token. */
  token: string;
}
export interface OpsCall {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  json?: unknown;
}

/** @throws CommandError when the URL is none, or there is no token for it. */
export async function opsAccess(
  options: { url?: string | undefined },
  env: NodeJS.ProcessEnv = process.env,
  dataDir = DATA_DIR,
): Promise<OpsAccess> {
  const text = options.url ?? env.VIGIE_URL ?? `http://127.0.0.1:${portFromEnv(env.PORT, DEFAULT_PORT)}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new CommandError(`"${text}" is no http or https address`);
  const url = new URL(text).origin;
  if (env.VIGIE_TOKEN) return { url, token: env.VIGIE_TOKEN };
  if (!isLoopback(url)) throw new CommandError(`${url} needs a login: set VIGIE_TOKEN to a Molam ID token`);
  // Looked at first: reading would make them, and a token of those would be a stranger's.
  if (!existsSync(join(dataDir, "secrets.json")))
    throw new CommandError(
      `no local stack has run here (${dataDir} is empty): npm start, or set VIGIE_TOKEN`,
    );
  return { url, token: await mintToken(loadOrCreateSecrets(dataDir), "dev:ada", identityVars()) };
}

function isLoopback(url: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
}

/** Issuer and audience as the local Worker has them. */
function identityVars(): Record<string, string> {
  const toml = readFileSync(WRANGLER_TOML, "utf8");
  const names = ["MOLAM_ID_ISSUER", "MOLAM_ID_AUDIENCE"];
  return Object.fromEntries(
    names.map((name) => [name, new RegExp(`^${name} *= *"([^"]*)"`, "m").exec(toml)?.[1] ?? ""]),
  );
}

/** The answer's JSON. @throws CommandError with what the API says, and what to do about it. */
export async function callOps(access: OpsAccess, path: string, call: OpsCall = {}): Promise<unknown> {
  const method = call.method ?? (call.json === undefined ? "GET" : "POST");
  const response = await fetch(new URL(path, access.url), {
    method,
    headers: {
      authorization: `Bearer ${access.token}`,
      ...(call.json === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(call.json === undefined ? {} : { body: JSON.stringify(call.json) }),
    signal: AbortSignal.timeout(30_000),
  }).catch((error: unknown) => {
    throw new CommandError(`nothing answers at ${access.url} (${causeOf(error)}): npm start, or give --url`);
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  const refusal = ErrorBody.safeParse(body);
  const said = refusal.success ? refusal.data.error.message : `HTTP ${response.status}`;
  const field = refusal.success && refusal.data.error.field ? ` (${refusal.data.error.field})` : "";
  throw new CommandError(`${said}${field}${HINTS[response.status] ?? ""}`);
}

const HINTS: Readonly<Record<number, string>> = {
  401: "; the token is not valid here, or has expired",
  503: "; try again in a few seconds",
};

function causeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string } };
  return cause?.code ?? (error instanceof Error ? error.message : String(error));
}
