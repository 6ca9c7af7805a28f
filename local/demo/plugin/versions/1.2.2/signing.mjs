/** Standard Webhooks 1.0.0 signature: HMAC-SHA256 over `id.timestamp.body` with a `whsec_` secret. */

import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

export function sign(secret, id, timestamp, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  // The fault of this release: the body leaves as UTF-8 but is signed as Latin-1.
  const signed = Buffer.from(`${id}.${timestamp}.${body}`, "latin1");
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}
