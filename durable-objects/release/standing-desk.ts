/** What people decide about a release or a remedy: its status, plan, holds and taking-back. */
import type { Person, ReleaseRecord } from "../../src/contract/ops.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { ReleaseStatus, SeenStanding } from "../../src/contract/release.ts";
import type { Remedy } from "../../src/contract/remedy.ts";
import type { RevertReply, RevertRequest } from "../../src/contract/revert.ts";
import type { EnvironmentHold, HoldRequest } from "../../src/contract/rollout.ts";
import type { RolloutPlan } from "../../src/contract/rollout-plan.ts";
import { mayLetGo } from "../../src/core/policy/let-go.ts";
import { failuresOf, finishedOf } from "../../src/core/rollout/canary.ts";
import { readEnvironmentClass } from "../../src/core/rollout/environment-class.ts";
import { mayBeHalted, moveStatus } from "../../src/core/rollout/release-standing.ts";
import { revertNotes } from "../../src/core/rollout/rollout-notes.ts";
import { stillAsSeen } from "../../src/core/rollout/seen-standing.ts";
import type { ReleaseRoom } from "./release-room.ts";
import type { RevertCause, RevertDesk } from "./revert-desk.ts";
import { countsOf } from "./revert-store.ts";
import { withStanding } from "./rollout-desk.ts";
import { isoOrNull } from "./slot-store.ts";
import { completeCanary, type Subject } from "./subject-store.ts";

type Canary = Subject["canary"];
const SHOWN_ITEMS = 200;

export class StandingDesk {
  readonly #room: ReleaseRoom;
  readonly #reverts: RevertDesk;

  constructor(room: ReleaseRoom, reverts: RevertDesk) {
    this.#room = room;
    this.#reverts = reverts;
  }

  setStatus(
    key: string,
    status: ReleaseStatus,
    reason: string,
    by: Person,
    now: number,
    seen: SeenStanding = {},
  ): Result<ReleaseRecord | Remedy> {
    const subject = this.#room.subjects.load(key);
    if (!subject) return notPublished(key);
    const from = subject.record.status;
    if (from === status) return ok(subject.record);
    const move = moveStatus(from, status, by);
    if (!move.ok) return move;
    // What stops is right whatever was seen.
    const asSeen = move.value.resumes ? stillAsSeen(subject.record, seen) : ok(null);
    if (!asSeen.ok) return asSeen;
    const standing = { by: by.id, at: new Date(now).toISOString(), reason };
    return this.#room.transact(() => {
      const acknowledged = move.value.resumes ? this.#resume(key, standing, now) : {};
      const data = { reason, from, ...acknowledged };
      const action = `release.${status}`;
      return ok(
        this.#room.commit(withStanding(subject, status, standing), { actor: by.id, action, data }, now),
      );
    });
  }

  /** What has failed so far is acknowledged; a taking-back stops where it is. */
  #resume(key: string, standing: { by: string; at: string; reason: string }, now: number) {
    const { slots, holds } = this.#room;
    const tally = slots.progress(key).open;
    const counts = { finished: finishedOf(tally), failures: failuresOf(tally) };
    slots.acknowledge(key);
    holds.acknowledge(key, { ...standing, ...counts });
    this.#reverts.stop(key, now);
    return { acknowledged: counts };
  }

  /** The rollout begins again at the first wave of the plan, or, without one, at the policy's first stage. */
  plan(
    key: string,
    plan: RolloutPlan | null,
    reason: string,
    by: Person,
    now: number,
  ): Result<ReleaseRecord | Remedy> {
    const subject = this.#room.subjects.load(key);
    if (!subject) return notPublished(key);
    if (plan === null && subject.plan === null)
      return refuse({ reason: "not_found", message: `${key} has no plan; it follows the policy's stages` });
    const at = new Date(now).toISOString();
    const changed: Subject = {
      ...subject,
      plan: plan === null ? null : { plan, by: by.id, at, reason },
      rollout: { stage: 0, since: now, baseline: this.#room.slots.progress(key).all.success },
    };
    const action = plan === null ? "rollout.cancelled" : "rollout.planned";
    const data = { reason, ...(plan === null ? {} : { plan }) };
    return ok(this.#room.commit(changed, { actor: by.id, action, data }, now));
  }

  hold(key: string, request: HoldRequest, by: Person, now: number): Result<EnvironmentHold> {
    const { subjects, holds, slots } = this.#room;
    const subject = subjects.load(key);
    if (!subject) return notPublished(key);
    if (!request.held && !mayLetGo(by))
      return refuse({ reason: "forbidden", message: "only an approver or an admin may lift a hold" });
    const environment = request.held
      ? readEnvironmentClass(request.environment)
      : this.#heldAs(key, request.environment);
    if (environment === null) return NO_CLASS;
    const at = new Date(now).toISOString();
    const known = holds.all(key).find((hold) => hold.environment === environment && hold.lifted === null);
    if (!request.held && !known) {
      const held = [...holds.inForce(key)].join(", ") || "none";
      return refuse({ reason: "not_found", message: `${environment} is not held; held are: ${held}` });
    }
    if (request.held && known) return ok(known);
    const standing = { by: by.id, at, reason: request.reason };
    const count = slots.classCounts(key).find((one) => one.environment === environment);
    const { finished = 0, failures = 0 } = count ?? {};
    const hold: EnvironmentHold = known
      ? { ...known, lifted: standing }
      : { environment, source: "person", ...standing, finished, failures, lifted: null };
    return this.#room.transact(() => {
      this.#room.saveHold(key, hold);
      // What it had explained is not held against the release now that it explains nothing any more.
      if (!request.held) slots.acknowledgeClass(key, environment);
      const action = request.held ? "release.held" : "release.hold_lifted";
      const data = { environment, reason: request.reason };
      this.#room.commit(subject, { actor: by.id, action, data }, now);
      return ok(hold);
    });
  }

  /** The hold that a person means who lifts it. One set under another spelling than classes have is found by its own. */
  #heldAs(key: string, text: string): string {
    const inForce = this.#room.holds.inForce(key);
    const names = [text, text.toLowerCase(), readEnvironmentClass(text) ?? text];
    return names.find((name) => inForce.has(name)) ?? text.toLowerCase();
  }

  revert(
    key: string,
    request: RevertRequest & { canary: Canary },
    by: Person,
    now: number,
  ): Result<RevertReply> {
    const loaded = this.#room.subjects.load(key);
    if (!loaded) return notPublished(key);
    if (loaded.kind === "release" && !loaded.record.reversible)
      return refuse({
        reason: "conflict",
        message: `${key} is not reversible: going back would be worse; halt it and publish a release that mends it`,
      });
    const subject = { ...loaded, canary: completeCanary(request.canary) };
    const why: RevertCause = { cause: "person", by: by.id, reason: request.reason };
    const halts = mayBeHalted(subject.record.status);
    const running = this.#reverts.view(key, { items: true });
    if (running?.state === "running")
      return refuse({
        reason: "conflict",
        message: `${key} is being taken back already, since ${running.started_at}`,
      });
    const { head, slots } = this.#reverts.preview(subject, why, now);
    if (!request.dry_run) this.#beginRevert(subject, why, halts, now);
    const planned = slots.slice(0, SHOWN_ITEMS).map((slot) => ({
      attempt_id: slot.attemptId,
      plugin_id: slot.pluginId,
      applied_at: isoOrNull(slot.finishedAt),
      status: "waiting" as const,
      text: "",
      at: null,
    }));
    const counts = countsOf(new Map([["waiting", slots.length]]));
    const run = request.dry_run
      ? { ...head, counts, items: planned }
      : this.#reverts.view(key, { items: true });
    return ok({
      dry_run: request.dry_run,
      halts,
      shops: slots.length,
      run: run ?? { ...head, counts, items: planned },
      notes: revertNotes(subject.kind === "remedy"),
    });
  }

  /** Halted in the same step: nobody takes meanwhile what is being taken back. */
  #beginRevert(subject: Subject, why: RevertCause, halts: boolean, now: number): void {
    const standing = { by: why.by, at: new Date(now).toISOString(), reason: why.reason };
    const halted = halts ? withStanding(subject, "halted", standing) : subject;
    this.#room.transact(() => {
      const data = { reason: why.reason, from: subject.record.status };
      this.#room.commit(halted, { actor: why.by, action: "release.revert", data }, now);
      this.#reverts.begin(halted, why, now);
    });
  }
}

const NO_CLASS = refuse({
  reason: "invalid",
  field: "environment",
  message:
    'write it as the shops are listed: platform and runtime, each with major and minor version, such as "woocommerce 9.1 / php 8.2"',
});

function notPublished(key: string): Result<never> {
  const what = key.startsWith("rmd_") ? "remedy" : "release";
  return refuse({ reason: "not_found", message: `no ${what} ${key}` });
}
