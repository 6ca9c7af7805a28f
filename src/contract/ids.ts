/** Identifiers and short strings that cross the wire. Everything here is bounded: a peer's text is hostile until parsed. */
import { z } from "zod";

/** `plg_` + 20 bytes base64url: 12 random bytes and 8 bytes of MAC, so that a made-up id is refused without a look-up. */
export const PluginId = z.string().regex(/^plg_[A-Za-z0-9_-]{27}$/, "not a plugin id");
export type PluginId = z.infer<typeof PluginId>;

/** Ids minted by a plugin's own object: the kind, the plugin's key, a number that rises per plugin. */
export const IncidentId = z.string().regex(/^inc_[A-Za-z0-9_-]{27}_[0-9]{1,9}$/, "not an incident id");
export type IncidentId = z.infer<typeof IncidentId>;
export const AttemptId = z.string().regex(/^att_[A-Za-z0-9_-]{27}_[0-9]{1,9}$/, "not an attempt id");
export type AttemptId = z.infer<typeof AttemptId>;
export const CommandId = z.string().regex(/^cmd_[A-Za-z0-9_-]{27}_[0-9]{1,9}$/, "not a command id");
export type CommandId = z.infer<typeof CommandId>;

/** The plugin id inside an incident, attempt or command id; null when the text is none of them. */
export function pluginIdOf(id: string): PluginId | null {
  const match = /^(?:inc|att|cmd)_([A-Za-z0-9_-]{27})_[0-9]{1,9}$/.exec(id);
  return match ? `plg_${match[1]}` : null;
}

/** A remedy: settings that ops publish as a fix. */
export const RemedyId = z.string().regex(/^rmd_[A-Za-z0-9_-]{8,48}$/, "not a remedy id");
export type RemedyId = z.infer<typeof RemedyId>;

/** Lower-case hexadecimal SHA-256 of a release file. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "not a sha256 in lower-case hex");
export type Sha256 = z.infer<typeof Sha256>;

/** Semantic version without build metadata (semver.org 2.0.0, items 2 and 9). */
export const Version = z
  .string()
  .max(64)
  .regex(/^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z.-]{1,40})?$/, "not a version");
export type Version = z.infer<typeof Version>;

export const ProductName = z.string().regex(/^[a-z][a-z0-9-]{1,48}$/, "not a product name");
export type ProductName = z.infer<typeof ProductName>;

export const MerchantId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "not a merchant id");
export type MerchantId = z.infer<typeof MerchantId>;

/** ISO 8601 with `Z` or an offset. Postgres, which has no year 0 and no offset of 16 hours, takes every one of them. */
export const Instant = z.iso
  .datetime({ offset: true })
  .refine((text) => !/^0000|[+-](1[6-9]|2\d):\d\d$/.test(text), "not an instant");
export type Instant = z.infer<typeof Instant>;

/** Why a person does something, in their own words: it stands in the audit log. */
export const Why = z.string().trim().min(3, "say why, in a few words").max(500);
export type Why = z.infer<typeof Why>;

export const Base64 = z
  .string()
  .max(8192)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/, "not base64");

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export const Severity = z.enum(SEVERITIES);
export type Severity = z.infer<typeof Severity>;

export const ACTIONS = ["patch", "rollback", "config", "resubscribe", "escalate", "monitor"] as const;
export const Action = z.enum(ACTIONS);
export type Action = z.infer<typeof Action>;
