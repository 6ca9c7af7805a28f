/**
 * Reads a release zip, or refuses all of it. The bytes come from a publisher who signed them; the limits hold all the same,
 * because a stolen key must not become a stolen shop. Only what a release needs is understood: stored or deflated regular
 * files and folders, one disk, no encryption, no zip64 (APPNOTE 6.3.10, sections 4.3 and 4.4).
 */
import { crc32, inflateRawSync } from "node:zlib";

export interface ZipLimits {
  maxEntries: number;
  maxTotalBytes: number;
  /** Unpacked by packed size, of the whole archive. */
  maxRatio: number;
}

export const RELEASE_ZIP_LIMITS: ZipLimits = {
  maxEntries: 4096,
  maxTotalBytes: 128 * 1024 * 1024,
  maxRatio: 100,
};

/** Below this size a high ratio is only good compression. */
const RATIO_FREE_BYTES = 1024 * 1024;
const MAX_PATH = 240;

export class ZipRefused extends Error {
  override name = "ZipRefused";
}

export interface ZipFile {
  /** Relative, forward slashes, already checked. */
  path: string;
  bytes: Uint8Array;
}

interface Entry {
  path: string;
  folder: boolean;
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

/** All files of the archive, in its order. Throws `ZipRefused` with the reason; then nothing of it is to be used. */
export function readZip(archive: Uint8Array, limits: ZipLimits = RELEASE_ZIP_LIMITS): ZipFile[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const entries = readDirectory(archive, view, limits);
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > limits.maxTotalBytes) throw new ZipRefused(`unpacks to ${total} bytes`);
  if (total > RATIO_FREE_BYTES && total > archive.byteLength * limits.maxRatio)
    throw new ZipRefused(`unpacks to ${Math.round(total / archive.byteLength)} times its size`);
  refuseCollisions(entries);
  return entries
    .filter((entry) => !entry.folder)
    .map((entry) => ({ path: entry.path, bytes: unpack(archive, view, entry) }));
}

function readDirectory(archive: Uint8Array, view: DataView, limits: ZipLimits): Entry[] {
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const oneDisk = view.getUint16(end + 4, true) === 0 && view.getUint16(end + 8, true) === count;
  const size = view.getUint32(end + 12, true);
  const start = view.getUint32(end + 16, true);
  if (!oneDisk || count === 0xffff || start === 0xffffffff) throw new ZipRefused("zip64 or several disks");
  if (count === 0) throw new ZipRefused("is empty");
  if (count > limits.maxEntries) throw new ZipRefused(`has ${count} entries`);
  if (start + size !== end) throw new ZipRefused("has bytes that no entry owns");
  const entries: Entry[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50)
      throw new ZipRefused("directory is damaged");
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw new ZipRefused("directory is damaged");
    entries.push(readEntry(view, at, archive.subarray(at + 46, at + 46 + nameLength)));
    at = next;
  }
  if (at !== end) throw new ZipRefused("directory is damaged");
  return entries;
}

/** Offset of the end-of-directory record. It must end the file: a comment could hide a second archive. */
function findEnd(view: DataView): number {
  const at = view.byteLength - 22;
  if (at < 0 || view.getUint32(at, true) !== 0x06054b50 || view.getUint16(at + 20, true) !== 0)
    throw new ZipRefused("is not a zip file, or carries a comment");
  return at;
}

function readEntry(view: DataView, at: number, rawName: Uint8Array): Entry {
  const name = decodeName(rawName);
  const madeByUnix = view.getUint8(at + 5) === 3;
  const attributes = view.getUint32(at + 38, true);
  const kind = (attributes >>> 16) & 0o170000;
  const folder = name.endsWith("/");
  if (view.getUint16(at + 8, true) & 0x2041) throw new ZipRefused(`${name} is encrypted`);
  if (madeByUnix && kind !== 0 && kind !== (folder ? 0o040000 : 0o100000))
    throw new ZipRefused(`${name} is a link or a special file`);
  const entry: Entry = {
    path: folder ? name.slice(0, -1) : name,
    folder,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  refusePath(entry.path);
  if (entry.method !== 0 && entry.method !== 8) throw new ZipRefused(`${name} is packed in an unknown way`);
  if ([entry.packed, entry.size, entry.offset].includes(0xffffffff))
    throw new ZipRefused(`${name} needs zip64`);
  if (folder && entry.size !== 0) throw new ZipRefused(`folder ${name} has content`);
  return entry;
}

function decodeName(raw: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(raw);
  } catch {
    throw new ZipRefused("a name is not UTF-8");
  }
}

/** Relative, forward slashes, no way up, nothing that any file system reads differently. */
function refusePath(path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  const odd = /[\u0000-\u001f\u007f\\:*?"<>|]/.test(path);
  const parts = path.split("/");
  const wrong = parts.some((part) => part === "" || part === "." || part === ".." || /[. ]$/.test(part));
  if (path.length === 0 || path.length > MAX_PATH || odd || wrong)
    throw new ZipRefused(`${JSON.stringify(path.slice(0, 80))} is not a safe path`);
}

/** Two entries that some file system would take for the same path, or a file where another entry needs a folder. */
function refuseCollisions(entries: readonly Entry[]): void {
  const key = (path: string) => path.normalize("NFC").toLowerCase();
  const seen = new Map<string, Entry>();
  for (const entry of entries) {
    if (seen.has(key(entry.path))) throw new ZipRefused(`${entry.path} is there twice`);
    seen.set(key(entry.path), entry);
  }
  for (const { path } of entries) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = seen.get(key(parts.slice(0, depth).join("/")));
      if (parent !== undefined && !parent.folder)
        throw new ZipRefused(`${parent.path} is a file and a folder`);
    }
  }
}

function unpack(archive: Uint8Array, view: DataView, entry: Entry): Uint8Array {
  const { offset, path } = entry;
  if (offset + 30 > archive.byteLength || view.getUint32(offset, true) !== 0x04034b50)
    throw new ZipRefused(`${path} is damaged`);
  const nameLength = view.getUint16(offset + 26, true);
  const start = offset + 30 + nameLength + view.getUint16(offset + 28, true);
  const localName = decodeName(archive.subarray(offset + 30, offset + 30 + nameLength));
  if (localName !== path)
    throw new ZipRefused(`${path} is called ${JSON.stringify(localName.slice(0, 80))} inside`);
  if (start + entry.packed > archive.byteLength) throw new ZipRefused(`${path} is cut short`);
  const packed = archive.subarray(start, start + entry.packed);
  const bytes = entry.method === 0 ? packed.slice() : inflate(packed, entry);
  if (bytes.byteLength !== entry.size || crc32(bytes) !== entry.crc)
    throw new ZipRefused(`${path} is damaged`);
  return bytes;
}

/** Stops as soon as there is more than the directory promised. */
function inflate(packed: Uint8Array, entry: Entry): Uint8Array {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
  } catch {
    throw new ZipRefused(`${entry.path} is damaged`);
  }
}
