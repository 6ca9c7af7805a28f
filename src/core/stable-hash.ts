/** A stable place in [0, 1) for a text: the same on every run and machine. Spreads fleets over time and over canary stages. Pure. */

/** 32-bit FNV-1a over UTF-16 code units, with a final avalanche (MurmurHash3 fmix32) because FNV's high bits are weak on short texts. */
export function stableShare(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) / 0x1_0000_0000;
}
