/**
 * Pure: may a host that a stranger named be called from here? Only names and addresses of the public internet are: everything
 * else is refused in words (server-side request forgery, OWASP). The table follows the IANA special-purpose registries
 * (RFC 6890 and its updates). What a name resolves to is not known here: see `src/services/site-probe.ts`.
 */

/** First address and prefix length of every IPv4 block that is not globally reachable, with what it is. */
const REFUSED_V4: readonly (readonly [string, number, string])[] = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "shared by carriers"],
  ["127.0.0.0", 8, "loopback"],
  // Also where clouds serve their metadata.
  ["169.254.0.0", 16, "link-local"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "protocol assignments"],
  ["192.0.2.0", 24, "documentation"],
  ["192.31.196.0", 24, "AS112"],
  ["192.52.193.0", 24, "AMT"],
  ["192.88.99.0", 24, "6to4 relay"],
  ["192.168.0.0", 16, "private"],
  ["192.175.48.0", 24, "AS112"],
  ["198.18.0.0", 15, "benchmarking"],
  ["198.51.100.0", 24, "documentation"],
  ["203.0.113.0", 24, "documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved"],
  // Platform metadata on an address that is otherwise public.
  ["168.63.129.16", 32, "cloud metadata"],
];

/** Names that never belong to a public shop: RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and what routers use. */
const REFUSED_SUFFIXES: readonly string[] = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "arpa",
  "test",
  "example",
  "invalid",
  "onion",
  "alt",
];

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * Why `host` must not be called, in words; null when it is a public name or address.
 *
 * @param host as in a URL: a name, an IPv4 address in any notation that URL parsers accept (also decimal, octal and hex),
 *   or an IPv6 address, in brackets or not
 */
export function refusedHost(host: string): string | null {
  const name = host.trim().toLowerCase().replace(/\.$/, "");
  if (name === "") return "the address has no host";
  if (name.includes(":") || name.startsWith("[")) return refusedIpv6(name.replace(/^\[(.*)\]$/, "$1"));
  const labels = name.split(".");
  if (isNumber(labels.at(-1) ?? "")) {
    const address = parseIpv4(labels);
    return address === null ? `${name} is no valid address` : refusedIpv4(address);
  }
  if (!NAME.test(name)) return `${name.slice(0, 80)} is no valid host name`;
  const suffix = REFUSED_SUFFIXES.find((one) => name === one || name.endsWith(`.${one}`));
  if (suffix !== undefined) return `${name} is a local name`;
  return labels.length === 1 ? `${name} is a local name` : null;
}

/** The four bytes as one unsigned number; null when it is no address. The notations are those of the URL standard, section 3.5. */
function parseIpv4(labels: readonly string[]): number | null {
  if (labels.length > 4) return null;
  const numbers = labels.map(numberOf);
  const last = numbers.at(-1);
  if (last === undefined || numbers.some(Number.isNaN)) return null;
  const leading = numbers.slice(0, -1);
  if (leading.some((part) => part > 255) || last >= 256 ** (5 - numbers.length)) return null;
  return leading.reduce((sum, part, i) => sum + part * 256 ** (3 - i), last);
}

function isNumber(label: string): boolean {
  return /^\d+$/.test(label) || /^0x[0-9a-f]*$/.test(label);
}

/** Hex with `0x`, octal with a leading zero, else decimal; NaN when it is none. */
function numberOf(label: string): number {
  if (/^0x[0-9a-f]*$/.test(label)) return label === "0x" ? 0 : Number.parseInt(label.slice(2), 16);
  if (/^0[0-7]+$/.test(label)) return Number.parseInt(label, 8);
  return /^(0|[1-9]\d*)$/.test(label) ? Number(label) : Number.NaN;
}

function refusedIpv4(address: number): string | null {
  for (const [first, bits, what] of REFUSED_V4) {
    const size = 2 ** (32 - bits);
    const start = parseIpv4(first.split(".")) ?? 0;
    if (address >= start && address < start + size) return `${dotted(address)} is not public (${what})`;
  }
  return null;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Global unicast is 2000::/3; everything outside it is local, mapped, translated or reserved. */
function refusedIpv6(text: string): string | null {
  const groups = parseIpv6(text);
  if (groups === null) return `${text.slice(0, 80)} is no valid address`;
  const [first = 0, second = 0] = groups;
  const embedded = (groups[6] ?? 0) * 65_536 + (groups[7] ?? 0);
  const refused = `${text} is not public`;
  if (groups.slice(0, 5).every((group) => group === 0) && (groups[5] === 0xffff || groups[5] === 0))
    return `${refused} (IPv4 ${dotted(embedded)} in disguise, loopback or unspecified)`;
  if (first >= 0xff00) return `${refused} (multicast)`;
  if (first >= 0xfe80 && first <= 0xfebf) return `${refused} (link-local)`;
  if (first >= 0xfc00 && first <= 0xfdff) return `${refused} (unique local)`;
  if (first < 0x2000 || first > 0x3fff) return `${refused} (not global unicast)`;
  if (first === 0x2001 && second < 0x0200) return `${refused} (protocol assignments, Teredo)`;
  if (first === 0x2001 && second === 0x0db8) return `${refused} (documentation)`;
  if (first === 0x2002) return `${refused} (6to4: an IPv4 address in disguise)`;
  if (first === 0x3fff && second < 0x1000) return `${refused} (documentation)`;
  return null;
}

/** Eight groups of 16 bits; null when it is no address. A zone (`%eth0`) names an interface of ours: no public address has one. */
function parseIpv6(text: string): number[] | null {
  const parts = text.split("::");
  if (parts.length > 2) return null;
  const sides = parts.map((side) => (side === "" ? [] : groupsOf(side)));
  const [head, tail] = sides;
  if (head === undefined || head === null || tail === null) return null;
  if (tail === undefined) return head.length === 8 ? head : null;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? null : [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Groups of one side of the `::`; the last of them may be a dotted IPv4 address, which is two. */
function groupsOf(side: string): number[] | null {
  const groups: number[] = [];
  const texts = side.split(":");
  for (const [i, text] of texts.entries()) {
    if (text.includes(".") && i === texts.length - 1) {
      const bytes = text.split(".");
      const address =
        bytes.length === 4 && bytes.every((byte) => /^\d{1,3}$/.test(byte)) ? parseIpv4(bytes) : null;
      if (address === null) return null;
      groups.push(Math.floor(address / 65_536), address % 65_536);
    } else if (/^[0-9a-f]{1,4}$/.test(text)) groups.push(Number.parseInt(text, 16));
    else return null;
  }
  return groups;
}
