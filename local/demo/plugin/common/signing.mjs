/** Standard Webhooks 1.0.0 signature: HMAC-SHA256 over `id.timestamp.body`, in UTF-8, with a `whsec_` secret. */

import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

export function sign(secret, id, timestamp, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = Buffer.from(`${id}.${timestamp}.${body}`, "utf8");
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}
