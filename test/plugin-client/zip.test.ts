import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readZip } from "../../plugin-client/file-host/zip.ts";

const files = (archive: Uint8Array) => readZip(archive).map(({ path }) => path);

/** Replaces each occurrence of one name by another of the same length, in local headers and directory. */
function renamed(archive: Uint8Array, from: string, to: string, which: "all" | "local" = "all"): Uint8Array {
  const bytes = Buffer.from(archive);
  let at = bytes.indexOf(from);
  while (at >= 0) {
    bytes.write(to, at, "latin1");
    at = which === "local" ? -1 : bytes.indexOf(from, at + 1);
  }
  return bytes;
}

/** Changes bytes of the first directory entry. */
function directoryByte(archive: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const bytes = Buffer.from(archive);
  const at = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  bytes.set(values, at + offset);
  return bytes;
}

const plain = zipSync({ aaaa: strToU8("hello ".repeat(50)), bbbb: strToU8("x") });

describe("a release zip", () => {
  it("gives its files, stored or deflated, in folders", () => {
    const archive = zipSync({
      "plugin.json": strToU8("{}"),
      lib: { "a.txt": strToU8("a".repeat(1000)), "é.txt": [strToU8("stored"), { level: 0 }] },
    });
    expect(files(archive).sort()).toEqual(["lib/a.txt", "lib/é.txt", "plugin.json"]);
    expect(Buffer.from(readZip(archive).find((f) => f.path === "lib/a.txt")?.bytes ?? []).toString()).toBe(
      "a".repeat(1000),
    );
  });

  const unsafe: [string, string][] = [
    ["an absolute path", "/aaa"],
    ["a way up", "../a"],
    ["a way up inside", "a/.."],
    ["a backslash", "a\\bb"],
    ["a drive letter", "c:aa"],
    ["an empty segment", "a//b"],
    ["a dot segment", "./aa"],
    ["a control character", "a\u0001bb"],
    ["a trailing dot", "aaa."],
    ["a trailing space", "aaa "],
    ["a name that is not UTF-8", "a\u00ffbb"],
  ];
  it.each(unsafe)("is refused whole for %s", (_why, name) => {
    expect(() => readZip(renamed(plain, "aaaa", name))).toThrow(/safe path|UTF-8/);
  });

  const broken: [string, () => Uint8Array, RegExp][] = [
    [
      "a symbolic link",
      () => zipSync({ aaaa: [strToU8("/etc/passwd"), { os: 3, attrs: 0o120777 << 16 }] }),
      /link/,
    ],
    ["a device", () => zipSync({ aaaa: [strToU8(""), { os: 3, attrs: 0o020666 << 16 }] }), /link/],
    ["a duplicate", () => renamed(plain, "bbbb", "aaaa"), /twice/],
    ["a duplicate by case", () => renamed(plain, "bbbb", "AAAA"), /twice/],
    [
      "a file that is also a folder",
      () => zipSync({ aaaa: strToU8("x"), "aaaa/b": strToU8("y") }),
      /file and a folder/,
    ],
    ["another name in the local header", () => renamed(plain, "aaaa", "zzzz", "local"), /called/],
    ["encryption", () => directoryByte(plain, 8, 1), /encrypted/],
    ["an unknown compression", () => directoryByte(plain, 10, 12), /unknown way/],
    ["a size too small", () => directoryByte(plain, 24, 5, 0, 0, 0), /damaged/],
    ["a size too large", () => directoryByte(plain, 24, 0, 4, 0, 0), /damaged/],
    ["a wrong checksum", () => directoryByte(plain, 16, 0, 0, 0, 0), /damaged/],
    ["an offset outside", () => directoryByte(plain, 42, 0, 0, 0xff, 0), /damaged/],
    ["packed data cut short", () => directoryByte(plain, 20, 0xff, 0xff, 0xff, 0), /cut short/],
    ["a comment", () => Buffer.concat([Buffer.from(plain), Buffer.from("x")]), /not a zip/],
    ["bytes before the end", () => Buffer.concat([Buffer.from("MZ"), Buffer.from(plain)]), /no entry owns/],
    ["nothing in it", () => zipSync({}), /empty/],
    ["no zip at all", () => strToU8("hello"), /not a zip/],
    ["no bytes", () => new Uint8Array(), /not a zip/],
  ];
  it.each(broken)("is refused for %s", (_why, archive, message) => {
    expect(() => readZip(archive())).toThrow(message);
  });

  it("is refused for too many entries, too many bytes, or too high a ratio", () => {
    const limits = { maxEntries: 3, maxTotalBytes: 4_000_000, maxRatio: 50 };
    const many = zipSync(Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`f${i}`, strToU8("x")])));
    expect(() => readZip(many, limits)).toThrow("4 entries");
    const large = zipSync({ a: [new Uint8Array(5_000_000), { level: 0 }] });
    expect(() => readZip(large, limits)).toThrow("5000000 bytes");
    const bomb = zipSync({ a: new Uint8Array(3_000_000) });
    expect(() => readZip(bomb, limits)).toThrow("times its size");
  });

  it("of a lying directory never inflates more than it promised", () => {
    const bomb = directoryByte(zipSync({ a: new Uint8Array(50_000_000) }), 24, 10, 0, 0, 0);
    expect(() => readZip(bomb)).toThrow("damaged");
  });
});
