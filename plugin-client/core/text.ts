/** Text that leaves the shop: bounded, printable, without anything that looks like a credential or a card number. Pure. */

/** Longest prefix of `text` with at most `max` UTF-16 units, control characters blanked, no half surrogate pair at the end. */
export function bounded(text: string, max: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: blanking them is the point; databases refuse U+0000
  const printable = text.slice(0, max).replace(/[\u0000-\u001f\u007f]+/g, " ");
  return printable.replace(/\p{Surrogate}/gu, "?");
}

/**
 * Blanks what must never be in telemetry: signing secrets, bearer and API tokens, card numbers (13 to 19 digits, spaces or
 * dashes between them allowed), e-mail addresses, passwords in URLs.
 */
export function redacted(text: string): string {
  return text
    .replace(/\b(?:whsec|whsk|sk|pk|rk|clm)_[\w+/=.-]{8,}/g, "[secret]")
    .replace(/\b(bearer|basic)\s+[\w+/=.~-]{8,}/gi, "$1 [secret]")
    .replace(/\/\/[^\s/@:]+:[^\s/@]+@/g, "//[secret]@")
    .replace(/\b\d(?:[ -]?\d){12,18}\b/g, "[number]")
    .replace(/[\w.+-]+@[\w-]+\.[\w.-]+/g, "[email]");
}
