import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { denoPath } from "../../local/staging.ts";

it("type-checks under Deno, offline", async () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const env = { DENO_DIR: `${root}.data/deno`, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const check = promisify(execFile)(denoPath(), ["check", "staging-runner/main.ts"], { cwd: root, env });
  await expect(check).resolves.toMatchObject({ stderr: expect.not.stringContaining("ERROR") });
});
