import { expect, it } from "vitest";
import type { Person } from "../../../src/contract/ops.ts";
import { mayBeHalted, moveStatus } from "../../../src/core/rollout/release-standing.ts";

const otto: Person = { id: "otto", name: "Otto", roles: ["operator"] };
const anna: Person = { id: "anna", name: "Anna", roles: ["approver"] };
const ada: Person = { id: "ada", name: "Ada", roles: ["admin"] };

const PEOPLE = { otto, anna, ada };

it.each([
  ["active", "paused", { resumes: false, stops: false }],
  ["active", "halted", { resumes: false, stops: true }],
  ["paused", "active", { resumes: true, stops: false }],
  ["paused", "halted", { resumes: false, stops: true }],
  ["halted", "active", { resumes: true, stops: false }],
  ["halted", "blocked", { resumes: false, stops: false }],
] as const)("moves from %s to %s", (from, to, value) => {
  expect(moveStatus(from, to, ada)).toEqual({ ok: true, value });
});

it.each([
  ["active", "paused", ["otto", "anna", "ada"]],
  ["active", "halted", ["otto", "anna", "ada"]],
  ["paused", "halted", ["otto", "anna", "ada"]],
  ["paused", "active", ["otto", "anna", "ada"]],
  ["halted", "active", ["anna", "ada"]],
  ["active", "blocked", ["otto", "ada"]],
  ["halted", "blocked", ["otto", "ada"]],
  ["blocked", "active", ["ada"]],
  ["blocked", "halted", ["ada"]],
] as const)("whoever is there may stop, not let go: from %s to %s", (from, to, allowed) => {
  const may = Object.entries(PEOPLE).filter(([, person]) => moveStatus(from, to, person).ok);
  expect(may.map(([name]) => name)).toEqual(allowed);
});

it.each(["halted", "blocked"] as const)("refuses to pause what is %s: that would loosen the stop", (from) => {
  expect(moveStatus(from, "paused", ada)).toMatchObject({ ok: false, refusal: { reason: "conflict" } });
});

it.each(["active", "paused", "halted"] as const)("lets only an admin bring a blocked one to %s", (to) => {
  expect(moveStatus("blocked", to, otto)).toMatchObject({ ok: false, refusal: { reason: "forbidden" } });
});

it("lets an admin unblock, which acknowledges what had failed", () => {
  expect(moveStatus("blocked", "active", ada)).toEqual({ ok: true, value: { resumes: true, stops: false } });
});

it("halts what is active and what is paused, and nothing twice", () => {
  expect((["active", "paused", "halted", "blocked"] as const).filter(mayBeHalted)).toEqual([
    "active",
    "paused",
  ]);
});
