/**
 * Claim codes: one-time tickets that ops hand to a merchant. Stateless until used: the MAC proves that we wrote it, the
 * nonce (consumed by FleetObject) that it is used once.
 *
 * `clm_` + base64url(JSON array) + `.` + base64url(HMAC-SHA256 over the text before the dot). An array instead of an
 * object keeps the code short enough to paste.
 */
import { z } from "zod";
import { Claim, ClaimCode } from "../contract/enroll.ts";
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from "./encoding.ts";
import { mac, macMatches } from "./mac.ts";

const Packed = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);

function payloadOf(claim: Claim): string {
  const packed = [claim.nonce, claim.merchant_id, claim.merchant_name, claim.product, claim.expires_at];
  return `clm_${toBase64Url(utf8(JSON.stringify(packed)))}`;
}

/** False when the claim is too long for a code: a long merchant name in a script of three bytes a character. */
export function claimFits(claim: Claim): boolean {
  return ClaimCode.safeParse(`${payloadOf(claim)}.${"A".repeat(43)}`).success;
}

/** 16 random bytes, base64url: enough that no two claims ever share a nonce. */
export function newNonce(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}

/** Throws a RangeError for a claim that `claimFits` refuses. */
export async function mintClaim(keyBytes: Uint8Array, claim: Claim): Promise<string> {
  if (!claimFits(claim)) throw new RangeError("the claim is too long for a code");
  const payload = payloadOf(Claim.parse(claim));
  return `${payload}.${toBase64Url(await mac(keyBytes, "vigie.claim.v1", utf8(payload)))}`;
}

/** The claim inside a genuine, unexpired code; null for every other text. `now` in milliseconds since epoch. */
export async function openClaim(keyBytes: Uint8Array, code: string, now: number): Promise<Claim | null> {
  if (!ClaimCode.safeParse(code).success) return null;
  const dot = code.lastIndexOf(".");
  const payload = code.slice(0, dot);
  const tag = fromBase64Url(code.slice(dot + 1));
  if (tag === null || !(await macMatches(keyBytes, "vigie.claim.v1", utf8(payload), tag))) return null;
  const claim = unpack(payload);
  return claim !== null && Date.parse(claim.expires_at) > now ? claim : null;
}

function unpack(payload: string): Claim | null {
  const bytes = fromBase64Url(payload.slice("clm_".length));
  const text = bytes && fromUtf8(bytes);
  if (text === null) return null;
  try {
    const [nonce, merchant_id, merchant_name, product, expires_at] = Packed.parse(JSON.parse(text));
    return Claim.parse({ nonce, merchant_id, merchant_name, product, expires_at });
  } catch {
    return null;
  }
}
