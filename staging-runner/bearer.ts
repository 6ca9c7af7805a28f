/** The runner's one credential. */
import { createHash, timingSafeEqual } from "node:crypto";

/** True when `header` is `Bearer <token>`. Digests are compared, so neither content nor length shows in the time taken. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const presented = /^Bearer (.+)$/i.exec(header ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(presented), digest(token)) && token.length > 0;
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
