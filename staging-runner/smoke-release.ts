/** The smoke test of one release, step by step; the first failure ends it. Leaves nothing behind. */
import type { SmokeCheck, SmokeReply, SmokeRequest } from "../src/contract/staging.ts";
import { bootRelease } from "./boot-release.ts";
import { download } from "./download.ts";
import { MAX_LOG_CHARS, PROCESS, SMOKE_TIMEOUT_MS } from "./limits.ts";
import { checkModuleGraph } from "./module-graph.ts";
import { failureOf, logOf, startSandbox } from "./sandbox.ts";
import { unpack } from "./unpack.ts";
import { fail, pass, type Verdict } from "./verdict.ts";
import { verifyRelease } from "./verify-release.ts";

const RUNNER = `deno/${Deno.version.deno}`;

/** `allowedOrigins`: where release files may be fetched from. */
export async function smokeRelease(
  request: SmokeRequest,
  allowedOrigins: ReadonlySet<string>,
): Promise<SmokeReply> {
  const started = performance.now();
  // The real path: permissions are checked on it, also where the temporary folder is reached through a link.
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "vigie-smoke-" }));
  const checks: SmokeCheck[] = [];
  try {
    await runChecks(request, allowedOrigins, folder, checks);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return {
    ok: checks.length > 0 && checks.every((check) => check.ok),
    attempt_id: request.attempt_id,
    checks,
    total_ms: Math.round(performance.now() - started),
    runner: RUNNER,
  };
}

async function runChecks(
  request: SmokeRequest,
  allowedOrigins: ReadonlySet<string>,
  folder: string,
  checks: SmokeCheck[],
): Promise<void> {
  const record = (name: SmokeCheck["name"], verdict: Verdict<unknown>, ms: number) =>
    void checks.push(checkOf(name, verdict, ms, folder));
  const timed = async <T>(name: SmokeCheck["name"], work: Promise<Verdict<T>>): Promise<Verdict<T>> => {
    const from = performance.now();
    const verdict = await work;
    record(name, verdict, performance.now() - from);
    return verdict;
  };

  const signed = await timed(
    "signatures",
    verifyRelease(request.release, request.publisher_keys, Date.now()),
  );
  if (!signed.ok) return;
  const manifest = signed.value;
  const file = await timed("download", download(request.artifact_url, allowedOrigins, manifest.size));
  if (!file.ok) return;
  const digest = await timed("digest", checkDigest(file.value, manifest.sha256));
  if (!digest.ok) return;
  const release = `${folder}/release`;
  const unpacked = await timed("unpack", unpack(file.value, release, manifest));
  if (!unpacked.ok) return;
  const { main, smoke } = unpacked.value;
  const smoked = await timed("smoke", runSmoke(release, smoke, `${folder}/smoke`));
  if (!smoked.ok) return;
  const graph = await checkModuleGraph(release, main, `${folder}/graph-main`);
  if (!graph.ok) return record("boot", graph, 0);
  const booted = await bootRelease(release, main, manifest.version, `${folder}/boot`);
  record("boot", booted.boot, booted.bootMs);
  if (booted.webhook) record("webhook", booted.webhook, booted.webhookMs);
}

async function checkDigest(file: Uint8Array<ArrayBuffer>, expected: string): Promise<Verdict<null>> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", file)).toHex();
  return digest === expected
    ? pass(null, digest)
    : fail("digest-mismatch", `is ${digest}, signed ${expected}`);
}

/** The release's own smoke test: exit code 0, and nothing tried that it may not do. */
async function runSmoke(release: string, entry: string, area: string): Promise<Verdict<null>> {
  const graph = await checkModuleGraph(release, entry, `${area}/graph`);
  if (!graph.ok) return graph;
  const sandbox = await startSandbox({
    release,
    area: `${area}/run`,
    entry,
    settingsPath: `${area}/run/settings.json`,
    port: null,
    bounds: { ...PROCESS, timeMs: SMOKE_TIMEOUT_MS },
  });
  const exit = await sandbox.exited;
  const denials = await sandbox.denials();
  const failure = failureOf(exit, denials);
  const log = logOf(sandbox.output(), exit, denials);
  return failure === null ? pass(null, log) : fail(failure, log);
}

function checkOf(
  name: SmokeCheck["name"],
  verdict: Verdict<unknown>,
  ms: number,
  folder: string,
): SmokeCheck {
  const check = { name, ok: verdict.ok, ms: Math.round(ms), log: printable(verdict.log, folder) };
  return verdict.ok ? check : { ...check, reason: verdict.reason };
}

/** The end of a log, without the runner's own paths and without control characters: it is the release's text. */
function printable(log: string, folder: string): string {
  return (
    log
      .replaceAll(folder, "")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "")
      .slice(-MAX_LOG_CHARS)
      .toWellFormed()
  );
}
