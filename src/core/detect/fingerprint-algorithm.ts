/**
 * Fingerprints name the version of the algorithm that made them (`fp1:...`, `fp2:...`). A plugin update may bring a new one; its
 * fingerprints match none from before, although the errors are the old ones. Pure.
 */

const VERSIONED = /^fp([0-9]{1,3}):/;

/** Version of the algorithm; null for a fingerprint that the plugin chose itself, which no algorithm changes. */
export function algorithmOf(fingerprint: string): number | null {
  const version = VERSIONED.exec(fingerprint)?.[1];
  return version === undefined ? null : Number(version);
}

/** The versions in use among these, without repeats. */
export function algorithmsOf(fingerprints: readonly string[]): number[] {
  return [...new Set(fingerprints.map(algorithmOf).filter((version) => version !== null))].sort(
    (a, b) => a - b,
  );
}

/** Made by another algorithm than everything known: it cannot be compared, so "never seen" would mean nothing. */
export function incomparable(fingerprint: string, known: readonly number[]): boolean {
  const version = algorithmOf(fingerprint);
  return version !== null && known.length > 0 && !known.includes(version);
}
