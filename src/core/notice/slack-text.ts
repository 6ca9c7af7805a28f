/**
 * A stranger's text inside a Slack message. `&`, `<` and `>` are Slack's own control characters (docs.slack.dev, "Formatting message
 * text"): escaped, no mention, channel or link can be made with them. Receivers that take the same body (Mattermost and its
 * like) also know bare `@channel`, Markdown links and bare addresses: a zero-width space takes these apart. Pure.
 */

const APART = "\u200b";

export function slackText(text: string, maxChars: number): string {
  const apart = text
    .toWellFormed()
    // Also U+202E and its like, which would turn what follows around, and zero-width joints that hide a mention.
    .replace(/[\p{Cc}\p{Cf}]/gu, (mark) => (mark === "\n" ? mark : " "))
    .replaceAll("@", `@${APART}`)
    .replaceAll("://", `:${APART}//`)
    .replaceAll("](", `]${APART}(`)
    .replace(/\bwww\./gi, (mark) => `${mark.slice(0, 3)}${APART}.`);
  return escapeWithin(apart, maxChars);
}

/** Escaped, and cut so that no entity is cut in two, and no mention from what takes it apart. */
function escapeWithin(text: string, maxChars: number): string {
  let out = "";
  for (const mark of text) {
    const next = ENTITIES[mark] ?? mark;
    if (out.length + next.length > maxChars - 1) return `${out.replace(/@$/, "")}…`;
    out += next;
  }
  return out;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The address inside `<address|label>`: whatever could end it is percent-encoded. */
export function slackLink(address: string, label: string): string {
  const safe = address.replace(/[<>|\s&]/g, (mark) => (mark === "&" ? "&amp;" : encodeURIComponent(mark)));
  return `<${safe}|${label}>`;
}
