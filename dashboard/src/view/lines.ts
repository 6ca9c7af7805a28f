/** Pure. A list typed as text. */

/** One value a line; commas do as well, empty lines and repetitions do not count. */
export function linesOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[\n,]/)
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    ),
  ];
}
