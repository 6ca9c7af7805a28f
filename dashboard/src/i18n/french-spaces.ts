/** Pure. French puts a space before a double sign and inside its quotation marks, and no line may break there. */

/** The texts with those spaces made unbreakable; narrow ones before `;`, `!`, `?` and `%`. Written with plain ones, they can be read. */
export function frenchSpaces<K extends string>(texts: Readonly<Record<K, string>>): Record<K, string> {
  const spaced = Object.entries<string>(texts).map(([key, text]) => [key, withSpaces(text)]);
  return Object.fromEntries(spaced) as Record<K, string>; // the same keys
}

function withSpaces(text: string): string {
  return text
    .replace(/ (?=[;!?%])/g, "\u202f")
    .replace(/ (?=[:»])/g, "\u00a0")
    .replaceAll("« ", "«\u00a0");
}
