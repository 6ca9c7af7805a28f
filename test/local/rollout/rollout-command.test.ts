import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { callOps, opsAccess } from "../../../local/commands/ops-access.ts";
import { run } from "../../../local/commands/rollout.ts";
import { loadOrCreateSecrets } from "../../../local/secrets.ts";
import type { RolloutState } from "../../../src/contract/rollout.ts";
import { aServer, json } from "../../services/loopback-server.ts";

const AT = "2026-11-22T10:00:00.000Z";
const aState: RolloutState = {
  status: "paused",
  standing: { by: "otto", at: AT, reason: "sales\u001b[2J week" },
  source: "policy",
  stages: ["first 5 shops", "100 % of shops"],
  stage: 1,
  stage_since: AT,
  not_before: null,
  in_flight: 2,
  in_flight_limit: 20,
  success: 12,
  baked: 9,
  bake_s: 600,
  rolled_back: 1,
  failed: 0,
  inconclusive: 0,
  relapsed: 1,
  holds: [
    {
      environment: "woocommerce 9.1 / php 7.4",
      source: "learned",
      by: "vigie",
      reason: "2 of 2 failed there",
      at: AT,
      finished: 2,
      failures: 2,
      lifted: null,
    },
  ],
  acknowledgements: [],
  revert: null,
  plan: null,
};

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
const anEmptyFolder = () => mkdtempSync(join(tmpdir(), "vigie-rollout-"));

describe("npm run rollout", () => {
  it("shows where a rollout stands, and lets no text steer the terminal", async () => {
    vi.stubEnv("VIGIE_TOKEN", "token-of-ada");
    const requests: [string, string | undefined][] = [];
    const { url } = await aServer(({ url: path, headers }, response) => {
      requests.push([path, headers.authorization]);
      json(response, 200, {
        product: "molam-pay",
        version: "1.3.0",
        rollout: aState,
        revert: null,
        slots: [],
      });
    });
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await run(["show", "molam-pay", "1.3.0", "--url", url])).toBe(0);
    expect(requests).toEqual([["/api/ops/releases/molam-pay/1.3.0/rollout", "Bearer token-of-ada"]]);
    expect(print.mock.calls[0]?.[0].split("\n")).toEqual([
      `molam-pay 1.3.0  paused (otto, ${AT}: sales?[2J week)`,
      `  stage      2 of 2, 100 % of shops, since ${AT} (policy)`,
      "  in flight  2 of at most 20",
      "  ended      12 healed (9 for 600 s and more), 2 failed: 1 rolled back, 0 failed, 1 relapsed; 0 inconclusive",
      `  held       woocommerce 9.1 / php 7.4 since ${AT} by vigie: 2 of 2 failed there`,
    ]);
  });

  it("says of a hold how it was read and how many shops it concerns", async () => {
    vi.stubEnv("VIGIE_TOKEN", "token-of-otto");
    const hold = { ...aState.holds[0], environment: "magento 2.4 / php 8.1" };
    const answers = [
      { ...aState, hold, shops: 0 },
      { ...aState, hold, shops: null },
    ];
    const { url } = await aServer((_, response) => json(response, 200, answers.shift()));
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    const args = ["--environment", "Magento 2.4.7/PHP 8.1", "--reason", "known issue", "--url", url];
    for (const _answer of [...answers]) expect(await run(["hold", "molam-pay", "1.3.0", ...args])).toBe(0);
    expect(print.mock.calls.map(([text]) => text.split("\n").at(-1))).toEqual([
      "it is kept from magento 2.4 / php 8.1: 0 shops on record are there",
      "it is kept from magento 2.4 / php 8.1: the ledger cannot be read now: no count",
    ]);
  });

  it("says of a floor what it shuts out, and in a dry run that nothing is changed", async () => {
    vi.stubEnv("VIGIE_TOKEN", "token-of-ada");
    const requests: unknown[] = [];
    const floor = { product: "molam-pay", version: null, standing: null };
    const { url } = await aServer(({ body }, response) => {
      requests.push(JSON.parse(body));
      json(response, 200, {
        ...floor,
        dry_run: true,
        shut: ["1.3.0", "1.2.0"],
        left: [],
        notes: ["bars all"],
      });
    });
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await run(["floor", "molam-pay", "12.0.0", "--dry-run", "--url", url])).toBe(0);
    expect(requests).toEqual([{ version: "12.0.0", reason: "dry run", dry_run: true, bars_all: false }]);
    expect(print.mock.calls[0]?.[0].split("\n")).toEqual([
      "dry run, nothing is changed",
      "molam-pay has no floor",
      "would be shut: 1.3.0, 1.2.0; left: none",
      "bars all",
    ]);
  });

  it("exits with 2 for what was typed wrongly, before anything is asked", async () => {
    const complain = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await run(["pause", "molam-pay", "1.3.0", "--url", "http://127.0.0.1:1"])).toBe(2);
    expect(complain.mock.calls[0]?.[0]).toContain("--reason is missing");
  });
});

describe("the way to the ops API", () => {
  it("is the local stack's own login on this machine, when there is one", async () => {
    const dataDir = anEmptyFolder();
    await expect(opsAccess({}, {}, dataDir)).rejects.toThrow(/no local stack has run here/);
    loadOrCreateSecrets(dataDir);
    const access = await opsAccess({}, { PORT: "8113" }, dataDir);
    expect(access.url).toBe("http://127.0.0.1:8113");
    const claims = JSON.parse(Buffer.from(access.token.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ sub: "dev:ada", iss: "https://id.molam.example", aud: "vigie-ops" });
  });

  it("needs a token of one's own elsewhere", async () => {
    await expect(opsAccess({ url: "https://vigie.example" }, {})).rejects.toThrow(/set VIGIE_TOKEN/);
    expect(await opsAccess({ url: "https://vigie.example/x" }, { VIGIE_TOKEN: "t" })).toEqual({
      url: "https://vigie.example",
      token: "t",
    });
    await expect(opsAccess({ url: "vigie.example" }, { VIGIE_TOKEN: "t" })).rejects.toThrow(
      /no http or https/,
    );
  });

  it("says what the API refused, and where", async () => {
    const { url } = await aServer((_, response) =>
      json(response, 400, {
        error: { code: "invalid", message: "must be above", field: "plan.waves.1.percent", request_id: "r" },
      }),
    );
    await expect(callOps({ url, token: "t" }, "/api/ops/releases")).rejects.toThrow(
      "must be above (plan.waves.1.percent)",
    );
  });

  it("says so when nothing answers", async () => {
    await expect(callOps({ url: "http://127.0.0.1:1", token: "t" }, "/x")).rejects.toThrow(
      /nothing answers at http:\/\/127\.0\.0\.1:1 .*npm start/,
    );
  });
});
