/**
 * Error fingerprints. Pure. The same fault must get the same fingerprint in every shop and on every boot, so whatever varies
 * (ids, numbers, quoted values, paths' folders, line numbers) is masked before hashing. The prefix names the algorithm:
 * fingerprints of different versions never match each other.
 */
import { bounded, redacted } from "./text.ts";

export interface ErrorInput {
  message: string;
  name?: string | undefined;
  stack?: string | undefined;
  fingerprint?: string | undefined;
}

const MAX_FINGERPRINT = 64;

/** Anything that was thrown, as name, message and stack. Never throws itself. */
export function errorInput(thrown: unknown): ErrorInput {
  try {
    if (typeof thrown !== "object" || thrown === null) return { message: String(thrown) };
    const { message, name, stack, fingerprint } = thrown as Record<string, unknown>; // any object may be thrown
    return {
      message: typeof message === "string" ? message : String(thrown),
      name: typeof name === "string" ? name : undefined,
      stack: typeof stack === "string" ? stack : undefined,
      fingerprint: typeof fingerprint === "string" ? fingerprint : undefined,
    };
  } catch {
    return { message: "unprintable error" };
  }
}

/** The message without what differs from one occurrence to the next. */
export function maskedMessage(message: string): string {
  const withoutIds = message
    .slice(0, 1000)
    .replace(/https?:\/\/[^\s"')]+/g, "<url>")
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<id>");
  return redacted(withoutIds)
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, "<q>")
    .replace(/\b(?:0x)?[0-9a-f]{8,}\b/gi, "<hex>")
    .replace(/\d+/g, "<n>")
    .replace(/\s+/g, " ")
    .trim();
}

/** Function and file name of the innermost frame (V8, SpiderMonkey and JavaScriptCore layouts), without folder and position. */
export function topFrame(stack: string): string {
  const frame = /^\s*at (?:(?<fn>[^\s(]+) \()?(?<at>[^)\n]+)\)?$|^(?<fn2>[^@\n]*)@(?<at2>.+)$/m.exec(
    stack,
  )?.groups;
  const place = frame?.at ?? frame?.at2;
  if (place === undefined) return "";
  const file =
    place
      .replace(/(?::\d+){1,2}$/, "")
      .replace(/[?#].*$/, "")
      .split(/[\\/]/)
      .pop() ?? "";
  return `${frame?.fn ?? frame?.fn2 ?? ""}@${file}`;
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo; RFC 9923), from a chosen basis. */
function fnv1a(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** `fp1:` and 16 hexadecimal digits of name, masked message and innermost frame; or the caller's own fingerprint, bounded. */
export function fingerprintOf(error: ErrorInput): string {
  if (error.fingerprint) return bounded(error.fingerprint, MAX_FINGERPRINT);
  const text = `${error.name ?? "Error"}|${maskedMessage(error.message)}|${topFrame((error.stack ?? "").slice(0, 4000))}`;
  const hex = (basis: number) => fnv1a(text, basis).toString(16).padStart(8, "0");
  return `fp1:${hex(0x811c9dc5)}${hex(0x2b1ce4ad)}`;
}
