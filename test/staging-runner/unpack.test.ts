import { expect, it } from "vitest";
import { isInside } from "../../staging-runner/unpack.ts";

it.each(["plugin.json", "lib/a.mjs", "lib/", "..a/b..", "é.mjs"])("takes %j", (path) => {
  expect(isInside(path)).toBe(true);
});

it.each([
  "",
  "/",
  "/etc/passwd",
  "..",
  "../a",
  "a/../../b",
  "a/./b",
  "a//b",
  "C:/a",
  "c:a",
  "a\\..\\b",
  "a\u0000b",
  "a\nb",
  "a/".repeat(101),
])("refuses %j", (path) => {
  expect(isInside(path)).toBe(false);
});
