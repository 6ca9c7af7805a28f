/** Pure: small stable hashes. Not cryptographic: for cohorts and for noticing edits, never for secrets. */

/** FNV-1a, 32 bit, over UTF-16 code units (draft-eastlake-fnv). */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * A stable, evenly spread place of `text` in [0, 100). FNV-1a alone spreads short similar texts badly, so its bits are
 * mixed once more (the finaliser of MurmurHash3).
 */
export function stablePercent(text: string): number {
  let hash = fnv1a(text);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return (hash / 2 ** 32) * 100;
}
