import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { migrate } from "../../durable-objects/migrations.ts";
import type { SiraBounds } from "../../durable-objects/sira/sira-bounds.ts";
import { SIRA_MIGRATIONS } from "../../durable-objects/sira/sira-schema.ts";
import { SiraStore } from "../../durable-objects/sira/sira-store.ts";
import { siraOf } from "../../durable-objects/stubs.ts";
import { seededRandom } from "../../sim/random.ts";
import { SiraMemory } from "../../sim/sira-memory.ts";
import type { FeedbackRequest } from "../../src/contract/decision.ts";
import type { Person } from "../../src/contract/ops.ts";
import type { SiraRpc } from "../../src/contract/rpc/sira.ts";
import type { VoteRequest } from "../../src/contract/sira-memory.ts";
import { decide } from "../../src/core/sira/decide.ts";
import { lessonOf, NO_TALLY } from "../../src/core/sira/lesson.ts";
import { aDecideRequest } from "../core/sira/decide-request.ts";
import { aFeedback as aLesson, aVote, WOO } from "../core/sira/feedback.ts";
import { anyObject } from "./any-object.ts";
import { bindings } from "./bindings.ts";

const ADA: Person = { id: "ada", name: "Ada", roles: ["admin"] };
const WHY = { dry_run: false, reason: "the records were mended" };
const request = aDecideRequest({
  candidates: [
    { action: "patch", version: "1.2.3" },
    { action: "patch", version: "1.2.4" },
  ],
});
const aFailure = (number: number, over: Partial<FeedbackRequest> = {}) =>
  aLesson(number, { outcome: "rolled_back", ...over });

/** Lessons of twenty attempts, some told twice or by two revisions, in an order of their own. */
function someLessons(seed: number): FeedbackRequest[] {
  const random = seededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T; // of is never empty
  const lessons = Array.from({ length: 20 }, (_, i) =>
    aLesson(i + 1, {
      outcome: pick(["success", "success", "rolled_back", "failed", "inconclusive"] as const),
      target_version: pick(["1.2.3", "1.2.4"]),
      env: pick([WOO, {}, { platform: "demo" }]),
      signature: pick(["webhook_fail_rate|1.2.2|", "webhook_fail_rate|1.2.2|x"]),
    }),
  );
  const relapsed = lessons
    .filter(() => random() < 0.2)
    .map((lesson) => ({ ...lesson, revision: 2, outcome: "failed" as const }));
  const told = [...lessons, ...relapsed, ...lessons.filter(() => random() < 0.3)];
  return told
    .map((lesson) => ({ lesson, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ lesson }) => lesson);
}

/** What decisions rest on, whatever the generation. */
async function contentOf(product: string): Promise<unknown> {
  return runInDurableObject(bindings.SIRA.getByName(product), (_, { storage }) => ({
    lessons: storage.sql
      .exec("SELECT attempt_id, revision, outcome, place FROM lessons ORDER BY attempt_id")
      .toArray(),
    places: storage.sql
      .exec(
        `SELECT key, within, success, rolled_back, failed, inconclusive FROM places
         WHERE success + rolled_back + failed + inconclusive > 0 ORDER BY key`,
      )
      .toArray(),
    votes: storage.sql
      .exec("SELECT incident_id, person, revision, vote FROM votes ORDER BY incident_id")
      .toArray(),
  }));
}

async function rebuilt(sira: SiraRpc, feedback: FeedbackRequest[], votes: VoteRequest[], dry_run = false) {
  const number = await sira.beginRebuild();
  for (let i = 0; i < feedback.length; i += 7)
    await sira.rebuildPage(number, { feedback: feedback.slice(i, i + 7), votes: [] });
  await sira.rebuildPage(number, { feedback: [], votes });
  return sira.finishRebuild(number, { ...WHY, dry_run }, ADA);
}

describe("SIRA object", () => {
  it("learns from an attempt once, keeps it across an eviction, and decides differently", async () => {
    const sira = siraOf(bindings, "learner");
    expect((await sira.decide(request)).patch_version).toBe("1.2.3");
    expect(await sira.learn(aFailure(1))).toEqual({ status: "learned" });
    expect(await sira.learn(aFailure(1))).toEqual({ status: "known" });
    await evictDurableObject(bindings.SIRA.getByName("learner"));
    expect(await sira.learn(aFailure(1))).toEqual({ status: "known" });
    const reply = await sira.decide(request);
    expect(reply.patch_version).toBe("1.2.4");
    expect(reply.alternatives[0]?.explanation).toContain("0 of 1 shops recovered");
  });

  it("keeps products apart", async () => {
    await siraOf(bindings, "one-product").learn(aFailure(1));
    expect((await siraOf(bindings, "other-product").decide(request)).patch_version).toBe("1.2.3");
  });

  it("gives the same answer again after an eviction, also where it tries things", async () => {
    const sira = siraOf(bindings, "steady");
    for (const lesson of someLessons(1)) await sira.learn(lesson);
    const allowed = { actions: ["patch" as const], min_confidence: 0.1, steps: ["patch" as const] };
    const questions = Array.from({ length: 20 }, (_, i) => ({
      ...request,
      incident: { ...request.incident, id: request.incident.id.replace(/1$/, String(i)) },
      allowed,
    }));
    const answers = await Promise.all(questions.map((question) => sira.decide(question)));
    await evictDurableObject(bindings.SIRA.getByName("steady"));
    expect(await Promise.all(questions.map((question) => sira.decide(question)))).toEqual(answers);
  });

  it("answers what the same memory held outside would answer", async () => {
    const sira = siraOf(bindings, "the-same");
    const memory = new SiraMemory();
    for (const lesson of someLessons(2)) {
      const status = memory.learn(lesson) ? "learned" : "known";
      expect(await sira.learn(lesson)).toEqual({ status });
    }
    for (const vote of [aVote(1), aVote(2)]) {
      memory.vote(vote);
      await sira.vote(vote);
    }
    for (const env of [WOO, {}, { platform: "new" }]) {
      const question = { ...request, plugin: { ...request.plugin, env } };
      expect(await sira.decide(question)).toEqual(decide(question, memory));
    }
  });
});

describe("a rebuild", () => {
  it("comes to what was learned live, whatever the order and the repeats", async () => {
    const votes = [aVote(1), aVote(1, { revision: 2, vote: "useful" }), aVote(2)];
    const live = siraOf(bindings, "live");
    for (const lesson of someLessons(3)) await live.learn(lesson);
    for (const vote of votes) await live.vote(vote);
    const anew = siraOf(bindings, "anew");
    await anew.learn(aFailure(99, { finished_at: "2020-01-01T00:00:00Z" }));
    const onRecord = someLessons(3).toReversed();
    expect(await rebuilt(anew, onRecord, votes.toReversed())).toMatchObject({
      ok: true,
      value: { dry_run: false, attempts: 20, votes: 2, added: 20, corrected: 0, dropped: 1, kept: 0 },
    });
    expect(await contentOf("anew")).toEqual(await contentOf("live"));
    expect(await anew.decide(request)).toEqual(await live.decide(request));
  });

  it("that is dry counts what it would change, and changes nothing", async () => {
    const sira = siraOf(bindings, "dry");
    await sira.learn(aLesson(1));
    await sira.learn(aLesson(2, { finished_at: "2020-01-01T00:00:00Z" }));
    const before = await contentOf("dry");
    const onRecord = [aFailure(1, { revision: 2 }), aLesson(3)];
    expect(await rebuilt(sira, onRecord, [], true)).toMatchObject({
      value: { dry_run: true, attempts: 2, added: 1, corrected: 1, dropped: 1 },
    });
    expect(await contentOf("dry")).toEqual(before);
    expect(await auditsOf("dry")).toEqual([]);
  });

  it("is put on the audit's way with who, why and what it changed", async () => {
    const sira = siraOf(bindings, "audited");
    await rebuilt(sira, [aLesson(1)], []);
    expect(await auditsOf("audited")).toMatchObject([
      {
        stream: "sira",
        actor: "ada",
        action: "sira.rebuilt",
        subject: "audited",
        data: { reason: WHY.reason, attempts: 1, added: 1, dropped: 0 },
      },
    ]);
  });

  it("loses nothing that is learned while it reads", async () => {
    const sira = siraOf(bindings, "meanwhile");
    const number = await sira.beginRebuild();
    await sira.rebuildPage(number, { feedback: [aLesson(1)], votes: [] });
    await sira.learn(aFailure(2, { finished_at: "2020-01-01T00:00:00Z" }));
    await sira.vote(aVote(1));
    await sira.finishRebuild(number, WHY, ADA);
    expect(await contentOf("meanwhile")).toMatchObject({
      lessons: [{ outcome: "success" }, { outcome: "rolled_back" }],
      votes: [{ person: "vera" }],
    });
  });

  it("keeps what is so young that its row may be on the way, and drops what is old and not on record", async () => {
    const sira = siraOf(bindings, "young");
    const now = new Date().toISOString();
    await sira.learn(aLesson(1));
    await sira.learn(aFailure(2, { finished_at: now }));
    await sira.learn(aFailure(3, { finished_at: "2020-01-01T00:00:00Z" }));
    expect(await rebuilt(sira, [aLesson(1)], [])).toMatchObject({ value: { kept: 1, dropped: 1 } });
    expect(await contentOf("young")).toMatchObject({
      lessons: [{ attempt_id: aLesson(1).attempt_id }, { attempt_id: aLesson(2).attempt_id }],
    });
  });

  it("refuses to forget everything because nothing is on record", async () => {
    const sira = siraOf(bindings, "no-records");
    await sira.learn(aFailure(1, { finished_at: "2020-01-01T00:00:00Z" }));
    expect(await rebuilt(sira, [], [])).toMatchObject({ ok: false, refusal: { reason: "conflict" } });
    expect((await sira.decide(request)).patch_version).toBe("1.2.4");
    expect(await rebuilt(sira, [], [], true)).toMatchObject({ ok: true, value: { dropped: 1 } });
  });

  it("gives way to one that began later", async () => {
    const sira = siraOf(bindings, "two-at-once");
    const first = await sira.beginRebuild();
    await sira.rebuildPage(first, { feedback: [aFailure(1)], votes: [] });
    const second = await sira.beginRebuild();
    const page = { feedback: [aLesson(2)], votes: [] };
    const refused = { ok: false, refusal: { reason: "conflict" } };
    expect(await sira.rebuildPage(first, page)).toMatchObject(refused);
    expect(await sira.finishRebuild(first, WHY, ADA)).toMatchObject(refused);
    expect(await sira.rebuildPage(second, page)).toEqual({ ok: true, value: { taken: 1 } });
    expect(await sira.finishRebuild(second, WHY, ADA)).toMatchObject({ value: { attempts: 1 } });
    expect(await sira.finishRebuild(second, WHY, ADA)).toMatchObject(refused);
  });
});

async function auditsOf(product: string): Promise<unknown[]> {
  return runInDurableObject(bindings.SIRA.getByName(product), (_, { storage }) =>
    storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox")
      .toArray()
      .map(({ body }) => JSON.parse(body).row),
  );
}

describe("the object's tables", () => {
  function withStore<T>(
    bounds: SiraBounds,
    use: (store: SiraStore, storage: DurableObjectStorage) => T,
  ): Promise<T> {
    return runInDurableObject(anyObject(), (_, { storage }) => {
      migrate(storage, SIRA_MIGRATIONS);
      return use(new SiraStore(storage, 1, bounds), storage);
    });
  }

  it("stay within their bounds; the oldest places go into what they lie within, the oldest lessons stay counted", async () => {
    await withStore({ lessons: 100, places: 60, votes: 10 }, (store, { sql }) => {
      const lessons = Array.from({ length: 300 }, (_, i) =>
        aLesson(i + 1, { env: { platform: `shop-${i}` }, outcome: i % 3 === 0 ? "failed" : "success" }),
      );
      for (const lesson of lessons) store.learn(lesson);
      for (let i = 0; i < 30; i++)
        store.vote(
          aVote(i, {
            signature: "of another fault",
            at: new Date(Date.parse("2026-11-22T12:00:00Z") + i).toISOString(),
          }),
        );
      const count = (table: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
      expect(count("lessons")).toBeLessThanOrEqual(102);
      expect(count("places")).toBeLessThanOrEqual(64);
      expect(count("votes")).toBeLessThanOrEqual(12);
      const { fix, move, fault, place } = lessonOf(aLesson(1, { env: { platform: "shop-0" } })).place;
      expect(store.tally(place)).toEqual(NO_TALLY);
      for (const key of [fix, move, fault])
        expect(store.tally(key)).toMatchObject({ success: 200, failed: 100 });
      // Forgotten, but it was counted: told again, it must not count twice.
      expect(store.learn(aLesson(1, { env: { platform: "shop-0" } }))).toBe(false);
      expect(store.tally(fix)).toMatchObject({ success: 200, failed: 100 });
      // 200 of 300 healed, in places of their own: so much is still known.
      const { confidence, n } = decide(
        aDecideRequest({ candidates: [{ action: "patch", version: "1.2.3" }] }),
        store,
      );
      expect(n).toBe(300);
      expect(confidence).toBeGreaterThan(0.55);
      expect(confidence).toBeLessThan(0.8);
    });
  });

  it("carry over what an earlier version learned", async () => {
    const product = "upgraded";
    await runInDurableObject(bindings.SIRA.getByName(product), (_, { storage }) => {
      storage.sql.exec(
        "INSERT INTO fixes VALUES ('webhook_fail_rate:demo-pay@1.2.2:abc', 'patch@1.2.3', 1, 7)",
      );
      storage.sql.exec("INSERT INTO learned VALUES (?, 'rolled_back')", aFailure(1).attempt_id);
    });
    const sira = siraOf(bindings, product);
    const asked = structuredClone(request);
    asked.incident.signature = "webhook_fail_rate:demo-pay@1.2.2:abc";
    const reply = await sira.decide(asked);
    expect(reply.patch_version).toBe("1.2.4");
    expect(reply.alternatives[0]?.explanation).toContain("1 of 8 shops recovered with 1.2.3");
    expect(await sira.learn(aFailure(1))).toEqual({ status: "known" });
  });
});
