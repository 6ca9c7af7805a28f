/** Self-authenticating plugin ids: a made-up id is refused at the edge, before any object wakes up. */
import { PluginId } from "../contract/ids.ts";
import { equalBytes } from "./constant-time.ts";
import { concat, fromBase64Url, toBase64Url } from "./encoding.ts";
import { mac } from "./mac.ts";

const RANDOM_BYTES = 12;
/** 64 bits: a forger without the key needs 2^63 requests on average, at a flood-limited door. */
const TAG_BYTES = 8;

/** A new id: `plg_` + base64url of 12 random bytes and the first 8 bytes of their HMAC-SHA256. */
export async function mintPluginId(keyBytes: Uint8Array): Promise<PluginId> {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const tag = await mac(keyBytes, "vigie.plugin-id.v1", random);
  return `plg_${toBase64Url(concat(random, tag.subarray(0, TAG_BYTES)))}`;
}

/** Did we mint this id? Constant time in the tag; false for any text that is not a plugin id. */
export async function isGenuinePluginId(keyBytes: Uint8Array, id: string): Promise<boolean> {
  if (!PluginId.safeParse(id).success) return false;
  const bytes = fromBase64Url(id.slice("plg_".length));
  // 27 characters carry two spare bits: only the canonical spelling is an id, or one plugin would have four names.
  if (bytes === null || `plg_${toBase64Url(bytes)}` !== id) return false;
  const tag = await mac(keyBytes, "vigie.plugin-id.v1", bytes.subarray(0, RANDOM_BYTES));
  return equalBytes(bytes.subarray(RANDOM_BYTES), tag.subarray(0, TAG_BYTES));
}
