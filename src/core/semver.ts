/** Pure: precedence and steps of semantic versions (semver.org 2.0.0, items 9 to 11; build metadata is not carried). */
import type { SemverStep } from "../contract/decision.ts";

export interface Semver {
  major: number;
  minor: number;
  patch: number;
  /** Dot-separated identifiers after the hyphen; empty for a normal version. */
  prerelease: readonly string[];
}

const SHAPE = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?$/;
const NUMERIC = /^\d+$/;

/** The parts of a version; null when the text is none. */
export function parseSemver(text: string): Semver | null {
  const match = SHAPE.exec(text);
  if (!match) return null;
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3]),
    prerelease: match[4] === undefined ? [] : match[4].split("."),
  };
}

/**
 * Negative when `a` comes before `b`, zero when they are equal in precedence, positive otherwise. Text that is no version
 * sorts before every version, by code unit, so that sorting never throws on a peer's text.
 */
export function compareSemver(a: string, b: string): number {
  const left = parseSemver(a);
  const right = parseSemver(b);
  if (!left || !right) return left ? 1 : right ? -1 : a < b ? -1 : a > b ? 1 : 0;
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePrerelease(left.prerelease, right.prerelease)
  );
}

/** How far a change of version goes. Equal versions, and the release of a pre-release, are the smallest step. */
export function stepBetween(from: string, to: string): SemverStep {
  if (compareSemver(to, from) < 0) return "downgrade";
  const left = parseSemver(from);
  const right = parseSemver(to);
  // A version that cannot be read is judged as the largest step: it asks for the most approvals.
  if (!left || !right) return "major";
  if (left.major !== right.major) return "major";
  if (left.minor !== right.minor) return "minor";
  return "patch";
}

/** Item 11.3 and 11.4: a normal version outranks its pre-releases; numbers before words, more fields outrank fewer. */
function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compareIdentifier(a[i] ?? "", b[i] ?? "");
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareIdentifier(a: string, b: string): number {
  const aNumeric = NUMERIC.test(a);
  const bNumeric = NUMERIC.test(b);
  if (aNumeric && bNumeric) return Number(a) - Number(b);
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
