/** One message for what was held back: how many of what, the first few by name, the others counted. Pure. */
import type { Language, NotificationKind } from "../../contract/notification.ts";

/** Titles that a digest spells out. */
export const DIGEST_TITLES = 10;
/** Notices that one digest speaks of; the rest wait for the next one. */
export const DIGEST_MOST = 1_000;

export interface HeldNotice {
  kind: NotificationKind;
  urgency: "page" | "notice";
  title: string;
}

export interface Digest {
  urgency: "page" | "notice";
  title: string;
  text: string;
}

const WORDS: Record<Language, { title: (n: number) => string; more: (n: number) => string }> = {
  en: {
    title: (n) => (n === 1 ? "1 more notice" : `${n} more notices`),
    more: (n) => `and ${n} more`,
  },
  fr: {
    title: (n) => (n === 1 ? "1 autre message" : `${n} autres messages`),
    more: (n) => `et ${n} de plus`,
  },
};

/** Pages first, then as they came; equal titles are counted together. `held` must not be empty. */
export function digestOf(held: readonly HeldNotice[], language: Language): Digest {
  const words = WORDS[language];
  const pages = held.filter(({ urgency }) => urgency === "page");
  const sorted = [...pages, ...held.filter(({ urgency }) => urgency !== "page")];
  const counts = new Map<string, number>();
  for (const { title } of sorted) counts.set(title, (counts.get(title) ?? 0) + 1);
  const named = [...counts].slice(0, DIGEST_TITLES);
  const lines = named.map(([title, count]) => `- ${title.slice(0, 120)}${count > 1 ? ` (${count} x)` : ""}`);
  const unnamed = held.length - named.reduce((sum, [, count]) => sum + count, 0);
  if (unnamed > 0) lines.push(words.more(unnamed));
  return {
    urgency: pages.length > 0 ? "page" : "notice",
    title: words.title(held.length),
    text: lines.join("\n").slice(0, 2000),
  };
}
