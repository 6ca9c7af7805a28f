import { describe, expect, it } from "vitest";
import { backoffMs, retryAfterMs } from "../../plugin-client/core/backoff.ts";
import { Tracker } from "../../plugin-client/core/counters.ts";
import { errorInput, fingerprintOf, maskedMessage, topFrame } from "../../plugin-client/core/fingerprint.ts";
import { emptyJournal, parseJournal } from "../../plugin-client/core/journal.ts";
import { isCommandId, parseReply } from "../../plugin-client/core/parse-command.ts";
import { recovery } from "../../plugin-client/core/probation.ts";
import { boundedIntervalS, nextBeatDelayMs, urgentDelayMs } from "../../plugin-client/core/schedule.ts";
import { bounded, redacted } from "../../plugin-client/core/text.ts";
import { compareVersions, isVersion } from "../../plugin-client/core/version.ts";

const T0 = Date.parse("2026-11-22T12:00:00Z");

describe("back-off", () => {
  const limits = { baseMs: 1000, capMs: 30_000 };
  it("doubles its ceiling with each failure, up to the cap, and draws uniformly below it", () => {
    expect([1, 2, 3, 6, 60].map((n) => backoffMs(n, 0.5, limits))).toEqual([500, 1000, 2000, 15_000, 15_000]);
  });
  it("never spins", () => {
    expect(backoffMs(1, 0, limits)).toBe(100);
  });
  it("never returns before retry-after", () => {
    expect(backoffMs(1, 0, limits, 20_000)).toBe(20_000);
    expect(backoffMs(1, 0.5, limits, 20_000)).toBe(21_000);
  });
  it.each([
    ["7", 7000],
    ["Sun, 22 Nov 2026 12:01:00 GMT", 60_000],
    ["Sun, 22 Nov 2026 11:00:00 GMT", null],
    ["999999999", 3_600_000],
    ["soon", null],
    ["-1", null],
    [null, null],
  ])("reads retry-after %s as %s ms", (header, ms) => {
    expect(retryAfterMs(header, T0)).toBe(ms);
  });
});

describe("schedule", () => {
  it("beats up to a tenth early and never late", () => {
    expect([0, 0.5, 0.999].map((random) => nextBeatDelayMs(120, random))).toEqual([
      120_000, 114_000, 108_012,
    ]);
  });
  it("holds the interval asked for to the contract's bounds", () => {
    expect([0.1, 5, 30, 1e9].map(boundedIntervalS)).toEqual([5, 5, 30, 3600]);
  });
  it("keeps urgent beats 15 s apart", () => {
    expect(urgentDelayMs(null, T0)).toBe(0);
    expect(urgentDelayMs(T0, T0 + 4_000)).toBe(11_000);
    expect(urgentDelayMs(T0, T0 + 20_000)).toBe(0);
  });
});

describe("versions", () => {
  it("rank as semver.org item 11 says", () => {
    const rising = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.2.9",
      "1.2.10",
      "2.0.0",
    ];
    for (let i = 1; i < rising.length; i++) {
      expect(compareVersions(rising[i - 1] ?? "", rising[i] ?? "")).toBeLessThan(0);
      expect(compareVersions(rising[i] ?? "", rising[i - 1] ?? "")).toBeGreaterThan(0);
    }
    expect(compareVersions("1.2.3", "1.2.3")).toBe(0);
  });
  it.each(["1.2", "01.2.3", "1.2.3+build", "../1.2.3", "1.2.3-", ""])("%s is none", (text) => {
    expect(isVersion(text)).toBe(false);
  });
});

describe("text that leaves the shop", () => {
  it("is cut without half characters and without control characters", () => {
    expect(bounded("a\u0000b\nc😀", 6)).toBe("a b c?");
    expect(bounded("a😀", 3)).toBe("a😀");
  });
  it.each([
    ["key whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "key [secret]"],
    ["Authorization: Bearer abcdefgh12345678", "Authorization: Bearer [secret]"],
    ["card 4242 4242 4242 4242 declined", "card [number] declined"],
    ["at postgres://shop:hunter2@db/x", "at postgres://[secret]@db/x"],
    ["for jo.doe+x@example.com now", "for [email] now"],
  ])("loses the credential in %s", (text, expected) => {
    expect(redacted(text)).toBe(expected);
  });
});

describe("fingerprints", () => {
  it("are the same for the same fault with other values", () => {
    const at = (id: string, line: number) =>
      fingerprintOf({
        name: "TypeError",
        message: `order ${id} of "Ada" failed at https://x.test/${id}`,
        stack: `TypeError: x\n    at charge (/srv/shop-${id}/lib/charge.js:${line}:7)\n    at main (/srv/main.js:1:1)`,
      });
    expect(at("1234", 10)).toBe(at("998877", 99));
    expect(at("1234", 10)).toMatch(/^fp1:[0-9a-f]{16}$/);
  });
  it("differ by kind of error, by message and by place", () => {
    const base = { name: "Error", message: "boom", stack: "Error: boom\n    at a (/x/a.js:1:1)" };
    const all = [
      base,
      { ...base, name: "RangeError" },
      { ...base, message: "bang" },
      { ...base, stack: "    at b (/x/a.js:1:1)" },
    ];
    expect(new Set(all.map(fingerprintOf)).size).toBe(4);
  });
  it("do not change between releases of the client", () => {
    expect(fingerprintOf({ message: "boom 42" })).toBe(fingerprintOf({ message: "boom 43" }));
    expect(fingerprintOf({ message: "boom 42" })).toMatchInlineSnapshot(`"fp1:c42f5794341e4adc"`);
  });
  it.each([
    ["    at Object.charge (file:///srv/app/charge.mjs:10:7)", "Object.charge@charge.mjs"],
    ["    at /srv/app/charge.mjs:10:7", "@charge.mjs"],
    ["charge@https://shop.test/js/charge.js?v=3:10:7", "charge@charge.js"],
    ["no stack at all", ""],
  ])("find the innermost frame of %s", (stack, frame) => {
    expect(topFrame(stack)).toBe(frame);
  });
  it("mask ids, hexadecimal, quotes, numbers", () => {
    expect(maskedMessage(`a 'b' deadbeef01 3f2b8c1e-0000-4000-8000-000000000000 17`)).toBe(
      "a <q> <hex> <id> <n>",
    );
  });
  it("read whatever was thrown", () => {
    expect(errorInput("text")).toEqual({ message: "text" });
    expect(errorInput(null)).toEqual({ message: "null" });
    expect(
      errorInput({
        get message() {
          throw new Error();
        },
      }),
    ).toEqual({ message: "unprintable error" });
    expect(errorInput(new RangeError("x"))).toMatchObject({ message: "x", name: "RangeError" });
  });
});

describe("counters", () => {
  it("report the five most frequent errors since the last acknowledged beat", () => {
    const tracker = new Tracker();
    for (let kind = 1; kind <= 7; kind++)
      for (let i = 0; i < kind; i++) tracker.trackError({ message: "x", fingerprint: `f${kind}` });
    const { counters, errors } = tracker.take();
    expect(counters.errors).toBe(28);
    expect(errors.map((e) => [e.fingerprint, e.count])).toEqual([
      ["f7", 7],
      ["f6", 6],
      ["f5", 5],
      ["f4", 4],
      ["f3", 3],
    ]);
    tracker.trackError({ message: "x", fingerprint: "f1" });
    tracker.acknowledge();
    expect(tracker.take().errors.map((e) => [e.fingerprint, e.count])).toEqual([["f1", 1]]);
  });
  it("forget nothing that was not acknowledged", () => {
    const tracker = new Tracker();
    tracker.trackError({ message: "x", fingerprint: "f" });
    tracker.take();
    tracker.trackError({ message: "x", fingerprint: "f" });
    tracker.takeBack();
    expect(tracker.take().errors).toEqual([{ fingerprint: "f", message: "x", count: 2 }]);
  });
  it("hold a bounded number of fingerprints", () => {
    const tracker = new Tracker();
    for (let i = 0; i < 10_000; i++) tracker.trackError({ message: "x", fingerprint: `f${i}` });
    tracker.trackError({ message: "x", fingerprint: "f9999" });
    expect(tracker.take().errors[0]).toEqual({ fingerprint: "f9999", message: "x", count: 2 });
  });
  it("call every third failure in a row urgent, and a success ends the row", () => {
    const tracker = new Tracker();
    const fail = (n: number) => Array.from({ length: n }, () => tracker.trackWebhook(false));
    expect(fail(7)).toEqual([false, false, true, false, false, true, false]);
    fail(1);
    tracker.trackWebhook(true);
    expect(fail(2)).toEqual([false, false]);
  });
  it("call the third error of a kind urgent, unless the last beat told of its kind", () => {
    const tracker = new Tracker();
    const fail = (n: number) =>
      Array.from({ length: n }, () => tracker.trackError({ message: "x", fingerprint: "f" }));
    tracker.trackError({ message: "another", fingerprint: "g" });
    expect(fail(5)).toEqual([false, false, true, false, false]);
    tracker.take();
    tracker.acknowledge();
    expect(fail(4)).toEqual([false, false, false, false]);
    tracker.take();
    tracker.acknowledge();
    tracker.take();
    tracker.acknowledge();
    expect(fail(3)).toEqual([false, false, true]);
  });
});

describe("replies", () => {
  it.each([
    null,
    7,
    "x",
    [],
    { commands: 3 },
    { commands: [{ id: "cmd_x" }], next_heartbeat_s: "soon", commit: 4 },
  ])("of a broken server (%j) give an empty reply, not an exception", (body) => {
    expect(parseReply(body)).toEqual({ nextHeartbeatS: null, serverTime: null, commands: [], commit: null });
  });
  it("with ids that could be paths are left out", () => {
    expect(isCommandId("cmd_../../x")).toBe(false);
  });
});

describe("recovery", () => {
  const probation = {
    command_id: "c",
    attempt_id: "a",
    from: "1.2.2",
    to: "1.2.3",
    switched_at: T0,
    deadline_at: T0 + 60_000,
  };
  const journal = (more: object) => ({ ...emptyJournal(), ...more });
  it.each([
    ["nothing was under way", {}, "1.2.2", T0, "nothing"],
    ["it crashed before the switch", { probation }, "1.2.2", T0 + 1, "restore"],
    ["it crashed after the switch", { probation }, "1.2.3", T0 + 1, "resume_probation"],
    ["the deadline has passed", { probation }, "1.2.3", T0 + 60_000, "restore"],
    ["the clock went far back", { probation }, "1.2.3", T0 - 61_000, "restore"],
    [
      "a restoration was begun",
      { probation: { ...probation, ending: { code: "boot_failed", message: "" } } },
      "1.2.3",
      T0 + 1,
      "restore",
    ],
    [
      "a rollback was begun",
      { rollback: { command_id: "c", from: "1.2.3", to: "1.2.2", restores: true } },
      "1.2.3",
      T0,
      "finish_rollback",
    ],
    ["a config command was accepted", { in_hand: { id: "c", type: "config" } }, "1.2.2", T0, "check_config"],
    ["an update was accepted", { in_hand: { id: "c", type: "update" } }, "1.2.2", T0, "give_up"],
  ])("when %s", (_when, more, current, now, what) => {
    expect(recovery(journal(more), current, now).do).toBe(what);
  });
  it("reads back what it wrote, and refuses what it did not write", () => {
    expect(parseJournal(JSON.stringify(emptyJournal()))).toEqual(emptyJournal());
    for (const text of ["", "{", "null", "[]", '{"v":2}', '{"v":1,"seq":"x"}'])
      expect(parseJournal(text)).toBeNull();
  });
});
