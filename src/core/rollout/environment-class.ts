/** Pure: the class of surroundings in which a fix is expected to behave alike: platform and runtime, each to its minor version. */
import type { Environment } from "../../contract/heartbeat.ts";

/** Where a plugin says nothing of itself. */
export const UNKNOWN_ENVIRONMENT = "unknown";

/**
 * `woocommerce 9.1 / php 8.2`: in words, at most 80 characters of a small alphabet, whatever the plugin reports. A part that is not
 * reported is left out; `unknown` when nothing is.
 */
export function environmentClass(of: Environment): string {
  const parts = [named(of.platform, of.platform_version), named(of.runtime, of.runtime_version)];
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? UNKNOWN_ENVIRONMENT : known.join(" / ");
}

/** A release's number as a person writes it; `9.x` and `8.*` are none: a class is one minor version. */
const TYPED_VERSION = /^v?\d{1,5}(\.\d{1,5}){0,3}([-+][a-z0-9.+-]+)?$/i;

/**
 * A class as a person writes it, in the form that shops are in: `WooCommerce 9.1.4/PHP 8.2` is `woocommerce 9.1 / php 8.2`. Null
 * when no shop's class could read so.
 */
export function readEnvironmentClass(text: string): string | null {
  const parts = text.split(/[/,]/).map(readPart);
  const read = parts.filter((part) => part !== null);
  return read.length === parts.length && parts.length <= 2 ? read.join(" / ") : null;
}

function readPart(text: string): string | null {
  const words = text.trim().split(/\s+/);
  const last = words.at(-1) ?? "";
  if (words.length === 1 || !/[\d*]/.test(last)) return named(words.join(" "), undefined);
  return TYPED_VERSION.test(last) ? named(words.slice(0, -1).join(" "), last) : null;
}

function named(name: string | undefined, version: string | undefined): string | null {
  const plain = (name ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .slice(0, 24);
  if (plain === "") return null;
  const minor = /^\D{0,2}(\d{1,5})(?:\.(\d{1,5}))?/.exec(version ?? "");
  if (minor === null) return plain;
  return `${plain} ${minor[1]}${minor[2] === undefined ? "" : `.${minor[2]}`}`;
}
