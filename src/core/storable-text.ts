/** A plugin's text is hostile: what is kept of it must not grow in storage, nor carry control characters to a screen. Pure. */

/** At most `maxChars` characters; control characters, lone surrogates, quotes and backslashes (which JSON lengthens) become `_`. */
export function storableText(text: string, maxChars: number): string {
  return text
    .replace(/[\p{C}"\\]/gu, "_")
    .slice(0, maxChars)
    .toWellFormed();
}
