/** Pure. What differs between two JSON documents, and one person's changes put on top of another's. */

export interface Change {
  /** Names from the root; a list counts as one value. */
  path: string[];
  before: unknown;
  after: unknown;
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The changes that lead from `before` to `after`, in the order of the document. */
export function changesBetween(before: unknown, after: unknown, path: string[] = []): Change[] {
  if (isTree(before) && isTree(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changesBetween(before[name], after[name], [...path, name]));
  }
  return sameJson(before, after) ? [] : [{ path, before, after }];
}

/** Puts changes onto a document; what they do not name stays as it is. */
export function withChanges<T>(document: T, changes: readonly Change[]): T {
  const copy = structuredClone(document);
  for (const change of changes) setAt(copy, change.path, structuredClone(change.after));
  return copy;
}

/** Paths that both sides changed, to different values: a person has to choose. */
export function conflicts(mine: readonly Change[], theirs: readonly Change[]): Change[] {
  return mine.filter((change) => {
    const other = theirs.find((c) => c.path.join(".") === change.path.join("."));
    return other !== undefined && !sameJson(other.after, change.after);
  });
}

function setAt(root: unknown, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined || !isTree(root)) return;
  if (rest.length === 0) root[name] = value;
  else setAt(root[name], rest, value);
}

/** Equal as JSON, whatever the order of the names. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  if (isTree(a) && isTree(b)) return changesBetween(a, b).length === 0;
  return Object.is(a, b);
}
