/**
 * Runs a module of a release in a Deno process that may read its own folder and its data, write its data, read two
 * environment variables and reach at most one loopback port. No programs, no system information, no foreign code,
 * no remote or npm modules, no configuration files.
 */
import { type BoundedProcess, type Exit, startProcess } from "./bounded-process.ts";
import { type Bounds, HEAP_MIB, PROCESS } from "./limits.ts";
import { type Denial, denialsInAudit, denialsInOutput, type Grants } from "./permission-audit.ts";

/**
 * Of the audit file, what is read: all of it. Its disk bound ends a process that fills it, and what the file grows in the
 * meantime is less than as much again; a shorter look would let a release bury an attempt under permitted ones.
 */
const MAX_AUDIT_BYTES = 2 * PROCESS.diskBytes;

export interface SandboxStart {
  /** Folder of the unpacked release. */
  release: string;
  /** Folder of this process alone: made here; its data, cache and audit go below it. */
  area: string;
  /** Module to run, relative to `release`. */
  entry: string;
  settingsPath: string;
  /** The one port on 127.0.0.1 that it may reach; null for none. */
  port: number | null;
  bounds: Bounds;
  onStdoutLine?: (line: string) => void;
}

export interface Sandbox extends BoundedProcess {
  /** Everything it tried and was refused, so far. */
  denials(): Promise<Denial[]>;
}

export async function startSandbox(start: SandboxStart): Promise<Sandbox> {
  const data = `${start.area}/data`;
  const audit = `${start.area}/audit.jsonl`;
  const preload = `${start.area}/preload.mjs`;
  await Deno.mkdir(data, { recursive: true });
  await Deno.copyFile(new URL("./preload.mjs", import.meta.url), preload);
  const grants: Grants = {
    cwd: start.release,
    read: [start.release, data, start.settingsPath],
    write: [data],
    env: ["VIGIE_SETTINGS", "VIGIE_DATA"],
    net: start.port === null ? null : `127.0.0.1:${start.port}`,
  };
  const process = startProcess({
    args: [...runArguments(grants), `--preload=${preload}`, `${start.release}/${start.entry}`],
    env: {
      ...runtimeEnvironment(start.area),
      VIGIE_SETTINGS: start.settingsPath,
      VIGIE_DATA: data,
      DENO_AUDIT_PERMISSIONS: audit,
      DENO_TRACE_PERMISSIONS: "1",
    },
    cwd: start.release,
    diskFolder: start.area,
    bounds: start.bounds,
    ...(start.onStdoutLine && { onStdoutLine: start.onStdoutLine }),
  });
  return {
    ...process,
    async denials() {
      return [...denialsInAudit(await readHead(audit), grants), ...denialsInOutput(process.output())];
    },
  };
}

/** Flags that keep Deno from reading configuration, other people's modules and the network. */
export const OFFLINE_FLAGS = [
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--node-modules-dir=none",
];

function runArguments(grants: Grants): string[] {
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-check",
    "--cached-only",
    "--no-code-cache",
    ...OFFLINE_FLAGS,
    `--v8-flags=--max-old-space-size=${HEAP_MIB}`,
    `--allow-read=${grants.read.join(",")}`,
    `--allow-write=${grants.write.join(",")}`,
    `--allow-env=${grants.env.join(",")}`,
    ...(grants.net === null ? [] : [`--allow-net=${grants.net}`]),
  ];
}

/** The whole environment of Deno itself: its cache is thrown away with the folder, so that no run can taint another. */
export function runtimeEnvironment(area: string): Record<string, string> {
  return {
    // With a PATH, an attempt to start a program by name reaches the permission check and is seen.
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: area,
    DENO_DIR: `${area}/deno`,
    DENO_NO_UPDATE_CHECK: "1",
    DENO_NO_PACKAGE_JSON: "1",
    NO_COLOR: "1",
  };
}

/** Why a run failed, most telling first: what it was refused, the bound it broke, how it ended. Null when it did not. */
export function failureOf(exit: Exit | null, denials: readonly Denial[]): string | null {
  const [first] = denials;
  if (first) return `denied-${first.kind}`;
  if (exit?.limit) return exit.limit;
  return exit !== null && exit.code !== 0 ? "exit-code" : null;
}

/** What it printed and what it was refused, for the log of a check. */
export function logOf(output: string, exit: Exit | null, denials: readonly Denial[]): string {
  const refused = new Set(denials.slice(0, 200).map(({ kind, value }) => `denied ${kind} ${value}`.trim()));
  const ended = exit?.limit ?? (exit && `exit code ${exit.code}${exit.signal ? ` (${exit.signal})` : ""}`);
  return [output.trimEnd(), ...[...refused].slice(0, 10), ended ?? ""].filter(Boolean).join("\n");
}

async function readHead(path: string): Promise<string> {
  try {
    using file = await Deno.open(path);
    const bytes = new Uint8Array(Math.min((await file.stat()).size, MAX_AUDIT_BYTES));
    let length = 0;
    while (length < bytes.byteLength) {
      const read = await file.read(bytes.subarray(length));
      if (read === null) break;
      length += read;
    }
    return new TextDecoder().decode(bytes.subarray(0, length));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
