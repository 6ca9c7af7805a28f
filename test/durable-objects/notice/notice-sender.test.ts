import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NoticeSender } from "../../../durable-objects/notice/notice-sender.ts";
import type { StoredLetter } from "../../../durable-objects/notice/notice-store.ts";
import { aNotice } from "../../builders/notice.ts";
import { PATIENCE } from "../../builders/patience.ts";
import { aDesk } from "./a-desk.ts";

const MINUTE_MS = 60_000;

/** Who was posted to, as it came out; a receiver that hangs answers nothing until it is let go. */
let posted: string[] = [];
let hanging = new Map<string, () => void>();

beforeEach(() => {
  posted = [];
  hanging = new Map();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const reader = new URL(String(input)).hostname;
    posted.push(reader);
    if (!hanging.has(reader)) return new Response("{}");
    await new Promise<void>((resolve) => hanging.set(reader, resolve));
    throw new Error("it hung");
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function hang(...readers: string[]) {
  for (const reader of readers) hanging.set(reader, () => {});
}

/** Messages that wait for these readers, in this order, and the sender of an audience. */
function aQueue() {
  const { store, desk, storage } = aDesk();
  const ports = {
    store,
    desk,
    transaction: (change: () => void) => storage.transactionSync(change),
    destination: async (reader: string) => ({
      url: `https://${reader.replace("merchant.", "")}/`,
      secret: null,
      format: "vigie" as const,
    }),
    gone: () => {},
  };
  return {
    store,
    toOps: new NoticeSender({ audience: "ops", readersAtATime: 1 }, ports),
    toMerchants: (readersAtATime: number) =>
      new NoticeSender({ audience: "merchant", readersAtATime }, ports),
    wait(...readers: string[]) {
      for (const reader of readers) {
        const audience = reader === "ops" ? "ops" : "merchant";
        const row = { ...aNotice({ id: `n.${reader}` }), audience, revision: 2 } as StoredLetter["row"];
        const letter: StoredLetter = { row, language: "en", link: null };
        store.queue(reader === "ops" ? reader : `merchant.${reader}`, letter, Date.now());
      }
    },
  };
}

/** In any order: whose message is signed first, among those sent at a time, is chance. */
const postedTo = (readers: string[]) =>
  vi.waitFor(() => expect(posted.toSorted()).toEqual(readers), PATIENCE);

describe("a receiver that hangs", () => {
  it("keeps one place, and the others are sent through those that are left", async () => {
    const { wait, toMerchants } = aQueue();
    hang("m1", "m2", "m3");
    wait("m1", "m2", "m3", "m4", "m5", "m6");
    const run = toMerchants(4).run();
    await postedTo(["m1", "m2", "m3", "m4", "m5", "m6"]);
    for (const letGo of hanging.values()) letGo();
    await run;
  });

  it("keeps nothing waiting that is queued while it does", async () => {
    const { wait, toMerchants } = aQueue();
    hang("m1");
    wait("m1");
    const sender = toMerchants(2);
    const first = sender.run();
    await postedTo(["m1"]);
    wait("m2");
    const second = sender.run();
    await postedTo(["m1", "m2"]);
    hanging.get("m1")?.();
    await Promise.all([first, second]);
    expect(sender.busy).toBe(false);
  });

  it("of merchants, in every place, does not touch ops", async () => {
    const { wait, toMerchants, toOps } = aQueue();
    hang("m1", "m2");
    wait("m1", "m2", "m3", "ops");
    const merchants = toMerchants(2).run();
    await postedTo(["m1", "m2"]);
    await toOps.run();
    await postedTo(["m1", "m2", "ops"]);
    for (const letGo of hanging.values()) letGo();
    await merchants;
    await postedTo(["m1", "m2", "m3", "ops"]);
  });
});

describe("the turns of readers", () => {
  it("go to whoever is due longest, and every other one to who is not known to be down", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { wait, store, toMerchants } = aQueue();
    wait("down1", "down2", "down3");
    for (const reader of ["down3", "down1", "down2"]) {
      const send = store.nextSend(`merchant.${reader}`, Date.now());
      if (send) store.retry(send, Date.now() + MINUTE_MS, true);
      vi.setSystemTime(Date.now() + 1000);
    }
    vi.setSystemTime(Date.now() + 2 * MINUTE_MS);
    wait("new1", "new2");
    await toMerchants(1).run();
    expect(posted).toEqual(["new1", "down3", "new2", "down1", "down2"]);
  });
});

describe("a run", () => {
  it("begins nothing more after its time, and the next one goes on", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { wait, toMerchants } = aQueue();
    wait("m1", "m2", "m3", "m4");
    const answer = vi.mocked(fetch).getMockImplementation();
    vi.mocked(fetch).mockImplementation(async (...call) => {
      vi.setSystemTime(Date.now() + 9000);
      return answer?.(...call) ?? new Response("{}");
    });
    const sender = toMerchants(1);
    await sender.run();
    expect(posted).toEqual(["m1", "m2", "m3"]);
    await sender.run();
    expect(posted).toEqual(["m1", "m2", "m3", "m4"]);
  });
});
