/**
 * What a merchant reads: what happened in its own shop, why, and whether it must do something. Made from the facts alone, so that
 * no word of ours, of another merchant or of a plugin gets in. Pure.
 */
import { INCIDENT_TYPES } from "../../contract/incident.ts";
import type { Language, NotificationFacts, NotificationKind } from "../../contract/notification.ts";
import { isKept } from "./good-end.ts";
import { type Failing, MERCHANT_WORDS, type MerchantWords } from "./merchant-words.ts";

export interface MerchantText {
  title: string;
  text: string;
}

/** Null for a kind that concerns no merchant. */
export function merchantText(
  kind: NotificationKind,
  facts: NotificationFacts,
  language: Language,
): MerchantText | null {
  const words = MERCHANT_WORDS[language];
  const sentences = sentencesOf(kind, facts, words);
  if (sentences === null || !(kind in words.title)) return null;
  const colon = language === "fr" ? "\u00a0: " : ": ";
  // `in` was asked above: the kind is one of the titles' own.
  const about =
    kind === "patched" && isKept(facts)
      ? words.title.kept
      : words.title[kind as keyof MerchantWords["title"]];
  return { title: `${words.shop(hostOf(facts.site_url))}${colon}${about}`, text: sentences.join(" ") };
}

function sentencesOf(
  kind: NotificationKind,
  facts: NotificationFacts,
  words: MerchantWords,
): string[] | null {
  const problem = problemOf(facts, words);
  const down = facts.type === "heartbeat_missed" && facts.cause === "shop_down";
  switch (kind) {
    case "incident_detected":
      return down ? [problem, words.askHost] : [problem, words.searching, words.nothingToDo];
    case "approval_needed":
      // After a health check it is in the shop already: what is asked is whether it stays.
      return [problem, facts.attempt?.health_rule ? words.deciding : words.checking, words.nothingToDo];
    case "patched":
      if (isKept(facts)) return [doneOf(facts, words), words.unproved, words.found(problem), words.tellUs];
      return [doneOf(facts, words), words.over, words.found(problem), words.watching, words.nothingToDo];
    case "rolled_back":
      if (facts.attempt?.takes_back)
        return [words.takenBack(facts.attempt.target_version), words.called, words.nothingToDo];
      return [
        triedOf(facts, words),
        restoredOf(facts, words),
        words.found(problem),
        words.called,
        words.nothingToDo,
      ];
    case "escalated":
      return down ? [problem, words.askHost] : [problem, words.called, words.nothingToDo];
    case "rollback_failed":
      return [triedOf(facts, words), words.calledNow, words.found(problem), words.pleaseCheck];
    case "incident_resolved":
      return [words.over, words.nothingToDo];
    default:
      return null;
  }
}

function problemOf({ type, value, cause }: NotificationFacts, words: MerchantWords): string {
  switch (type) {
    case "webhook_fail_rate":
      return words.problem.webhook_fail_rate(percentOf(value));
    case "heartbeat_missed": {
      const known = cause === "shop_down" || cause === "plugin_silent" ? cause : "unknown";
      return words.problem.heartbeat_missed[known];
    }
    default:
      return words.problem[type];
  }
}

/** Whole per cent; null for what is no share. */
function percentOf(value: number | null): number | null {
  return value === null || !(value > 0 && value <= 1) ? null : Math.max(1, Math.round(value * 100));
}

function doneOf({ attempt }: NotificationFacts, words: MerchantWords): string {
  return attempt ? words.done[attempt.action](attempt.from_version, attempt.target_version) : words.over;
}

function triedOf({ attempt }: NotificationFacts, words: MerchantWords): string {
  const failing = words.failing[failingOf(attempt?.health_rule ?? null)];
  return attempt
    ? `${words.tried[attempt.action](attempt.from_version, attempt.target_version)} ${failing}`
    : `${words.tried.escalate("", null)} ${failing}`;
}

function restoredOf({ attempt }: NotificationFacts, words: MerchantWords): string {
  const changed = attempt?.action === "patch" || attempt?.action === "rollback";
  return changed ? words.restored(attempt.from_version) : words.undone;
}

/** The health check's rules, told in the few ways that matter to a merchant. A rule that is not known here is told in general. */
function failingOf(rule: string | null): Failing {
  if (rule === null) return "other";
  if (rule.startsWith("original")) return "persists";
  if (rule.startsWith("new_")) return "new_problem";
  if (rule.startsWith("probe")) return "own_tests";
  if (rule.startsWith("no_beat") || rule.startsWith("silen")) return "no_answer";
  // Inconclusive: named by the signal that could be neither shown nor ruled out.
  const open = INCIDENT_TYPES.some((type) => type === rule);
  if (open || rule === "doubt" || rule === "suspect" || rule.startsWith("not_enough")) return "unsure";
  return "other";
}

/** The host of a site's address; null when it is none that may be shown. */
export function hostOf(siteUrl: string | null): string | null {
  const host = /^https?:\/\/([a-z0-9.-]{1,253})(?::\d{1,5})?(?:[/?#]|$)/i.exec(siteUrl ?? "")?.[1];
  return host?.toLowerCase() ?? null;
}

/** Where a merchant may look: its own shop. Null when its address is none. */
export function shopLink(siteUrl: string | null): string | null {
  const host = hostOf(siteUrl);
  if (host === null) return null;
  const port = /^https?:\/\/[^/:?#]+(:\d{1,5})/i.exec(siteUrl ?? "")?.[1] ?? "";
  return `${/^https:/i.test(siteUrl ?? "") ? "https" : "http"}://${host}${port}/`;
}

/** A test message to a merchant. */
export function merchantTest(language: Language): MerchantText {
  return language === "fr"
    ? {
        title: "Ceci est un essai",
        text: "Les messages concernant votre boutique arriveront ici. Vous n’avez rien à faire.",
      }
    : {
        title: "This is a test",
        text: "Messages about your shop will arrive here. You need not do anything.",
      };
}
