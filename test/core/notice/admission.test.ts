import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  admitNotice,
  type Bucket,
  impliedNews,
  type Limit,
  limitOf,
  merchantOf,
  newsKey,
  type Reader,
  readerKey,
  SAME_NEWS_MS,
  type Standing,
  takeToken,
} from "../../../src/core/notice/admission.ts";
import { readersOf } from "../../../src/core/notice/readers.ts";
import { retryMs } from "../../../src/core/notice/retry.ts";
import { incidentId } from "../../builders/ledger.ts";
import { aNotice, noticeFactsOf } from "../../builders/notice.ts";

const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const OPS: Reader = { audience: "ops" };
const MERCHANT: Reader = { audience: "merchant", merchantId: "m1" };
const FREE: Standing = { reachable: true, toldAt: null, bucket: null };

describe("a notice", () => {
  it("leaves at once when its reader was told little, and takes a token", () => {
    const { burst } = limitOf(OPS, "notice");
    expect(admitNotice(aNotice(), OPS, FREE, NOW)).toEqual({
      status: "queued",
      detail: null,
      bucket: { tokens: burst - 1, at: NOW },
    });
  });

  it("is skipped without an address, and takes nothing", () => {
    expect(admitNotice(aNotice(), OPS, { ...FREE, reachable: false }, NOW)).toEqual({
      status: "skipped",
      detail: "no address is set",
      bucket: null,
    });
  });

  it("is no news within half an hour of the same, and is again after it", () => {
    const told = (agoMs: number) => admitNotice(aNotice(), OPS, { ...FREE, toldAt: NOW - agoMs }, NOW);
    expect(told(90_000)).toMatchObject({ status: "skipped", detail: "the same was told 90 s before" });
    expect(told(SAME_NEWS_MS - 1).status).toBe("skipped");
    expect(told(SAME_NEWS_MS).status).toBe("queued");
  });

  it("is held back, not dropped, when there is no token left", () => {
    const empty = { tokens: 0.4, at: NOW };
    expect(admitNotice(aNotice(), OPS, { ...FREE, bucket: empty }, NOW)).toEqual({
      status: "held",
      detail: "too many at once: comes in a digest",
      bucket: null,
    });
  });
});

describe("the token bucket", () => {
  const limit: Limit = { burst: 5, everyMs: 1000, digestAfterMs: 1 };

  it("never gives more than its burst and one for each interval, whatever the times of asking", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 60 }), (gaps) => {
        let [now, given] = [NOW, 0];
        let bucket: Bucket | null = null;
        for (const gap of gaps) {
          now += gap;
          const next = takeToken(bucket, limit, now);
          if (next === null) continue;
          bucket = next;
          given += 1;
        }
        expect(given).toBeLessThanOrEqual(limit.burst + (now - NOW) / limit.everyMs);
      }),
    );
  });

  it("gains nothing by a clock that went back", () => {
    const empty = { tokens: 0, at: NOW };
    expect(takeToken(empty, limit, NOW - 60_000)).toBeNull();
    expect(takeToken(empty, limit, NOW + 1000)).toEqual({ tokens: 0, at: NOW + 1000 });
  });
});

describe("the same news", () => {
  it("is never what a person calls for by name: ops are told, and a merchant does not read the same words again", () => {
    const call = aNotice({ kind: "escalated", urgency: "page", called_by: "test:grace" });
    const told = { ...FREE, toldAt: NOW - 1000 };
    expect(admitNotice(call, OPS, told, NOW).status).toBe("queued");
    expect(admitNotice(call, MERCHANT, told, NOW).status).toBe("skipped");
  });

  it("is told apart by subject, kind, attempt and reader", () => {
    const record = aNotice();
    const others = [
      newsKey(aNotice({ incident_id: incidentId(2) }), OPS),
      newsKey(aNotice({ kind: "escalated" }), OPS),
      newsKey(aNotice({ attempt_id: "att_1" }), OPS),
      newsKey(record, MERCHANT),
    ];
    expect(new Set([newsKey(record, OPS), ...others]).size).toBe(5);
    expect(newsKey(aNotice({ id: "another", text: "another" }), OPS)).toBe(newsKey(record, OPS));
  });

  it("is another one for ops when a title or urgency is, and not for a merchant, who reads neither", () => {
    const [woken, page] = [
      aNotice({ title: "webhook fail rate goes on at m1" }),
      aNotice({ urgency: "page" }),
    ];
    for (const other of [woken, page]) {
      expect(newsKey(other, OPS)).not.toBe(newsKey(aNotice(), OPS));
      expect(newsKey(other, MERCHANT)).toBe(newsKey(aNotice(), MERCHANT));
    }
  });

  it("is another call for a person to ops when its reason or its attempt is, and not to a merchant", () => {
    const call = aNotice({ kind: "escalated", text: "no fix is known" });
    for (const over of [{ text: "the second fix failed too" }, { attempt_id: "att_2" }]) {
      expect(newsKey({ ...call, ...over }, OPS)).not.toBe(newsKey(call, OPS));
      expect(newsKey({ ...call, ...over }, MERCHANT)).toBe(newsKey(call, MERCHANT));
    }
  });

  it("of a failed correction tells a merchant also that people were called", () => {
    const escalated = newsKey(aNotice({ kind: "escalated", attempt_id: null }), MERCHANT);
    expect(impliedNews(aNotice({ kind: "rolled_back", attempt_id: "att_1" }), MERCHANT)).toEqual([escalated]);
    expect(impliedNews(aNotice({ kind: "rolled_back" }), OPS)).toEqual([]);
    expect(impliedNews(aNotice({ kind: "patched" }), MERCHANT)).toEqual([]);
  });
});

describe("the readers of a notice", () => {
  it("are ops and the merchant whose shop it is", () => {
    expect(readersOf(aNotice())).toEqual([OPS, MERCHANT]);
    expect([readerKey(OPS), readerKey(MERCHANT)]).toEqual(["ops", "merchant.m1"]);
    expect([merchantOf("ops"), merchantOf("merchant.m1")]).toEqual([null, "m1"]);
  });

  it.each([
    ["of the fleet", aNotice({ kind: "fleet_incident_opened" })],
    ["of a release", aNotice({ kind: "release_halted" })],
    ["of a shop whose facts are not known", { ...aNotice(), facts: undefined }],
    ["of a silence that may be our own fault", aNotice({ facts: noticeFactsOf({ cause: "ingest" }) })],
    ["of what a storm is about", aNotice({ facts: noticeFactsOf({ status: "unknown" }) })],
    ["meant for ops alone", aNotice({ audience: "ops" })],
    ["of no merchant", aNotice({ merchant_id: null })],
  ])("are ops alone for a notice %s", (_, record) => {
    // exactOptionalPropertyTypes: a row of an older version simply lacks the facts.
    const { facts, ...rest } = record;
    expect(readersOf(facts === undefined ? rest : { ...rest, facts })).toEqual([OPS]);
  });

  it("are ops alone for what is found in a storm of its type, and both for what is done to the shop meanwhile", () => {
    expect(readersOf(aNotice(), true)).toEqual([OPS]);
    expect(readersOf(aNotice({ kind: "rolled_back" }), true)).toEqual([OPS, MERCHANT]);
  });

  it("are the merchant alone when the notice says so", () => {
    expect(readersOf(aNotice({ audience: "merchant" }))).toEqual([MERCHANT]);
    expect(readersOf(aNotice({ audience: "merchant", merchant_id: null }))).toEqual([]);
  });
});

describe("trying again", () => {
  it.each([
    [1, 0.999_999, 1999],
    [5, 0.5, 16_000],
    [12, 0.999_999, 899_999],
    [500, 0.5, 450_000],
    [1, 0, 500],
  ])("after %i tries and luck %d waits %i ms", (tries, random, ms) => {
    expect(retryMs(tries, random)).toBe(ms);
  });
});
