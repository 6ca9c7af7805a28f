/** What is sent: Vigie's own JSON, or the body of a Slack incoming webhook. Pure. */
import type { Language, NotificationRow, NotifyFormat } from "../../contract/notification.ts";
import { slackLink, slackText } from "./slack-text.ts";

export interface Letter {
  row: NotificationRow;
  language: Language;
  /** Where a person reads on; null when there is nothing to open. */
  link: string | null;
}

/** Block Kit's bounds: a header of 150 characters, a text object of 3,000. */
const HEADER_MAX = 150;
const TEXT_MAX = 3000;

const WORDS = {
  en: {
    ops: "Open in Vigie",
    merchant: "Open your shop",
    page: "needs somebody now",
    notice: "for information",
  },
  fr: {
    ops: "Ouvrir dans Vigie",
    merchant: "Ouvrir votre boutique",
    page: "demande une réaction rapide",
    notice: "pour information",
  },
} as const;

/** The body's exact text: it is signed as it is. */
export function bodyOf(letter: Letter, format: NotifyFormat): string {
  return JSON.stringify(format === "slack" ? slackBody(letter) : vigieBody(letter));
}

function vigieBody({ row, language, link }: Letter) {
  const {
    revision: _revision,
    status: _status,
    detail: _detail,
    digest_id: _digest,
    sent_at: _sent,
    ...data
  } = row;
  // A merchant gets no ids of ours, and nothing that its text does not say.
  const { kind, urgency, title, text, at } = data;
  return {
    type: `vigie.${kind}`,
    timestamp: at,
    data:
      row.audience === "merchant"
        ? { kind, urgency, language, title, text, link, at }
        : { ...data, ...(link === null ? {} : { link }) },
  };
}

function slackBody({ row, language, link }: Letter) {
  const words = WORDS[language];
  const title = slackText(row.title, HEADER_MAX);
  const when = `${row.at.slice(0, 16).replace("T", " ")} UTC`;
  const reading = link === null ? [] : [section(slackLink(link, words[row.audience ?? "ops"]), "mrkdwn")];
  return {
    // Shown where blocks are not: in the phone's banner, and by receivers that know none.
    text: `${title}\n${slackText(row.text, 500)}${link === null ? "" : `\n${slackLink(link, words[row.audience ?? "ops"])}`}`,
    blocks: [
      { type: "header", text: { type: "plain_text", text: title, emoji: false } },
      section(slackText(row.text, TEXT_MAX), "plain_text"),
      {
        type: "context",
        elements: [{ type: "plain_text", text: `${when}, ${words[row.urgency]}`, emoji: false }],
      },
      ...reading,
    ],
  };
}

/** Strangers' words stand in `plain_text`, where no markup is read at all; only our own link is `mrkdwn`. */
function section(text: string, type: "plain_text" | "mrkdwn") {
  const manner = type === "mrkdwn" ? { verbatim: true } : { emoji: false };
  return { type: "section", text: { type, text, ...manner } };
}

/** The page of the dashboard that a notice to ops is about. */
export function opsPath(
  row: Pick<NotificationRow, "kind" | "incident_id" | "plugin_id" | "merchant_id">,
): string {
  if (row.incident_id !== null) return `/incidents/${encodeURIComponent(row.incident_id)}`;
  if (row.kind === "address_disabled" && row.merchant_id)
    return `/merchants/${encodeURIComponent(row.merchant_id)}`;
  if (row.plugin_id !== null) return `/plugins/${encodeURIComponent(row.plugin_id)}`;
  return PAGES[row.kind] ?? "/incidents";
}

const PAGES: Readonly<Partial<Record<NotificationRow["kind"], string>>> = {
  release_halted: "/releases",
  autonomy_downgraded: "/safety",
  autonomy_restored: "/safety",
  emergency_started: "/safety",
  emergency_ended: "/safety",
  digest: "/notices",
};
