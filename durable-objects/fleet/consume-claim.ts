/** A claim enrols one plugin, once; the same plugin may repeat itself. */
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { FleetStore } from "./fleet-store.ts";

export interface FleetEnrolment {
  plugin_id: string;
  product: string;
  merchant_id: string;
  nonce: string;
  nonce_expires_at: string;
}

/** Puts the plugin on the roster and remembers the claim's nonce. Call inside a transaction; `now` in ms since the epoch. */
export function consumeClaim(
  store: FleetStore,
  input: FleetEnrolment,
  now: number,
): Result<{ enrolled: true }> {
  const expiresAt = Date.parse(input.nonce_expires_at);
  if (!(expiresAt > now)) return refuse({ reason: "unauthorized" });
  const owner = store.nonceOwner(input.nonce);
  if (owner === input.plugin_id) return ok({ enrolled: true });
  if (owner !== null) return refuse({ reason: "conflict", message: "this claim code was used before" });
  store.enroll({
    pluginId: input.plugin_id,
    product: input.product,
    merchantId: input.merchant_id,
    nonce: input.nonce,
    expiresAt,
  });
  return ok({ enrolled: true });
}
