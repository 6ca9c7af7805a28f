import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NotificationRow } from "../../src/contract/notification.ts";
import type { NoticeRpc } from "../../src/contract/rpc/notice.ts";
import { limitOf } from "../../src/core/notice/admission.ts";
import { GIVE_UP_MS } from "../../src/core/notice/retry.ts";
import { newSecret, parseSecret, verifyWebhook } from "../../src/crypto/webhook-signature.ts";
import { attemptId, incidentId } from "../builders/ledger.ts";
import { aChange, aNotice, noticeFactsOf } from "../builders/notice.ts";
import { PATIENCE } from "../builders/patience.ts";
import { bindings } from "./bindings.ts";

const OPS_URL = "https://ops.example.org/hook";
const MERCHANT_URL = "https://merchant.example.com/hook/secret-path";
const SECRET = newSecret().text;
const OTTO = { id: "otto", name: "Otto", roles: ["operator" as const] };

interface Posted {
  url: string;
  headers: Headers;
  body: string;
}

/** The receivers of a test: what they got, and what each of them answers next. */
let posted: Posted[] = [];
let answers: Record<string, number> = {};
/** What every merchant's receiver waits for before it answers. */
let hold: Promise<void> | null = null;

beforeEach(() => {
  // Far ahead of the real clock: nothing is sent again by an alarm of the platform's own, into whichever test runs by then.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2035, 0, 1, 12) });
  posted = [];
  answers = {};
  hold = null;
  Object.assign(env, { NOTIFY_URL: OPS_URL, NOTIFY_SECRET: SECRET, NOTIFY_FORMAT: "" });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    // Postgres is away in these tests: the ledger's rows stay in the outbox, where they can be read.
    if (!request.url.startsWith("https://")) throw new Error("nothing there");
    posted.push({ url: request.url, headers: request.headers, body: await request.text() });
    if (request.url !== OPS_URL) await hold;
    return new Response("{}", { status: answers[request.url] ?? 200 });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

let desks = 0;
function aDesk() {
  desks += 1;
  const stub = bindings.NOTICES.getByName(`desk-${desks}`);
  return { stub, desk: stub as unknown as NoticeRpc };
}
type Desk = ReturnType<typeof aDesk>;

/** The newest row of each notice, as the ledger will have it. */
async function rowsOf({ stub }: Desk): Promise<NotificationRow[]> {
  const bodies = await runInDurableObject(stub, (_, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = 'ledger' ORDER BY id")
      .toArray()
      .map(({ body }) => JSON.parse(body) as { kind: string; row: NotificationRow }),
  );
  const newest = new Map<string, NotificationRow>();
  for (const { kind, row } of bodies) {
    if (kind !== "notification") continue;
    const before = newest.get(row.id);
    expect(row.revision ?? 0).toBeGreaterThan(before?.revision ?? 0);
    newest.set(row.id, row);
  }
  return [...newest.values()];
}

async function statusesOf(desk: Desk): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of await rowsOf(desk)) counts[status ?? "none"] = (counts[status ?? "none"] ?? 0) + 1;
  return counts;
}

/** Everything that waits is due now. */
async function makeDue({ stub }: Desk) {
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("UPDATE sends SET due_at = 1");
    state.storage.sql.exec("UPDATE held SET digest_at = 1");
  });
  expect(await runDurableObjectAlarm(stub)).toBe(true);
}

const settled = (count: number) => vi.waitFor(() => expect(posted).toHaveLength(count), PATIENCE);
const untilStatuses = (desk: Desk, counts: Record<string, number>) =>
  vi.waitFor(async () => expect(await statusesOf(desk)).toEqual(counts), PATIENCE);
/** A message was not taken, and that is written down: from then on it may be made due. */
const untilPutOff = ({ stub }: Desk) =>
  vi.waitFor(async () => {
    const tries = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec<{ tries: number }>("SELECT max(tries) AS tries FROM sends").one(),
    );
    expect(tries).toEqual({ tries: 1 });
  }, PATIENCE);
const french = {
  language: "fr" as const,
  url: MERCHANT_URL,
  format: "vigie" as const,
  reason: "asked by phone",
};

describe("a notice to ops", () => {
  it("is sent once, signed, with its link, however often it is handed over", async () => {
    const made = aDesk();
    await made.desk.take([aNotice()]);
    await made.desk.take([aNotice(), aNotice()]);
    await settled(1);
    await evictDurableObject(made.stub);
    await made.desk.take([aNotice()]);
    const [{ headers, body } = { headers: new Headers(), body: "" }] = posted;
    const message = {
      id: headers.get("webhook-id") ?? "",
      timestamp: headers.get("webhook-timestamp") ?? "",
      body: new TextEncoder().encode(body),
      signature: headers.get("webhook-signature") ?? "",
    };
    const secret = parseSecret(SECRET) ?? new Uint8Array();
    expect(await verifyWebhook(message, { kind: "hmac", secret })).toBe(true);
    expect(JSON.parse(body)).toMatchObject({
      type: "vigie.incident_detected",
      data: { link: `${bindings.PUBLIC_URL}/incidents/${incidentId()}` },
    });
    await vi.waitFor(
      async () =>
        expect(await rowsOf(made)).toMatchObject([{ status: "sent", audience: "ops", revision: 3 }]),
      PATIENCE,
    );
    expect(posted).toHaveLength(1);
  });

  it("is only recorded while no address is set", async () => {
    Object.assign(env, { NOTIFY_URL: "" });
    const made = aDesk();
    await made.desk.take([aNotice()]);
    expect(await rowsOf(made)).toMatchObject([
      { status: "skipped", detail: "no address is set", revision: 2 },
    ]);
    expect(posted).toEqual([]);
  });

  it("waits for a receiver that is down, and everything behind it in order", async () => {
    const made = aDesk();
    answers[OPS_URL] = 503;
    const second = aNotice({ id: "second", incident_id: incidentId(2) });
    await made.desk.take([aNotice(), second]);
    await settled(1);
    await untilPutOff(made);
    expect(await statusesOf(made)).toEqual({ queued: 2 });
    answers[OPS_URL] = 202;
    await makeDue(made);
    await settled(3);
    expect(posted.map(({ headers }) => headers.get("webhook-id"))).toEqual([
      aNotice().id.replaceAll(".", "_"),
      aNotice().id.replaceAll(".", "_"),
      "second",
    ]);
    await untilStatuses(made, { sent: 2 });
  });

  it("that its receiver refuses holds up no other, and is given up after a day with the reason", async () => {
    const made = aDesk();
    answers[OPS_URL] = 400;
    await made.desk.take([aNotice()]);
    await settled(1);
    await untilPutOff(made);
    answers[OPS_URL] = 200;
    await made.desk.take([aNotice({ id: "second", incident_id: incidentId(2) })]);
    await settled(2);
    await untilStatuses(made, { queued: 1, sent: 1 });
    answers[OPS_URL] = 400;
    await runInDurableObject(made.stub, (_, state) => {
      state.storage.sql.exec("UPDATE sends SET since = since - ?", GIVE_UP_MS);
    });
    await makeDue(made);
    await vi.waitFor(
      async () =>
        expect(await rowsOf(made)).toMatchObject([
          { status: "failed", detail: "given up: answered 400" },
          { id: "second", status: "sent" },
        ]),
      PATIENCE,
    );
  });

  it("is one of few: what is too much comes in one digest that counts all of it, and no row is lost", async () => {
    const made = aDesk();
    const { burst } = limitOf({ audience: "ops" }, "notice");
    const storm = Array.from({ length: 300 }, (_, i) =>
      aNotice({ id: `n${i}`, incident_id: incidentId(i), title: `trouble ${i}`, merchant_id: `m${i}` }),
    );
    await made.desk.take(storm);
    await settled(burst);
    await untilStatuses(made, { sent: burst, held: 300 - burst });
    await makeDue(made);
    await settled(burst + 1);
    expect(JSON.parse(posted.at(-1)?.body ?? "")).toMatchObject({
      type: "vigie.digest",
      data: { title: `${300 - burst} more notices`, text: expect.stringMatching(/and \d+ more$/) },
    });
    await untilStatuses(made, { sent: burst + 1, digested: 300 - burst });
    const digested = (await rowsOf(made)).filter(({ status }) => status === "digested");
    expect(new Set(digested.map(({ digest_id }) => digest_id))).toEqual(new Set(["digest.1.ops"]));
  });

  it("takes Slack's body when the settings say so, and stays queued while the settings are wrong", async () => {
    const made = aDesk();
    Object.assign(env, { NOTIFY_FORMAT: "teams" });
    await made.desk.take([aNotice()]);
    await untilPutOff(made);
    expect(posted).toEqual([]);
    Object.assign(env, { NOTIFY_FORMAT: "slack", NOTIFY_SECRET: "" });
    await makeDue(made);
    await settled(1);
    expect(Object.keys(JSON.parse(posted[0]?.body ?? ""))).toEqual(["text", "blocks"]);
  });
});

describe("a merchant", () => {
  it("that asked for nothing is sent nothing, and gets no rows", async () => {
    const made = aDesk();
    expect(await made.desk.merchant("m1")).toBeNull();
    await made.desk.take([aNotice()]);
    await settled(1);
    expect((await rowsOf(made)).map(({ audience }) => audience)).toEqual(["ops"]);
  });

  it("is given a secret once, and told in its language without any id of ours", async () => {
    const made = aDesk();
    const set = await made.desk.setMerchant("m1", french, OTTO);
    if (!set.ok) throw new Error("refused");
    const { secret, ...shown } = set.value;
    expect(shown).toMatchObject({
      merchant_id: "m1",
      revision: 1,
      language: "fr",
      url: "https://merchant.example.com/…",
      format: "vigie",
      disabled: null,
      updated_by: "otto",
    });
    expect(await made.desk.merchant("m1")).toEqual(shown);

    await made.desk.take([aNotice({ kind: "patched", facts: noticeFactsOf({ attempt: aChange() }) })]);
    await settled(2);
    const mine = posted.find(({ url }) => url === MERCHANT_URL);
    const message = {
      id: mine?.headers.get("webhook-id") ?? "",
      timestamp: mine?.headers.get("webhook-timestamp") ?? "",
      body: new TextEncoder().encode(mine?.body),
      signature: mine?.headers.get("webhook-signature") ?? "",
    };
    const key = { kind: "hmac" as const, secret: parseSecret(secret ?? "") ?? new Uint8Array() };
    expect(await verifyWebhook(message, key)).toBe(true);
    expect(message.id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(JSON.parse(mine?.body ?? "")).toMatchObject({
      type: "vigie.patched",
      data: {
        language: "fr",
        title: "Votre boutique shop.example.org\u00a0: le problème de paiement est résolu",
        link: "https://shop.example.org/",
      },
    });
    expect(mine?.body).not.toMatch(/inc_|plg_|att_|m1/);
  });

  it("keeps its secret when only the language changes, and its address is never stored in the clear", async () => {
    const made = aDesk();
    const first = await made.desk.setMerchant("m1", french, OTTO);
    const again = await made.desk.setMerchant("m1", { ...french, language: "en" }, OTTO);
    expect(first.ok && first.value.secret).toMatch(/^whsec_/);
    expect(again).toMatchObject({ ok: true, value: { revision: 2, language: "en" } });
    expect(again.ok && again.value.secret).toBeUndefined();
    const stored = await runInDurableObject(made.stub, (_, state) => [
      ...state.storage.sql.exec("SELECT row FROM merchants").toArray(),
      ...state.storage.sql.exec("SELECT body FROM outbox").toArray(),
    ]);
    expect(JSON.stringify(stored)).not.toContain("secret-path");
    expect(JSON.stringify(stored)).not.toContain("whsec_");
  });

  it("is not reached by an address that must not be called, and nothing is changed", async () => {
    const made = aDesk();
    Object.assign(env, { SITE_PROBE_ALLOW_PRIVATE: "" });
    try {
      for (const url of ["https://127.0.0.1/x", "http://merchant.example.com/x"]) {
        expect(await made.desk.setMerchant("m1", { ...french, url }, OTTO)).toMatchObject({
          ok: false,
          refusal: { reason: "invalid", field: "url" },
        });
      }
    } finally {
      Object.assign(env, { SITE_PROBE_ALLOW_PRIVATE: "true" });
    }
    expect(await made.desk.merchant("m1")).toBeNull();
  });

  it("whose receiver answers 410 gets nothing more, and ops hear of it", async () => {
    const made = aDesk();
    await made.desk.setMerchant("m1", french, OTTO);
    answers[MERCHANT_URL] = 410;
    await made.desk.take([aNotice(), aNotice({ id: "second", incident_id: incidentId(2) })]);
    // Two for ops, one refused by the merchant's receiver, and the news of that for ops.
    await settled(4);
    expect(JSON.parse(posted.at(-1)?.body ?? "")).toMatchObject({
      type: "vigie.address_disabled",
      data: {
        title: "Merchant m1 gets no notices any more",
        text: "https://merchant.example.com/… answered 410. Ask the merchant for a new one, and set it again.",
      },
    });
    expect(await made.desk.merchant("m1")).toMatchObject({
      revision: 2,
      disabled: "Its receiver answered 410: nothing more is sent there.",
    });
    await untilStatuses(made, { sent: 3, failed: 2 });

    await made.desk.take([aNotice({ id: "third", incident_id: incidentId(3) })]);
    await settled(5);
    await made.desk.setMerchant("m1", french, OTTO);
    answers[MERCHANT_URL] = 200;
    await made.desk.take([aNotice({ id: "fourth", incident_id: incidentId(4) })]);
    await settled(7);
  });

  it("that is down delays nobody else", async () => {
    const made = aDesk();
    await made.desk.setMerchant("m1", french, OTTO);
    await made.desk.setMerchant("m2", { ...french, url: "https://other.example.com/" }, OTTO);
    answers[MERCHANT_URL] = 500;
    await made.desk.take([aNotice(), aNotice({ id: "b", incident_id: incidentId(2), merchant_id: "m2" })]);
    await settled(4);
    await untilStatuses(made, { sent: 3, queued: 1 });
  });

  it("whose receiver hangs, like those of all others, keeps no page from ops, nor the row of it", async () => {
    const made = aDesk();
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    const merchants = ["m1", "m2", "m3", "m4", "m5"];
    for (const id of merchants) await made.desk.setMerchant(id, french, OTTO);
    const notice = (id: string) => aNotice({ id, merchant_id: id, audience: "merchant" });
    await made.desk.take(merchants.map(notice));
    await settled(4);
    await made.desk.take([aNotice({ kind: "escalated", urgency: "page", audience: "ops" })]);
    await settled(5);
    expect(posted.at(-1)?.url).toBe(OPS_URL);
    await untilStatuses(made, { sent: 1, queued: 5 });
    resolve();
    await settled(6);
    await untilStatuses(made, { sent: 6 });
  });

  it("reads of a failed correction and of the call for people in one message", async () => {
    const made = aDesk();
    await made.desk.setMerchant("m1", french, OTTO);
    const facts = noticeFactsOf({ attempt: aChange() });
    await made.desk.take([
      aNotice({ id: "r", kind: "rolled_back", attempt_id: attemptId(), facts }),
      aNotice({ id: "e", kind: "escalated", urgency: "page" }),
    ]);
    await settled(3);
    const mine = posted.filter(({ url }) => url === MERCHANT_URL);
    expect(mine.map(({ body }) => JSON.parse(body).type)).toEqual(["vigie.rolled_back"]);
  });

  it("is told that it is over when it was told of its beginning, and only then", async () => {
    const made = aDesk();
    await made.desk.setMerchant("m1", french, OTTO);
    const over = (id: string, n: number) =>
      aNotice({ id, kind: "incident_resolved", incident_id: incidentId(n) });
    await made.desk.take([over("never began", 7)]);
    expect(await rowsOf(made)).toEqual([]);
    await made.desk.take([aNotice(), over("over", 1)]);
    await settled(4);
    // Healed was told as such: that it is resolved at the end of its watch is no more news.
    await made.desk.take([
      aNotice({ id: "healed", kind: "patched", incident_id: incidentId(2) }),
      over("end", 2),
    ]);
    await settled(6);
  });
});

describe("in a storm", () => {
  const storm = (kind: "fleet_incident_opened" | "fleet_incident_closed", number: number) => {
    const { facts: _facts, ...record } = aNotice({
      id: `fli_${number}.${kind}`,
      kind,
      merchant_id: null,
      incident_id: null,
      plugin_id: null,
      fleet_incident_id: `fli_${number}`,
      storm: "webhook_fail_rate",
    });
    return record;
  };
  const found = (number: number, over: Parameters<typeof noticeFactsOf>[0] = {}) =>
    aNotice({
      id: `${incidentId(number)}.incident_detected.1`,
      incident_id: incidentId(number),
      facts: noticeFactsOf(over),
    });

  it("a merchant is not told of incidents of its type, is of others, and of all again afterwards", async () => {
    const made = aDesk();
    await made.desk.setMerchant("m1", french, OTTO);
    await made.desk.take([storm("fleet_incident_opened", 1)]);
    await evictDurableObject(made.stub);
    await made.desk.take([found(1), found(2, { type: "new_error" })]);
    await made.desk.take([storm("fleet_incident_closed", 1), found(3)]);
    await vi.waitFor(async () => {
      const told = (await rowsOf(made)).filter(({ audience }) => audience === "merchant");
      expect(told.map(({ incident_id }) => incident_id).sort()).toEqual(
        [incidentId(2), incidentId(3)].sort(),
      );
    }, PATIENCE);
  });
});

describe("a test message", () => {
  it("goes out at once, past the limits, and says how that went", async () => {
    const made = aDesk();
    expect(await made.desk.sendTest(null, OTTO)).toEqual({
      ok: true,
      value: { status: "sent", detail: null },
    });
    answers[OPS_URL] = 404;
    expect(await made.desk.sendTest(null, OTTO)).toEqual({
      ok: true,
      value: { status: "failed", detail: "answered 404" },
    });
    expect(JSON.parse(posted[0]?.body ?? "")).toMatchObject({
      type: "vigie.test",
      data: { title: "This is a test", text: "Notices of Vigie arrive here. Sent by Otto." },
    });
    expect(await statusesOf(made)).toEqual({ sent: 1, failed: 1 });
  });

  it("needs an address, and says so", async () => {
    const made = aDesk();
    expect(await made.desk.sendTest("m1", OTTO)).toMatchObject({
      ok: false,
      refusal: { reason: "conflict" },
    });
    Object.assign(env, { NOTIFY_URL: "" });
    expect(await made.desk.sendTest(null, OTTO)).toMatchObject({
      ok: false,
      refusal: { reason: "conflict" },
    });
    expect(posted).toEqual([]);
  });

  it("reaches a merchant in its language", async () => {
    const made = aDesk();
    await made.desk.setMerchant("m1", { ...french, format: "slack" }, OTTO);
    expect(await made.desk.sendTest("m1", OTTO)).toMatchObject({ value: { status: "sent" } });
    expect(JSON.parse(posted[0]?.body ?? "").text).toMatch(/^Ceci est un essai/);
  });
});
