import { describe, expect, it } from "vitest";
import { errorSeverity, webhookSeverity } from "../../../src/core/detect/severity.ts";

describe("severity", () => {
  it.each([
    [0, "low"],
    [0.29, "low"],
    [0.3, "medium"],
    [0.69, "medium"],
    [0.7, "high"],
    [0.89, "high"],
    [0.9, "critical"],
    [1, "critical"],
  ])("of a webhook failure share of %d is %s", (share, severity) => {
    expect(webhookSeverity(share)).toBe(severity);
  });

  it.each([
    [1, "low"],
    [2, "medium"],
    [4, "high"],
    [8, "critical"],
  ])("of errors at %d times their bound is %s", (times, severity) => {
    expect(errorSeverity(times)).toBe(severity);
  });
});
