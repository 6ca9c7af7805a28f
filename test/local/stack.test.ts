import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ROOT } from "../../local/paths.ts";
import { waitForEnd } from "../../local/process-table.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { Policy } from "../../src/contract/policy.ts";

/** A stack is up in a few seconds, and gone in one; a busy machine may take many times that. */
const TIMEOUT_MS = 240_000;
const END_MS = 60_000;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "vigie-stack-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const aStack = () => startStack({ dataDir, port: 0, staging: false, log: () => {} });
const policyOf = async (stack: Stack) => Policy.parse(await (await stack.api("/api/ops/policy")).json());
const pidIn = (...path: string[]) => Number(readFileSync(join(dataDir, ...path), "utf8").split("\n")[0]);

it("finds its data again after a stop, a killed Worker and a stopped Postgres", {
  timeout: TIMEOUT_MS,
}, async () => {
  const first = await aStack();
  const { revision, document } = await policyOf(first);
  const put = { revision, reason: "a change to find again", document: { ...document, mode: "auto" } };
  expect((await first.api("/api/ops/policy", { method: "PUT", json: put })).status).toBe(200);
  expect((await first.api("/api/ops/policy", { method: "PUT", json: put, as: "dev:linus" })).status).toBe(
    403,
  );
  await first.postgres.stop();
  expect((await first.api("/api/ops/plugins")).status).toBe(503);
  await first.postgres.start();
  await first.worker.kill();
  await expect(first.api("/healthz")).rejects.toThrow();
  await first.worker.start();
  expect((await policyOf(first)).document.mode).toBe("auto");
  await first.stop();

  const second = await aStack();
  try {
    expect((await policyOf(second)).reason).toBe("a change to find again");
    await expect(aStack()).rejects.toThrow(`${dataDir} is in use by process ${process.pid}`);
    expect((await second.api("/healthz")).status).toBe(200);
  } finally {
    await second.stop();
  }
});

it("leaves nothing running when its process is killed", { timeout: TIMEOUT_MS }, async () => {
  const child = spawn(process.execPath, [join(ROOT, "test", "local", "fixtures", "run-stack.ts"), dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { url, staging } = JSON.parse(line);
  const workerd = pidIn("workerd.pid");
  const postgres = pidIn("postgres", "cluster", "postmaster.pid");
  child.kill("SIGKILL");
  expect(await waitForEnd(workerd, END_MS)).toBe(true);
  expect(await waitForEnd(postgres, END_MS)).toBe(true);
  await expect(fetch(url)).rejects.toThrow();
  await expect
    .poll(
      () =>
        fetch(staging).then(
          () => "up",
          () => "gone",
        ),
      { timeout: END_MS },
    )
    .toBe("gone");
});
