/** ARCHITECTURE.md numbers the invariants; each of those that code can hold to has a property test of its own, titled with its number. */
import { describe, expect, it } from "vitest";
import { readFromRoot } from "./source-tree.ts";

const ROW = /^\| (\d+)\. (.+?) \| (.+?) \|$/gm;
const rows = [...readFromRoot("ARCHITECTURE.md").matchAll(ROW)].map(([, number, sentence, files]) => ({
  number: Number(number),
  sentence: sentence ?? "",
  files: [...(files ?? "").matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? ""),
}));

/** A title of its own, or a row of a table whose titles are made of number and sentence. */
function isProvedIn(path: string, number: number): boolean {
  const text = readFromRoot(path);
  return (
    text.includes(`Invariant ${number}: `) ||
    (text.includes("Invariant %i: ") && text.includes(`[${number}, "`))
  );
}

describe("the invariants of ARCHITECTURE.md", () => {
  it("are numbered 1 to 14", () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
  });

  it.each(rows.filter(({ number }) => number <= 11))(
    "$number. is proved by a test that says so: $sentence",
    ({ number, files }) => {
      expect(files.filter((path) => isProvedIn(path, number))).not.toEqual([]);
    },
  );

  it("are not proved by a test of another one", () => {
    expect(isProvedIn("test/plugin-client/invariants.test.ts", 4)).toBe(false);
  });
});
