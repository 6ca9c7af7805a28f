import { describe, expect, it } from "vitest";
import { FleetStanding, Guard, KillPreview } from "../../src/contract/guard.ts";
import { defaultPolicyDocument } from "../../src/contract/policy.ts";
import { createApp } from "../../src/http/app.ts";
import { aFakeEnv, asPerson, type Doubles, ORIGIN } from "./fake-env.ts";

const app = createApp();
const BASE = "/api/ops/emergency";
const REASON = { reason: "checkout is down" };
const DIGEST = "ab".repeat(32);

/** Postgres is down throughout. */
async function send(subject: string, method: string, path: string, body?: unknown, doubles: Doubles = {}) {
  const fake = aFakeEnv(doubles);
  const init = {
    method,
    headers: await asPerson(subject),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await app.request(`${ORIGIN}${path}`, init, fake.env);
  return { status: response.status, body: await response.json(), fake };
}
const done = async () => ({ ok: true, value: { id: "emg_1" } }) as never;
const fleet = {
  cancelPending: done,
  rollbackSince: done,
  confirmEmergency: done,
  abortEmergency: done,
  restoreAutonomy: done,
};

describe("who may use an emergency action", () => {
  it.each([
    ["cancel-pending", REASON, ["otto", "anna", "ada"]],
    ["rollback-since", { ...REASON, minutes: 30 }, ["anna", "ada"]],
    ["emg_1/confirm", { digest: DIGEST, targets: 3 }, ["anna", "ada"]],
    ["emg_1/abort", REASON, ["otto", "anna", "ada"]],
  ])("%s", async (path, body, allowed) => {
    for (const person of ["vera", "otto", "anna", "ada", "nils"]) {
      const { status, fake } = await send(person, "POST", `${BASE}/${path}`, body, { fleet });
      expect([person, status < 300]).toEqual([person, allowed.includes(person)]);
      expect(fake.calls).toHaveLength(allowed.includes(person) ? 1 : 0);
    }
  });

  it("autonomy is restored by whoever may answer for it, not by whoever operates", async () => {
    for (const person of ["vera", "otto", "nils"])
      expect((await send(person, "POST", "/api/ops/autonomy/restore", REASON, { fleet })).status).toBe(403);
  });
});

describe("what is sent to the fleet's object", () => {
  it("has the defaults of a roll-back filled in, and the person", async () => {
    const valid = { ...REASON, minutes: 30, product: "demo-pay", version: "1.2.3" };
    const { status, fake } = await send("anna", "POST", `${BASE}/rollback-since`, valid, { fleet });
    expect(status).toBe(201);
    expect(fake.args[0]?.[0]).toEqual({
      ...valid,
      wave_size: 25,
      wave_growth: 2,
      pause_s: 60,
      stop_failed_percent: 20,
    });
    expect(fake.args[0]?.[1]).toMatchObject({ id: "anna" });
  });

  it("is a cancellation that runs at once, unless it says otherwise", async () => {
    const { fake } = await send("otto", "POST", `${BASE}/cancel-pending`, REASON, { fleet });
    expect(fake.args[0]?.[0]).toEqual({ ...REASON, dry_run: false });
  });

  it.each<[string, object, string]>([
    ["rollback-since", REASON, "minutes"],
    ["rollback-since", { ...REASON, minutes: 10_081 }, "minutes"],
    ["rollback-since", { ...REASON, minutes: 30, version: "1.2.3" }, "product"],
    ["rollback-since", { ...REASON, minutes: 30, wave_size: 0 }, "wave_size"],
    ["rollback-since", { minutes: 30 }, "reason"],
    ["cancel-pending", { ...REASON, product: "Demo Pay" }, "product"],
    ["cancel-pending", { reason: "x" }, "reason"],
    ["emg_1/confirm", { digest: "abc", targets: 3 }, "digest"],
    ["emg_1/confirm", { digest: DIGEST }, "targets"],
    ["emg_1/abort", {}, "reason"],
  ])("is refused with the field when it is wrong: %s %j", async (path, body, field) => {
    const { status, body: answer, fake } = await send("ada", "POST", `${BASE}/${path}`, body, { fleet });
    expect(status).toBe(400);
    expect(answer).toMatchObject({ error: { code: "invalid", field } });
    expect(fake.calls).toEqual([]);
  });

  it("is nothing for an id that was never given", async () => {
    for (const [method, path, body] of [
      ["GET", "storm", undefined],
      ["POST", "3/confirm", { digest: DIGEST, targets: 3 }],
      ["POST", "emg_x/abort", REASON],
    ] as const) {
      const { status, fake } = await send("ada", method, `${BASE}/${path}`, body, { fleet });
      expect(status).toBe(404);
      expect(fake.calls).toEqual([]);
    }
  });
});

describe("reading, also while Postgres is down", () => {
  it("lists emergency actions and shows one, by state and from a place on", async () => {
    const emergencies = async () => [];
    const emergency = async () => ({ ok: true, value: { id: "emg_1" } }) as never;
    const list = await send("vera", "GET", BASE, undefined, { fleet: { emergencies } });
    expect(list).toMatchObject({ status: 200, body: { items: [] } });
    const one = await send("vera", "GET", `${BASE}/emg_1?state=failed&after=200`, undefined, {
      fleet: { emergency },
    });
    expect(one.fake.args[0]).toEqual(["emg_1", { state: "failed", after: 200 }]);
    const wrong = await send("vera", "GET", `${BASE}/emg_1?state=lost`, undefined, { fleet: { emergency } });
    expect(wrong.status).toBe(400);
  });

  it("the dry run of the kill switch says what it would stop, and asks for nothing to be changed", async () => {
    const counts = { waiting: 3, handed_over: 1, watched: 1 };
    const preview = async (engaged: boolean) => {
      const document = { ...defaultPolicyDocument(), kill_switch: engaged };
      return send("vera", "GET", "/api/ops/policy/kill", undefined, {
        fleet: { standing: async () => ({ attempts: counts }) as never, underWay: async () => [] },
        policy: { read: async () => ({ revision: 4, document }) as never },
      });
    };
    const { status, body, fake } = await preview(false);
    expect(status).toBe(200);
    const calm = KillPreview.parse(body);
    expect(calm).toMatchObject({ engaged: false, counts, attempts: [] });
    expect(calm.text).toMatch(/3 attempt\(s\).*are cancelled.*2 go on in their shops/);
    expect(fake.calls.toSorted()).toEqual([
      "fleet/fleet.standing",
      "fleet/fleet.underWay",
      "policy/policy.read",
    ]);
    expect((await preview(true)).body).toMatchObject({
      text: expect.stringContaining("It is engaged. Released"),
    });
  });

  it("the guard is the fleet's standing and the policy in force together", async () => {
    const standing = FleetStanding.parse({
      storm: false,
      storm_explanation: "calm",
      autonomy: {
        state: "normal",
        explanation: "fine",
        finished: 0,
        success: 0,
        rolled_back: 0,
        min_finished: 50,
        max_rollback_share: 0.02,
        min_success_share: 0.95,
        downgraded_at: null,
        restored: null,
      },
      actions_last_hour: 3,
      attempts: { waiting: 1, handed_over: 0, watched: 2 },
      emergency: null,
    });
    const doubles: Doubles = {
      fleet: { standing: async () => standing },
      policy: { read: async () => ({ revision: 4, document: defaultPolicyDocument() }) as never },
    };
    const { status, body } = await send("vera", "GET", "/api/ops/guard", undefined, doubles);
    expect(status).toBe(200);
    expect(Guard.parse(body)).toEqual({
      ...standing,
      kill_switch: false,
      mode: "approve-only",
      policy_revision: 4,
      actions_per_hour: 200,
    });
  });
});
