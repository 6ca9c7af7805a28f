import { describe, expect, it } from "vitest";
import { digestOf, type HeldNotice } from "../../../src/core/notice/digest.ts";

const held = (title: string, urgency: HeldNotice["urgency"] = "notice"): HeldNotice => ({
  kind: "incident_detected",
  urgency,
  title,
});

describe("a digest", () => {
  it("names the first few, counts equal ones together, and says how many more there are", () => {
    const all = [held("a"), held("b"), held("b"), ...Array.from({ length: 45 }, (_, i) => held(`shop ${i}`))];
    expect(digestOf(all, "en")).toEqual({
      urgency: "notice",
      title: "48 more notices",
      text: ["- a", "- b (2 x)", ...Array.from({ length: 8 }, (_, i) => `- shop ${i}`), "and 37 more"].join(
        "\n",
      ),
    });
  });

  it("is a page when one of them is, and names pages first", () => {
    const digest = digestOf([held("a"), held("urgent", "page")], "en");
    expect(digest).toEqual({ urgency: "page", title: "2 more notices", text: "- urgent\n- a" });
  });

  it("speaks French to whom does", () => {
    const many = Array.from({ length: 12 }, (_, i) => held(`boutique ${i}`));
    expect(digestOf(many, "fr")).toMatchObject({ title: "12 autres messages" });
    expect(digestOf(many, "fr").text).toMatch(/\net 2 de plus$/);
    expect(digestOf([held("x")], "fr").title).toBe("1 autre message");
  });

  it("stays within what a row holds, however long the titles are", () => {
    const long = Array.from({ length: 1000 }, (_, i) => held(`${i} ${"x".repeat(500)}`));
    expect(digestOf(long, "en").text.length).toBeLessThanOrEqual(2000);
  });
});
