import { describe, expect, it } from "vitest";
import { LedgerRecord } from "../../src/contract/ledger.ts";
import {
  MerchantNotificationsPut,
  type NotificationFacts,
  NotificationRecord,
} from "../../src/contract/notification.ts";
import { readersOf } from "../../src/core/notice/readers.ts";
import { aChange, aNotice, noticeFactsOf } from "../builders/notice.ts";

/** As an object of the version before the desk left it in its outbox. */
const OF_BEFORE = {
  id: `inc_${"A".repeat(27)}_1.patched.4`,
  kind: "patched",
  urgency: "notice",
  incident_id: `inc_${"A".repeat(27)}_1`,
  plugin_id: `plg_${"A".repeat(27)}`,
  title: "Healed",
  text: "patch 1.2.2 -> 1.2.3: 6 of 6 webhooks delivered.",
  at: "2026-11-20T10:00:00.000Z",
};

describe("a notice of an earlier version", () => {
  it("is still a record and a row, and is told to ops alone", () => {
    const record = NotificationRecord.parse(OF_BEFORE);
    expect(record).toEqual(OF_BEFORE);
    expect(readersOf(record)).toEqual([{ audience: "ops" }]);
    expect(LedgerRecord.parse({ kind: "notification", row: OF_BEFORE })).toEqual({
      kind: "notification",
      row: OF_BEFORE,
    });
  });

  it("and one of today is what the schema says, with every fact", () => {
    const facts: NotificationFacts = noticeFactsOf({
      attempt: aChange({ takes_back: true, health_verdict: "inconclusive" }),
    });
    expect(NotificationRecord.parse(aNotice({ facts }))).toEqual(aNotice({ facts }));
  });
});

describe("a merchant's address by request", () => {
  it("defaults to Vigie's own body, and may be taken away", () => {
    const put = { language: "en", url: null, reason: "they left" };
    expect(MerchantNotificationsPut.parse(put)).toEqual({ ...put, format: "vigie" });
  });
});
