import { expect, it } from "vitest";
import { floorReach, mayBeFloor } from "../../../src/core/rollout/floor-reach.ts";

const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const releases = (["1.2.0", "1.10.0", "1.9.0"] as const).map((version) => ({
  version,
  status: "active" as const,
  expires: "2099-01-01T00:00:00.000Z",
}));
const why = { reason: "card data" };

it("shuts out what lies below a floor, newest first, and leaves the rest", () => {
  expect(floorReach(releases, "1.9.0", NOW)).toEqual({
    shut: ["1.2.0"],
    left: ["1.10.0", "1.9.0"],
    notes: [],
  });
  expect(floorReach(releases, null, NOW)).toEqual({
    shut: [],
    left: ["1.10.0", "1.9.0", "1.2.0"],
    notes: [],
  });
});

it("counts neither what has expired nor what is given to nobody anyway", () => {
  const [first, second, third] = releases;
  if (!first || !second || !third) throw new Error("three releases");
  const some = [
    first,
    { ...second, status: "halted" as const },
    { ...third, expires: "2026-11-22T10:00:00.000Z" },
  ];
  expect(floorReach(some, null, NOW).left).toEqual(["1.2.0"]);
  expect(floorReach(some, "1.3.0", NOW)).toEqual({
    shut: ["1.2.0"],
    left: [],
    notes: [expect.stringContaining("No active release is at or above 1.3.0")],
  });
});

it.each([
  ["a floor that leaves something", { version: "1.10.0" }, true],
  ["a floor above everything", { version: "12.0.0" }, false],
  ["one that is meant", { version: "12.0.0", bars_all: true }, true],
  ["none", { version: null }, true],
])("%s: may it be? %j", (_, asked, may) => {
  const request = { ...why, ...asked };
  expect(mayBeFloor(request, floorReach(releases, request.version, NOW)).ok).toBe(may);
});
