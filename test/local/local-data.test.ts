import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importSPKI, jwtVerify } from "jose";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockDataDir } from "../../local/lock.ts";
import { ROOT } from "../../local/paths.ts";
import { mintToken, opsRoles } from "../../local/people.ts";
import { claimPort, portFromEnv } from "../../local/ports.ts";
import { loadOrCreateSecrets, molamIdPublicKey } from "../../local/secrets.ts";
import { WORKER_BINDINGS } from "../../local/worker/host-messages.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vigie-data-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("makes the secrets once, readable by their owner only", () => {
  const first = loadOrCreateSecrets(folder);
  expect(statSync(join(folder, "secrets.json")).mode & 0o777).toBe(0o600);
  expect(loadOrCreateSecrets(folder)).toEqual(first);
  expect(Buffer.from(first.VAULT_KEY, "base64")).toHaveLength(32);
});

it("mints development logins that verify against the public key, with issuer, audience and expiry", async () => {
  const secrets = loadOrCreateSecrets(folder);
  const vars = { MOLAM_ID_ISSUER: "https://issuer.test", MOLAM_ID_AUDIENCE: "ops" };
  const key = await importSPKI(molamIdPublicKey(secrets), "EdDSA");
  const { payload } = await jwtVerify(await mintToken(secrets, "dev:grace", vars), key, {
    algorithms: ["EdDSA"],
    issuer: vars.MOLAM_ID_ISSUER,
    audience: vars.MOLAM_ID_AUDIENCE,
  });
  expect(payload.sub).toBe("dev:grace");
  expect(payload.exp).toBeGreaterThan(Date.now() / 1000);
  expect(JSON.parse(opsRoles())["dev:grace"]).toEqual(["viewer", "approver"]);
});

it("refuses a data folder that a living process holds, and takes over what a dead one left", () => {
  const unlock = lockDataDir(folder);
  expect(() => lockDataDir(folder)).toThrow(`in use by process ${process.pid}`);
  unlock();
  writeFileSync(join(folder, "lock"), "999999999");
  lockDataDir(folder)();
});

it("names a taken port and the way to choose another", async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  await expect(claimPort(port)).rejects.toThrow(new RegExp(`port ${port} is taken.*PORT=`));
  server.close();
});

it.each([
  [undefined, 8112],
  ["", 8112],
  ["9000", 9000],
  ["0", 0],
])("reads PORT=%s as %i", (value, port) => expect(portFromEnv(value, 8112)).toBe(port));

it.each(["eighty", "70000", "-1", "80.5"])("refuses PORT=%s", (value) => {
  expect(() => portFromEnv(value, 8112)).toThrow("is not a port number");
});

it("names bindings that the Worker's environment knows", () => {
  const env = readFileSync(join(ROOT, "src", "env.ts"), "utf8");
  for (const name of WORKER_BINDINGS) expect(env).toMatch(new RegExp(`^ {2}${name}\\??: string;$`, "m"));
});
