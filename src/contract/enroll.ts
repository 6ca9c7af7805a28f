/** Enrolment: a one-time claim code becomes a plugin identity. */
import { z } from "zod";
import { Environment } from "./heartbeat.ts";
import { Base64, Instant, MerchantId, PluginId, ProductName, Version } from "./ids.ts";
import { PublisherKeys } from "./release.ts";

export const ClaimCode = z
  .string()
  .regex(/^clm_[A-Za-z0-9_-]{20,600}\.[A-Za-z0-9_-]{43}$/, "not a claim code");

/** What a claim code carries, under the control plane's MAC. */
export const Claim = z.object({
  nonce: z.string().min(8).max(64),
  merchant_id: MerchantId,
  merchant_name: z.string().min(1).max(120),
  product: ProductName,
  expires_at: Instant,
});
export type Claim = z.infer<typeof Claim>;

export const EnrollRequest = z.object({
  claim_code: ClaimCode,
  product: ProductName,
  version: Version,
  environment: Environment,
  site_url: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .optional(),
  /** Raw 32-byte Ed25519 public key in base64: the control plane then stores no secret at all. */
  public_key: Base64.length(44).optional(),
});
export type EnrollRequest = z.infer<typeof EnrollRequest>;

export const EnrollReply = z.object({
  plugin_id: PluginId,
  /** `whsec_` + base64; shown once, absent when a public key was given. */
  secret: z.string().startsWith("whsec_").optional(),
  control_public_key: Base64,
  publisher_keys: PublisherKeys,
  next_heartbeat_s: z.number().int(),
});
export type EnrollReply = z.infer<typeof EnrollReply>;

export const ClaimRequest = z.strictObject({
  merchant_id: MerchantId,
  merchant_name: z.string().min(1).max(120),
  product: ProductName,
  valid_for_s: z.number().int().min(60).max(2_592_000).default(86_400),
});
export type ClaimRequest = z.infer<typeof ClaimRequest>;
export const ClaimReply = z.object({ claim_code: ClaimCode, expires_at: Instant });
export type ClaimReply = z.infer<typeof ClaimReply>;
