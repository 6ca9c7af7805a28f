/** Pure: one byte range of RFC 9110, section 14. */

export type RangeChoice =
  | { kind: "whole" }
  | { kind: "part"; offset: number; length: number }
  | { kind: "unsatisfiable" };

/**
 * What a `Range` header asks of a file of `size` bytes. Several ranges, and units other than bytes, are answered with the
 * whole file, as the RFC permits; so is a header that makes no sense.
 */
export function chooseRange(header: string | undefined, size: number): RangeChoice {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header?.trim() ?? "");
  if (!match) return { kind: "whole" };
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return { kind: "whole" };
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? { kind: "unsatisfiable" } : { kind: "part", offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < offset) return { kind: "whole" };
  return offset >= size ? { kind: "unsatisfiable" } : { kind: "part", offset, length: end - offset + 1 };
}
