/** Precedence of semantic versions (semver.org 2.0.0, item 11). Pure. */

const SHAPE = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z.-]{1,40}))?$/;

export function isVersion(text: unknown): text is string {
  return typeof text === "string" && text.length <= 64 && SHAPE.test(text);
}

/** Negative when `a` is older than `b`, zero when they rank the same, positive when newer. Both must be versions. */
export function compareVersions(a: string, b: string): number {
  const [, ...left] = SHAPE.exec(a) ?? [];
  const [, ...right] = SHAPE.exec(b) ?? [];
  for (let i = 0; i < 3; i++) {
    const difference = Number(left[i]) - Number(right[i]);
    if (difference !== 0) return difference;
  }
  return comparePreRelease(left[3], right[3]);
}

function comparePreRelease(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const x = left[i];
    const y = right[i];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const numeric = [x, y].map((part) => /^\d+$/.test(part));
    if (numeric[0] && numeric[1]) return Number(x) - Number(y);
    if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}
