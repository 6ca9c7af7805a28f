/**
 * Every fingerprint ever seen, in 128 characters: a Bloom filter (Bloom 1970) of 512 bits with 3 hashes. It may take a new fingerprint
 * for a known one (about 1 in 50 after 60 of them), never a known one for new: the mistake that raises no false alarm. Pure.
 */

const BITS = 512;
const HASHES = 3;

export const NONE_SEEN = "0".repeat(BITS / 4);

export function hasSeen(seen: string, fingerprint: string): boolean {
  return bitsOf(fingerprint).every((bit) => (nibble(seen, bit) & (1 << (bit & 3))) !== 0);
}

export function addSeen(seen: string, fingerprint: string): string {
  if (hasSeen(seen, fingerprint)) return seen;
  const digits = [...seen];
  for (const bit of bitsOf(fingerprint)) {
    digits[bit >> 2] = (Number.parseInt(digits[bit >> 2] ?? "0", 16) | (1 << (bit & 3))).toString(16);
  }
  return digits.join("");
}

function nibble(seen: string, bit: number): number {
  return Number.parseInt(seen[bit >> 2] ?? "0", 16);
}

/** Double hashing (Kirsch and Mitzenmacher 2006) from one 32-bit FNV-1a, well mixed. */
function bitsOf(fingerprint: string): number[] {
  let hash = 0x811c9dc5;
  for (let i = 0; i < fingerprint.length; i++) {
    hash = Math.imul(hash ^ fingerprint.charCodeAt(i), 0x01000193);
  }
  const first = mix(hash);
  const second = mix(hash ^ 0x9e3779b9) | 1;
  return Array.from({ length: HASHES }, (_, i) => ((first + Math.imul(i, second)) >>> 0) % BITS);
}

function mix(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
