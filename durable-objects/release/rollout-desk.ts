/** Who gets a release or a remedy now, what came of it, and what follows from that: holds, a halt, a taking-back. */
import type { Outcome } from "../../src/contract/decision.ts";
import type { Admission, AdmissionRequest } from "../../src/contract/rpc/release.ts";
import { admission, advance, breachedRule, type Rollout } from "../../src/core/rollout/canary.ts";
import { environmentClass } from "../../src/core/rollout/environment-class.ts";
import { learnHold } from "../../src/core/rollout/holds.ts";
import { mayBeHalted } from "../../src/core/rollout/release-standing.ts";
import { courseOf } from "../../src/core/rollout/rollout-course.ts";
import { placeOf } from "../../src/core/rollout/wave-reach.ts";
import { compareSemver } from "../../src/core/semver.ts";
import { feedMessage } from "../outbox/receivers.ts";
import { haltNotice } from "./halt-notice.ts";
import type { ReleaseRoom } from "./release-room.ts";
import type { RevertDesk } from "./revert-desk.ts";
import { completeCanary, type Subject } from "./subject-store.ts";

const UNKNOWN: Admission = {
  admitted: false,
  status: "unknown",
  stage: "none",
  observed: "not published",
  bound: "published",
};

export class RolloutDesk {
  readonly #room: ReleaseRoom;
  readonly #reverts: RevertDesk;
  readonly #floor: () => string | null;

  constructor(room: ReleaseRoom, reverts: RevertDesk, floor: () => string | null) {
    this.#room = room;
    this.#reverts = reverts;
    this.#floor = floor;
  }

  check(request: AdmissionRequest, now: number): Admission {
    const subject = this.#room.subjects.load(request.version);
    if (!subject) return UNKNOWN;
    const { verdict, rollout } = this.#judge(subject, request, now);
    // A stage opens when it is first asked for, by whomever: its patience must run also while only those wait whom it does not reach.
    if (rollout.stage !== subject.rollout.stage) this.#room.subjects.save({ ...subject, rollout });
    return verdict;
  }

  admit(request: AdmissionRequest, now: number): Admission {
    const { subjects, slots } = this.#room;
    const subject = subjects.load(request.version);
    if (!subject) return UNKNOWN;
    const { verdict, rollout } = this.#judge(subject, request, now);
    if (request.action === "rollback") {
      if (verdict.admitted) this.#room.lease.given(now);
      return verdict;
    }
    const canary = completeCanary(request.canary);
    this.#room.transact(() => {
      const moved = rollout.stage !== subject.rollout.stage;
      const tuned = JSON.stringify(canary) !== JSON.stringify(subject.canary);
      if (moved || tuned) subjects.save({ ...subject, rollout, canary });
      if (!verdict.admitted) return;
      this.#room.lease.given(now);
      slots.take({
        key: subject.key,
        attemptId: request.attempt_id,
        pluginId: request.plugin_id,
        stage: rollout.stage,
        environment: request.env === undefined ? null : environmentClass(request.env),
        now,
      });
    });
    return verdict;
  }

  finish(key: string, attemptId: string, outcome: Outcome | "cancelled", now: number): void {
    this.#room.transact(() => {
      const slot = this.#room.slots.finish(key, attemptId, outcome, now);
      if (slot === null) return;
      this.#room.send([feedMessage("releases")], now);
      this.#reverts.attemptEnded(key, slot, outcome, now);
      this.#review(key, attemptId, now);
    });
  }

  /** It waits for people: nobody else is to wait for its slot meanwhile. `at`: when its command did not leave, ms since epoch. */
  callBack(key: string, attemptId: string, at: number, now: number): void {
    this.#room.transact(() => {
      if (this.#room.slots.giveUp(key, attemptId, at)) this.#room.send([feedMessage("releases")], now);
    });
  }

  relapse(key: string, attemptId: string, now: number): void {
    this.#room.transact(() => {
      if (!this.#room.slots.relapse(key, attemptId, now)) return;
      this.#room.send([feedMessage("releases")], now);
      this.#review(key, attemptId, now);
    });
  }

  blame(key: string, reason: string, incident: string, now: number): void {
    const subject = this.#room.subjects.load(key);
    if (!subject || !mayBeHalted(subject.record.status)) return;
    this.#halt(subject, reason, { reason, incident, from: subject.record.status }, now);
  }

  /** After a failure: first whatever its environment explains, then the abort rules over the rest. */
  #review(key: string, attemptId: string, now: number): void {
    const { subjects, slots } = this.#room;
    const found = subjects.load(key);
    if (!found || !mayBeHalted(found.record.status)) return;
    const subject = this.#learnHolds(found, now);
    const tally = slots.progress(key).open;
    const course = courseOf(subject.canary, subject.plan?.plan ?? null);
    const stage = course.stages[Math.min(subject.rollout.stage, course.stages.length - 1)];
    const rule = breachedRule(tally, stage?.abort ?? subject.canary.abort);
    if (!rule) return;
    const failed = rule.failure === "any" ? "failed in whatever way" : rule.failure.replace("_", " ");
    const reason = `abort rule: at least ${rule.percent} % of ${rule.min_finished} or more ${failed}`;
    this.#halt(subject, reason, { rule, tally, attempt_id: attemptId }, now);
  }

  #learnHolds(subject: Subject, now: number): Subject {
    const { slots, holds, subjects } = this.#room;
    for (let current = subject; ; ) {
      const learned = learnHold(slots.classCounts(current.key), holds.inForce(current.key));
      if (learned === null) return current;
      const { environment, finished, failures, reason } = learned;
      const at = new Date(now).toISOString();
      this.#room.saveHold(current.key, {
        environment,
        source: "learned",
        by: "vigie",
        reason,
        at,
        finished,
        failures,
        lifted: null,
      });
      this.#room.commit(current, { actor: "vigie", action: "release.held", data: { ...learned } }, now);
      current = subjects.load(current.key) ?? current;
    }
  }

  #halt(subject: Subject, reason: string, data: Record<string, unknown>, now: number): void {
    const standing = { by: "vigie", at: new Date(now).toISOString(), reason };
    const halted = withStanding(subject, "halted", standing);
    this.#room.transact(() => {
      this.#room.commit(halted, { actor: "vigie", action: "release.halted", data }, now);
      // What cannot go back is left to people.
      const mayGoBack = subject.kind === "remedy" || subject.record.reversible;
      const goesBack = subject.canary.on_breach === "revert" && mayGoBack;
      if (goesBack) this.#reverts.begin(halted, { cause: "canary", by: "vigie", reason }, now);
      const goingBack = goesBack ? this.#room.slots.applied(subject.key).length : 0;
      // Told once what was admitted before has left, or does not leave any more.
      const told = Math.max(now, this.#room.lease.until);
      this.#room.send(haltNotice(halted, reason, { blamed: "incident" in data, goingBack }, now), now, told);
    });
  }

  #judge(subject: Subject, request: AdmissionRequest, now: number): { verdict: Admission; rollout: Rollout } {
    const { key, record } = subject;
    const progress = this.#room.slots.progress(key);
    const course = courseOf(completeCanary(request.canary), subject.plan?.plan ?? null);
    const rollout = advance(subject.rollout, progress, course, now);
    const floor = this.#floor();
    const below = subject.kind === "release" && floor !== null && compareSemver(key, floor) < 0;
    const verdict = admission({
      status: record.status,
      expired: subject.kind === "release" && Date.parse(subject.record.expires) <= now,
      held: this.#room.heldFor(key, request.env),
      belowFloor: below ? floor : null,
      rollout,
      progress,
      course,
      place: placeOf(request.plugin_id, key),
      merchantId: request.merchant_id ?? null,
      slot: this.#room.slots.slotOf(key, request.attempt_id),
      wayBack: request.action === "rollback",
      now,
    });
    return { verdict, rollout };
  }
}

/** The subject in another standing; the ledger sees it once it is committed. */
export function withStanding(
  subject: Subject,
  status: Subject["record"]["status"],
  standing: NonNullable<Subject["record"]["standing"]>,
): Subject {
  return subject.kind === "release"
    ? { ...subject, record: { ...subject.record, status, standing } }
    : { ...subject, record: { ...subject.record, status, standing } };
}
