/** What a product has published, what of it a shop may be offered, and how far each is. */
import type { Environment } from "../../src/contract/heartbeat.ts";
import type { ReleaseRecord } from "../../src/contract/ops.ts";
import { defaultPolicyDocument } from "../../src/contract/policy.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { Remedy } from "../../src/contract/remedy.ts";
import type { RevertRun } from "../../src/contract/revert.ts";
import type { PlanReply, RolloutDetail, RolloutState } from "../../src/contract/rollout.ts";
import type { PlanShop, RolloutPlan } from "../../src/contract/rollout-plan.ts";
import type { Offers } from "../../src/contract/rpc/release.ts";
import { environmentClass } from "../../src/core/rollout/environment-class.ts";
import { type Bars, barNotes, isBarred, planNotes } from "../../src/core/rollout/rollout-notes.ts";
import { rolloutState } from "../../src/core/rollout/rollout-view.ts";
import { type ReachBounds, reachOf } from "../../src/core/rollout/wave-reach.ts";
import { compareSemver } from "../../src/core/semver.ts";
import type { ReleaseRoom } from "./release-room.ts";
import { completeCanary, type Subject } from "./subject-store.ts";

/** More of them nobody oversees; blocked ones do not count. */
const MAX_REMEDIES = 100;

export class CatalogueDesk {
  readonly #room: ReleaseRoom;
  readonly #floor: () => string | null;

  constructor(room: ReleaseRoom, floor: () => string | null) {
    this.#room = room;
    this.#floor = floor;
  }

  /** Newest version first. */
  releases(): ReleaseRecord[] {
    return this.#room.subjects
      .all("release")
      .flatMap((subject) => (subject.kind === "release" ? [subject.record] : []))
      .sort((a, b) => compareSemver(b.version, a.version));
  }

  /** Newest first. */
  remedies(): Remedy[] {
    return this.#room.subjects
      .all("remedy")
      .flatMap((subject) => (subject.kind === "remedy" ? [subject.record] : []))
      .sort((a, b) => b.published_at.localeCompare(a.published_at) || a.id.localeCompare(b.id));
  }

  offers(env: Environment, now: number): Offers {
    const floor = this.#floor();
    const fits = (key: string, status: string) =>
      status === "active" && this.#room.heldFor(key, env) === null;
    return {
      releases: this.releases().filter(
        ({ version, status, expires }) =>
          fits(version, status) &&
          Date.parse(expires) > now &&
          (floor === null || compareSemver(version, floor) >= 0),
      ),
      remedies: this.remedies().filter(({ id, status }) => fits(id, status)),
    };
  }

  publish(release: ReleaseRecord, now: number): Result<ReleaseRecord> {
    const existing = this.#room.subjects.load(release.version);
    if (existing?.kind === "release") {
      if (existing.record.sha256 === release.sha256) return ok(existing.record);
      return refuse({
        reason: "conflict",
        message: `${release.product} ${release.version} was published with sha256 ${existing.record.sha256}`,
      });
    }
    const data = { sha256: release.sha256, size: release.size, notes: release.notes };
    const subject = { ...fresh(now), kind: "release" as const, key: release.version, record: release };
    const audit = { actor: release.published_by, action: "release.published", data };
    return ok(this.#room.commit(subject, audit, now));
  }

  /** The same settings are published once: a second remedy for them would have a canary of its own. */
  publishRemedy(remedy: Remedy, now: number): Result<Remedy> {
    const { min_version: from, max_version: to } = remedy;
    if (from !== undefined && to !== undefined && compareSemver(from, to) > 0)
      return refuse({ reason: "invalid", field: "max_version", message: "must not be below min_version" });
    const others = this.remedies().filter(({ status }) => status !== "blocked");
    const twin = others.find((other) => settingsOf(other) === settingsOf(remedy));
    if (twin)
      return refuse({
        reason: "conflict",
        message: `${twin.id} ("${twin.title}") sets the same for the same versions; block it first, or use it`,
      });
    if (others.length >= MAX_REMEDIES)
      return refuse({
        reason: "conflict",
        message: `${remedy.product} has ${MAX_REMEDIES} remedies: block one that is no longer used`,
      });
    const { title, for: types, set, min_version = null, max_version = null } = remedy;
    const data = { title, for: types, set, min_version, max_version };
    const subject = { ...fresh(now), kind: "remedy" as const, key: remedy.id, record: remedy };
    const audit = { actor: remedy.published_by, action: "remedy.published", data };
    return ok(this.#room.commit(subject, audit, now));
  }

  rollouts(canary: Subject["canary"], key: string | undefined, now: number): Record<string, RolloutState> {
    const { subjects } = this.#room;
    const one = key === undefined ? null : subjects.load(key);
    const all =
      key === undefined ? [...subjects.all("release"), ...subjects.all("remedy")] : one ? [one] : [];
    return Object.fromEntries(all.map((subject) => [subject.key, this.#state(subject, canary, now)]));
  }

  rollout(key: string, canary: Subject["canary"], now: number): Result<RolloutDetail> {
    const { subjects, reverts, slots } = this.#room;
    const subject = subjects.load(key);
    if (!subject) return refuse({ reason: "not_found", message: `nothing is published as ${key}` });
    return ok({
      product: subject.record.product,
      version: key,
      rollout: this.#state(subject, canary, now),
      revert: reverts.run(key, { items: true }),
      slots: slots.newest(key),
    });
  }

  /** Whom each wave of a plan would reach among these shops. Changes nothing. */
  reach(
    key: string,
    plan: RolloutPlan,
    shops: readonly PlanShop[],
    canary: Subject["canary"],
    now: number,
  ): Result<Pick<PlanReply, "notes" | "out_of_reach" | "waves">> {
    const subject = this.#room.subjects.load(key);
    if (!subject) return refuse({ reason: "not_found", message: `nothing is published as ${key}` });
    const bars = barsOf(subject, this.#floor());
    const { waves, outOfReach } = reachOf(
      plan,
      key,
      completeCanary(canary),
      shops.map(({ merchant_id, env, ...shop }) => ({
        ...shop,
        merchantId: merchant_id,
        environment: environmentClass(env),
      })),
      { ...boundsOf(subject), barred: isBarred(bars, now), held: this.#room.holds.inForce(key) },
    );
    return ok({ waves, out_of_reach: outOfReach, notes: [...barNotes(bars, plan, now), ...planNotes(plan)] });
  }

  #state(subject: Subject, canary: Subject["canary"], now: number): RolloutState {
    const { holds, reverts } = this.#room;
    const { key, record, rollout, plan } = subject;
    const run = reverts.run(key, { items: false });
    return rolloutState(
      {
        status: record.status,
        standing: record.standing ?? null,
        rollout,
        progress: this.#room.slots.progress(key),
        canary: completeCanary(canary),
        plan,
        holds: holds.all(key),
        acknowledgements: holds.acknowledgements(key),
        revert: run === null ? null : withoutItems(run),
      },
      now,
    );
  }
}

function barsOf(subject: Subject, floor: string | null): Bars {
  if (subject.kind === "remedy") return { status: subject.record.status, expires: null, belowFloor: null };
  const { status, expires } = subject.record;
  const below = floor !== null && compareSemver(subject.key, floor) < 0;
  return { status, expires: Date.parse(expires), belowFloor: below ? floor : null };
}

function boundsOf(subject: Subject): Pick<ReachBounds, "release" | "range"> {
  if (subject.kind === "remedy") {
    const { min_version, max_version } = subject.record;
    return { release: null, range: { min: min_version ?? null, max: max_version ?? null } };
  }
  const { version, min_from } = subject.record;
  return { release: { version, minFrom: min_from }, range: { min: null, max: null } };
}

function withoutItems({ items: _items, ...run }: RevertRun): Omit<RevertRun, "items"> {
  return run;
}

function fresh(now: number) {
  return {
    changes: 0,
    rollout: { stage: 0, since: now, baseline: 0 },
    canary: defaultPolicyDocument().canary,
    plan: null,
  };
}

function settingsOf({ set, min_version, max_version }: Remedy): string {
  const sorted = Object.entries(set).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted, min_version ?? null, max_version ?? null]);
}
