/** The mode approve-only: nothing reaches a shop before the right people have seen exactly this evidence and said yes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import type { PersonId } from "../../local/people.ts";
import type { Attempt } from "../../src/contract/attempt.ts";
import { ErrorBody } from "../../src/contract/error.ts";
import { ActionReply, IncidentDetail } from "../../src/contract/ops.ts";
import { PATIENT_INTERVALS } from "./scripted-incident.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  const approvals = { by_severity: { medium: 0, high: 1, critical: 2 } };
  world = await startWorld({ policy: { mode: "approve-only", approvals, intervals: PATIENT_INTERVALS } });
});
afterAll(() => world?.stop());

interface Answer {
  as: PersonId;
  decision?: "approve" | "reject";
  evidence_hash?: string;
  attempt_id?: string;
}

function answer(attempt: Attempt, { as, ...change }: Answer): Promise<Response> {
  const json = {
    attempt_id: attempt.id,
    decision: "approve",
    evidence_hash: attempt.evidence_hash,
    reason: "journey: I looked at it",
    ...change,
  };
  return world.api(`/api/ops/plugin-incidents/${attempt.incident_id}/approve`, { json, as });
}

async function refusal(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { code, message } = ErrorBody.parse(await response.json()).error;
  return { status: response.status, code, message };
}

async function attemptIn(response: Response): Promise<Attempt | null> {
  expect(response.status).toBe(200);
  return ActionReply.parse(await response.json()).attempt;
}

/** A shop whose webhooks fail, and the patch that waits for people. `failed` of 20: 12 is medium, 20 critical. */
async function aPatchThatWaits(failed = 12) {
  const shop = await world.scriptedShop();
  await shop.beat(20, failed);
  return { shop, attempt: await world.attemptReaches(shop.id, "awaiting_approval") };
}

const detailOf = (attempt: Attempt) =>
  call(world.api, IncidentDetail, `/api/ops/plugin-incidents/${attempt.incident_id}`);

describe("one approval", () => {
  it("is waited for, and then the patch is staged, handed over and carried out", async () => {
    const { shop, attempt } = await aPatchThatWaits();
    expect(attempt).toMatchObject({
      action: "patch",
      target_version: "1.2.3",
      requested_by: "vigie",
      approvals_needed: 1,
      staging: null,
      command_id: null,
    });
    expect(attempt.gate.filter(({ outcome }) => outcome !== "allow").map(({ rule }) => rule)).toEqual([
      "mode",
      "approvals",
    ]);
    expect((await shop.beat()).commands).toEqual([]);
    await world.delivered(shop.id);
    expect(
      await world.rows(
        "SELECT kind, urgency FROM notifications WHERE plugin_id = $1 AND kind = 'approval_needed'",
        [shop.id],
      ),
    ).toEqual([{ kind: "approval_needed", urgency: "page" }]);

    await attemptIn(await answer(attempt, { as: "dev:grace" }));
    const staged = await world.attemptReaches(shop.id, "applying");
    expect(staged.staging?.every(({ ok }) => ok)).toBe(true);
    const command = await shop.takeCommand();
    expect(command).toMatchObject({ type: "update", payload: { attempt_id: attempt.id } });
    await shop.carryOut(command);
    await world.attemptReaches(shop.id, "verifying");

    await world.delivered(shop.id);
    const { attempts, timeline } = await detailOf(attempt);
    expect(attempts).toHaveLength(1);
    expect(attempts[0]?.handover_gate?.find(({ rule }) => rule === "approvals")).toMatchObject({
      outcome: "allow",
      observed: "1 approved",
      bound: "1 needed",
    });
    expect(timeline.map(({ kind }) => kind)).toEqual([
      "detected",
      "decided",
      "approval_needed",
      "approved",
      "gate_passed",
      "staged",
      "handed_over",
      "applied",
    ]);
    expect(
      await world.rows("SELECT person, decision FROM approvals WHERE attempt_id = $1", [attempt.id]),
    ).toEqual([{ person: "dev:grace", decision: "approve" }]);
  });

  it("counts only for the evidence that is on the table, and only from an approver", async () => {
    const { shop, attempt } = await aPatchThatWaits();
    const seenElsewhere = await answer(attempt, { as: "dev:grace", evidence_hash: "0".repeat(64) });
    expect(await refusal(seenElsewhere)).toMatchObject({ status: 409, code: "conflict" });
    expect(await refusal(await answer(attempt, { as: "dev:linus" }))).toMatchObject({ status: 403 });
    const another = await answer(attempt, { as: "dev:grace", attempt_id: attempt.id.replace(/_1$/, "_2") });
    expect(await refusal(another)).toMatchObject({ status: 409, code: "conflict" });
    expect(await world.attemptOf(shop.id)).toEqual(attempt);
  });

  it("is void when the evidence changes, and the new severity asks for more people", async () => {
    const { shop, attempt } = await aPatchThatWaits();
    await shop.beat(200, 200);
    const worse = await world.until("a graver question", async () => {
      const now = await world.attemptOf(shop.id);
      return now?.approvals_needed === 2 && now;
    });
    expect(worse.id).toBe(attempt.id);
    expect(worse.evidence_hash).not.toBe(attempt.evidence_hash);
    const old = await refusal(await answer(attempt, { as: "dev:grace" }));
    expect(old).toEqual({
      status: 409,
      code: "conflict",
      message: "the evidence has changed since you saw it; look again",
    });
    expect((await world.attemptOf(shop.id))?.approvals).toEqual([]);
  });
});

describe("two approvals, for what is critical", () => {
  it("are of two different people", async () => {
    const { shop, attempt } = await aPatchThatWaits(20);
    expect(attempt.approvals_needed).toBe(2);
    await attemptIn(await answer(attempt, { as: "dev:grace" }));
    const again = await refusal(await answer(attempt, { as: "dev:grace" }));
    expect(again).toEqual({ status: 409, code: "conflict", message: "you have already answered" });
    expect((await shop.beat()).commands).toEqual([]);
    expect(await world.attemptOf(shop.id)).toMatchObject({
      status: "awaiting_approval",
      approvals: [{ person: "dev:grace" }],
    });
    await attemptIn(await answer(attempt, { as: "dev:ada" }));
    const goesOn = await world.attemptReaches(shop.id, "applying");
    expect(goesOn.approvals.map(({ person }) => person)).toEqual(["dev:grace", "dev:ada"]);
  });

  it("given at the same moment both count", async () => {
    const { shop, attempt } = await aPatchThatWaits(20);
    const people: PersonId[] = ["dev:grace", "dev:ada"];
    await Promise.all(people.map(async (as) => attemptIn(await answer(attempt, { as }))));
    await world.attemptReaches(shop.id, "applying");
  });
});

describe("a change that a person asks for", () => {
  it("takes the place of the one that waited, and cannot be approved by whoever asked", async () => {
    const { shop, attempt: replaced } = await aPatchThatWaits();
    const path = `/api/ops/plugin-incidents/${replaced.incident_id}/manual-action`;
    const json = { action: "patch", version: "1.2.3", reason: "journey: at my request" };
    const asked = await attemptIn(await world.api(path, { json, as: "dev:ada" }));
    if (!asked) throw new Error("no attempt was begun");
    expect(asked).toMatchObject({ requested_by: "dev:ada", target_version: "1.2.3" });
    const attempt = await world.attemptReaches(shop.id, "awaiting_approval");
    expect(attempt.id).toBe(asked.id);

    expect(await refusal(await answer(replaced, { as: "dev:grace" }))).toMatchObject({ status: 409 });
    expect(await refusal(await answer(attempt, { as: "dev:ada" }))).toEqual({
      status: 403,
      code: "forbidden",
      message: "whoever asked for a change cannot approve it",
    });
    await attemptIn(await answer(attempt, { as: "dev:grace" }));
    await world.attemptReaches(shop.id, "applying");
    await world.delivered(shop.id);
    const { attempts } = await detailOf(attempt);
    expect(attempts.map(({ status }) => status)).toEqual(["cancelled", "applying"]);
  });
});

describe("a rejection", () => {
  it("ends the attempt and gives the incident to a person; it cannot be approved afterwards", async () => {
    const { shop, attempt } = await aPatchThatWaits();
    await attemptIn(await answer(attempt, { as: "dev:grace", decision: "reject" }));
    expect((await shop.beat()).commands).toEqual([]);
    await world.delivered(shop.id);
    const { incident, attempts } = await detailOf(attempt);
    expect(incident.status).toBe("escalated");
    expect(attempts).toMatchObject([
      { id: attempt.id, status: "rejected", approvals: [{ person: "dev:grace", decision: "reject" }] },
    ]);
    expect(await refusal(await answer(attempt, { as: "dev:ada" }))).toMatchObject({
      status: 409,
      code: "conflict",
    });
  });
});
