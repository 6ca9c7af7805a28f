import { describe, expect, it } from "vitest";
import { defaultPolicyDocument } from "../../src/contract/policy.ts";
import type { RolloutState } from "../../src/contract/rollout.ts";
import { createApp } from "../../src/http/app.ts";
import { aServer, json } from "../services/loopback-server.ts";
import { aFakeEnv, asPerson, type Doubles, ORIGIN } from "./fake-env.ts";

const app = createApp();
const { canary } = defaultPolicyDocument();
const policy = { read: async () => ({ document: defaultPolicyDocument() }) as never };
const RELEASE = "/api/ops/releases/molam-pay/1.2.4";
const why = { reason: "pilots first" };
const plan = { waves: [{ shops: 5 }, { percent: 100 }] };
const aState = (overrides: Partial<RolloutState> = {}) =>
  ({ status: "active", stage: 0, holds: [], ...overrides }) as RolloutState;
const done = async () => ({ ok: true, value: {} }) as never;

async function send(
  subject: string,
  method: string,
  path: string,
  body?: unknown,
  doubles: Doubles = {},
  overrides = {},
) {
  const fake = aFakeEnv({ policy, ...doubles }, overrides);
  const init = {
    method,
    headers: await asPerson(subject),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await app.request(`${ORIGIN}${path}`, init, fake.env);
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, fake };
}

/** A Postgres behind Neon's protocol whose every query gives these rows. */
async function aPostgres(fields: string[], rows: unknown[][]) {
  const answer = {
    command: "SELECT",
    rowCount: rows.length,
    fields: fields.map((name) => ({ name, dataTypeID: 25 })),
    rows,
    rowAsArray: true,
  };
  const { url } = await aServer((_, response) => json(response, 200, answer));
  return { NEON_PROXY_URL: url };
}

describe("a rollout", () => {
  it("is read live from the product's object, with the policy's stages", async () => {
    const rollout = async () => ({ ok: true, value: { version: "1.2.4" } }) as never;
    const { status, body, fake } = await send("vera", "GET", `${RELEASE}/rollout`, undefined, {
      release: { rollout },
    });
    expect([status, body]).toEqual([200, { version: "1.2.4" }]);
    expect(fake.calls).toEqual(["policy/policy.read", "release/molam-pay.rollout"]);
    expect(fake.args[1]).toEqual(["1.2.4", canary]);
  });

  it("is planned by an admin, with the shops that the ledger knows", async () => {
    const shops = await aPostgres(
      ["id", "merchant_id", "version", "env"],
      [[`plg_${"a".repeat(27)}`, "lome-market", "1.2.0", "{}"]],
    );
    const reach = async () => ({ ok: true, value: { out_of_reach: 0, waves: [] } }) as never;
    const doubles = { release: { reach, plan: done, rollouts: async () => ({ "1.2.4": aState() }) } };
    const { status, body, fake } = await send(
      "ada",
      "PUT",
      `${RELEASE}/rollout`,
      { plan, ...why },
      doubles,
      shops,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ planned: true, shops: 1, out_of_reach: 0, truncated: false });
    expect(fake.calls).toContain("release/molam-pay.plan");
    expect(fake.args[fake.calls.indexOf("release/molam-pay.plan")]?.slice(0, 3)).toEqual([
      "1.2.4",
      plan,
      "pilots first",
    ]);
  });

  it("is not planned by a dry run, which says whom it would reach", async () => {
    const reach = async () => ({ ok: true, value: { out_of_reach: 3, waves: [] } }) as never;
    const doubles = { release: { reach, rollouts: async () => ({ "1.2.4": aState() }) } };
    const request = { plan, ...why, dry_run: true };
    const { status, body, fake } = await send("ada", "PUT", `${RELEASE}/rollout`, request, doubles);
    // Postgres is away: the counts are missing, the plan would be taken.
    expect([status, body.planned, body.shops, body.out_of_reach]).toEqual([200, false, null, 3]);
    expect(fake.calls).not.toContain("release/molam-pay.plan");
  });

  it("goes back to the policy's stages when its plan is cancelled", async () => {
    const doubles = {
      release: { plan: done, rollouts: async () => ({ "1.2.4": aState({ source: "policy" }) }) },
    };
    const { status, body, fake } = await send("ada", "DELETE", `${RELEASE}/rollout`, why, doubles);
    expect([status, body.source]).toEqual([200, "policy"]);
    expect(fake.args[0]?.slice(0, 3)).toEqual(["1.2.4", null, "pilots first"]);
  });

  it.each([
    [
      "PUT",
      "rollout",
      { plan: { waves: [{ percent: 50 }, { percent: 20 }] }, ...why },
      "plan.waves.1.percent",
    ],
    ["PUT", "rollout", { plan }, "reason"],
    ["DELETE", "rollout", { reason: "x" }, "reason"],
    ["POST", "holds", { environment: "", held: true, ...why }, "environment"],
    ["POST", "revert", { ...why, dry: true }, ""],
  ])("%s %s refuses a bad body, and asks no object: %j", async (method, part, body, field) => {
    const sent = await send("ada", method, `${RELEASE}/${part}`, body);
    expect(sent.status).toBe(400);
    expect(sent.fake.calls).toEqual([]);
    if (field) expect(sent.body).toMatchObject({ error: { code: "invalid", field } });
  });

  it("answers a hold with the class as it was read and how many shops are there, or that it cannot be said", async () => {
    const environment = "magento 2.4 / php 8.1";
    const hold = async () => ({ ok: true, value: { environment, lifted: null } }) as never;
    const release = { hold, rollouts: async () => ({ "1.2.4": aState() }) };
    const request = { environment: "Magento 2.4.7 / PHP 8.1", held: true, ...why };
    const env = '{"platform":"magento","platform_version":"2.4.7","runtime":"php","runtime_version":"8.1"}';
    const ledger = await aPostgres(
      ["env", "count"],
      [
        [env, "7"],
        ["{}", "3"],
      ],
    );
    const known = await send("otto", "POST", `${RELEASE}/holds`, request, { release }, ledger);
    expect(known.body).toMatchObject({ status: "active", hold: { environment }, shops: 7 });
    const away = await send("otto", "POST", `${RELEASE}/holds`, request, { release });
    expect([away.status, away.body.shops]).toEqual([200, null]);
  });

  it("is about a version or a remedy, and nothing else", async () => {
    for (const key of ["latest", "rmd_", "1.2"])
      expect((await send("vera", "GET", `/api/ops/releases/molam-pay/${key}/rollout`)).status).toBe(404);
    const { status } = await send(
      "vera",
      "GET",
      "/api/ops/releases/molam-pay/rmd_abcdefgh/rollout",
      undefined,
      {
        release: { rollout: done },
      },
    );
    expect(status).toBe(200);
  });
});

describe("who may steer a rollout", () => {
  it.each([
    ["PUT", `${RELEASE}/rollout`, { plan, ...why }, ["ada"]],
    ["DELETE", `${RELEASE}/rollout`, why, ["ada"]],
    ["POST", `${RELEASE}/holds`, { environment: "shopify", held: true, ...why }, ["ada", "anna", "otto"]],
    ["POST", `${RELEASE}/revert`, why, ["ada", "anna"]],
    ["PUT", "/api/ops/releases/molam-pay/floor", { version: "1.2.0", ...why }, ["ada"]],
    [
      "POST",
      "/api/ops/remedies",
      { product: "molam-pay", title: "Longer timeout", for: ["error_spike"], set: { a: 1 } },
      ["ada"],
    ],
    [
      "POST",
      "/api/ops/remedies/molam-pay/rmd_abcdefgh/status",
      { status: "paused", ...why },
      ["ada", "anna", "otto"],
    ],
    ["POST", `${RELEASE}/status`, { status: "halted", ...why }, ["ada", "anna", "otto"]],
  ])("%s %s", async (method, path, body, allowed) => {
    const release = {
      plan: done,
      hold: done,
      revert: done,
      setFloor: done,
      tryFloor: async () => ({ shut: [], left: [], notes: [] }),
      setStatus: done,
      publishRemedy: done,
      reach: done,
      rollouts: async () => ({ "1.2.4": aState() }),
    };
    const answers = ["vera", "otto", "anna", "ada", "nils"].map(async (person) => {
      const { status } = await send(person, method, path, body, { release });
      return status < 300 ? [person] : [];
    });
    expect((await Promise.all(answers)).flat().toSorted()).toEqual(allowed.toSorted());
  });
});

describe("taking back, floors and remedies", () => {
  const tryFloor = async () => ({ shut: ["1.2.3"], left: [], notes: ["no shop gets any patch"] });

  it("hands a taking-back to the object with the limit in flight now in force", async () => {
    const { fake } = await send("anna", "POST", `${RELEASE}/revert`, why, { release: { revert: done } });
    expect(fake.args[1]?.slice(0, 2)).toEqual(["1.2.4", { ...why, dry_run: false, canary }]);
  });

  it("reads and sets a product's floor", async () => {
    const floor = async () => ({ product: "", version: "1.2.0", standing: null });
    const read = await send("vera", "GET", "/api/ops/releases/molam-pay/floor", undefined, {
      release: { floor },
    });
    expect(read.body).toEqual({ product: "molam-pay", version: "1.2.0", standing: null });
    const { fake } = await send(
      "ada",
      "PUT",
      "/api/ops/releases/molam-pay/floor",
      { version: null, ...why },
      {
        release: { setFloor: done, tryFloor },
      },
    );
    expect(fake.args[0]?.[0]).toEqual({ version: null, ...why, product: "molam-pay" });
  });

  it("says in a dry run what a floor would shut out, and sets none", async () => {
    const release = { floor: async () => ({ product: "", version: "1.2.0", standing: null }), tryFloor };
    const request = { version: "12.0.0", ...why, dry_run: true };
    const path = "/api/ops/releases/molam-pay/floor";
    const { status, body, fake } = await send("ada", "PUT", path, request, { release });
    expect([status, body]).toEqual([
      200,
      { product: "molam-pay", version: "1.2.0", standing: null, dry_run: true, ...(await tryFloor()) },
    ]);
    expect(fake.calls.toSorted()).toEqual(["release/molam-pay.floor", "release/molam-pay.tryFloor"]);
  });

  it("publishes a remedy under an id of its own", async () => {
    const content = {
      product: "molam-pay",
      title: "Longer timeout",
      for: ["webhook_fail_rate"],
      set: { timeout_s: 30 },
    };
    const publishRemedy = async (remedy: unknown) => ({ ok: true, value: remedy }) as never;
    const { status, body } = await send("ada", "POST", "/api/ops/remedies", content, {
      release: { publishRemedy },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...content, status: "active", published_by: "ada", revision: 1 });
    expect(body.id).toMatch(/^rmd_[A-Za-z0-9_-]{16}$/);
  });

  const COLUMNS = [
    "id",
    "revision",
    "product",
    "title",
    "for",
    "set",
    "min_version",
    "max_version",
    "status",
    "standing",
  ];
  const aRow = [
    "rmd_abcdefgh",
    1,
    "molam-pay",
    "Longer timeout",
    '["error_spike"]',
    '{"a":1}',
    null,
    null,
    "active",
    null,
    "ada",
    "2026-11-22 10:00:00+00",
  ];

  it("lists remedies with where each stands, and without where its object does not answer", async () => {
    const ledger = await aPostgres([...COLUMNS, "published_by", "published_at"], [aRow]);
    const rollouts = async () => ({ rmd_abcdefgh: aState({ stage: 2 }) });
    const live = await send("vera", "GET", "/api/ops/remedies", undefined, { release: { rollouts } }, ledger);
    expect(live.body.items).toMatchObject([{ id: "rmd_abcdefgh", rollout: { stage: 2 } }]);
    const away = await send("vera", "GET", "/api/ops/remedies", undefined, {}, ledger);
    expect([away.status, away.body.items]).toMatchObject([200, [{ id: "rmd_abcdefgh", rollout: null }]]);
  });

  it.each([
    [{ set: {} }, "set"],
    [{ for: ["weather"] }, "for.0"],
    [{ title: "x" }, "title"],
    [{ min_version: "one" }, "min_version"],
  ])("refuses a remedy with %j", async (wrong, field) => {
    const content = { product: "molam-pay", title: "Longer timeout", for: ["error_spike"], set: { a: 1 } };
    const { status, body, fake } = await send("ada", "POST", "/api/ops/remedies", { ...content, ...wrong });
    expect([status, fake.calls]).toEqual([400, []]);
    expect(body).toMatchObject({ error: { field } });
  });
});
