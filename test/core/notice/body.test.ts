import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NotificationRow } from "../../../src/contract/notification.ts";
import { bodyOf, type Letter, opsPath } from "../../../src/core/notice/body.ts";
import { slackLink, slackText } from "../../../src/core/notice/slack-text.ts";
import { incidentId, pluginId } from "../../builders/ledger.ts";
import { aNotice } from "../../builders/notice.ts";

const LINK = `https://vigie.example.org/incidents/${incidentId()}`;
function aLetter(over: Partial<NotificationRow> = {}): Letter {
  const { facts: _facts, ...row } = aNotice();
  return {
    row: { ...row, audience: "ops", revision: 2, status: "queued", ...over },
    language: "en",
    link: LINK,
  };
}
const parsed = (letter: Letter, format: "vigie" | "slack") => JSON.parse(bodyOf(letter, format));

describe("Vigie's own body", () => {
  it("is the record with its link for ops, without the desk's own bookkeeping", () => {
    const { facts: _facts, ...record } = aNotice();
    expect(parsed(aLetter(), "vigie")).toEqual({
      type: "vigie.incident_detected",
      timestamp: record.at,
      data: { ...record, audience: "ops", link: LINK },
    });
  });

  it("holds no id of ours for a merchant", () => {
    const body = bodyOf(
      { ...aLetter({ audience: "merchant", title: "T", text: "X" }), language: "fr" },
      "vigie",
    );
    expect(JSON.parse(body)).toEqual({
      type: "vigie.incident_detected",
      timestamp: aNotice().at,
      data: {
        kind: "incident_detected",
        urgency: "notice",
        language: "fr",
        title: "T",
        text: "X",
        link: LINK,
        at: aNotice().at,
      },
    });
    expect(body).not.toContain(pluginId());
  });
});

describe("the Slack body", () => {
  it("is a header, the text, when and how urgent, and the link", () => {
    expect(parsed(aLetter({ urgency: "page" }), "slack")).toEqual({
      text: `webhook fail rate at m1 (molam-pay 1.2.3)\n35 of 42 webhooks failed.\n<${LINK}|Open in Vigie>`,
      blocks: [
        {
          type: "header",
          text: { type: "plain_text", text: "webhook fail rate at m1 (molam-pay 1.2.3)", emoji: false },
        },
        { type: "section", text: { type: "plain_text", text: "35 of 42 webhooks failed.", emoji: false } },
        {
          type: "context",
          elements: [{ type: "plain_text", text: "2026-11-22 10:00 UTC, needs somebody now", emoji: false }],
        },
        { type: "section", text: { type: "mrkdwn", text: `<${LINK}|Open in Vigie>`, verbatim: true } },
      ],
    });
  });

  it("speaks French, and has no link when there is nothing to open", () => {
    const letter: Letter = {
      ...aLetter({ audience: "merchant", title: "Votre boutique", text: "Tout va bien." }),
      language: "fr",
      link: null,
    };
    expect(parsed(letter, "slack")).toEqual({
      text: "Votre boutique\nTout va bien.",
      blocks: [
        { type: "header", text: { type: "plain_text", text: "Votre boutique", emoji: false } },
        { type: "section", text: { type: "plain_text", text: "Tout va bien.", emoji: false } },
        {
          type: "context",
          elements: [{ type: "plain_text", text: "2026-11-22 10:00 UTC, pour information", emoji: false }],
        },
      ],
    });
  });

  it.each([
    ["a mention of everybody", "<!channel> help", "&lt;!channel&gt; help"],
    ["a link with another label", "<http://evil.test|Vigie>", "&lt;http:\u200b//evil.test|Vigie&gt;"],
    ["an entity made to be decoded", "&lt;!here&gt;", "&amp;lt;!here&amp;gt;"],
    ["a bare mention", "@channel @here", "@\u200bchannel @\u200bhere"],
    ["a Markdown link", "[Vigie](https://evil.test)", "[Vigie]\u200b(https:\u200b//evil.test)"],
    ["a bare address", "see www.evil.test", "see www\u200b.evil.test"],
    ["text that runs backwards", "a\u202Eb\u0000c", "a b c"],
  ])("makes %s harmless", (_, hostile, safe) => {
    expect(slackText(hostile, 100)).toBe(safe);
    const body = bodyOf(aLetter({ title: hostile, text: hostile }), "slack");
    expect(body).not.toContain("<!");
    expect(body.match(/<http/g)).toHaveLength(2);
  });

  it("lets no text of any kind out of its place", () => {
    const pieces = fc.constantFrom(
      "<",
      ">",
      "&",
      "|",
      "@",
      "!",
      "://",
      "](",
      "www.",
      "a",
      "\u202e",
      "\n",
      "é",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 200 }), fc.integer({ min: 5, max: 120 }), (parts, max) => {
        const text = slackText(parts.join(""), max);
        expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)|@(?!\u200b)|:\/\//);
        expect(text.length).toBeLessThanOrEqual(max);
      }),
    );
  });

  it("keeps a link's address inside the link", () => {
    expect(slackLink("https://v.example/a|b>c d&e", "Open")).toBe(
      "<https://v.example/a%7Cb%3Ec%20d&amp;e|Open>",
    );
  });

  it("cuts what Slack would refuse for its length", () => {
    const body = parsed(aLetter({ title: "&".repeat(200), text: "<".repeat(2000) }), "slack");
    expect(body.blocks[0].text.text.length).toBeLessThanOrEqual(150);
    expect(body.blocks[1].text.text.length).toBeLessThanOrEqual(3000);
    expect(body.blocks[1].text.text).toMatch(/^(&lt;)+…$/);
  });
});

describe("the page that a notice opens", () => {
  const none = { incident_id: null, plugin_id: null };
  it.each([
    [
      { kind: "incident_detected" as const, incident_id: incidentId(), plugin_id: pluginId() },
      `/incidents/${incidentId()}`,
    ],
    [{ kind: "address_disabled" as const, ...none, merchant_id: "m1" }, "/merchants/m1"],
    [{ kind: "approval_needed" as const, ...none, plugin_id: pluginId() }, `/plugins/${pluginId()}`],
    [{ kind: "release_halted" as const, ...none }, "/releases"],
    [{ kind: "autonomy_downgraded" as const, ...none }, "/safety"],
    [{ kind: "fleet_incident_opened" as const, ...none }, "/incidents"],
    [{ kind: "digest" as const, ...none }, "/notices"],
  ])("of %o is %s", (row, path) => {
    expect(opsPath(row)).toBe(path);
  });
});
