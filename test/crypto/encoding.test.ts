import { expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest.ts";
import {
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from "../../src/crypto/encoding.ts";

it.each([
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["foobar", "Zm9vYmFy"],
])("writes and reads RFC 4648's base64 of %j", (text, encoded) => {
  expect(toBase64(utf8(text))).toBe(encoded);
  expect(fromUtf8(fromBase64(encoded) ?? new Uint8Array([255]))).toBe(text);
});

it.each(["Zg", "Zg=", "Z g=", "Zg==\n", "-_8=", "====", "Zm9v="])("refuses %j as base64", (text) => {
  expect(fromBase64(text)).toBeNull();
});

it("writes base64url without padding and reads it back", () => {
  const bytes = new Uint8Array([251, 255, 254, 0]);
  expect(toBase64Url(bytes)).toBe("-__-AA");
  expect(fromBase64Url("-__-AA")).toEqual(bytes);
  expect(fromBase64Url("+/8=")).toBeNull();
});

it("survives an array longer than the argument limit of a call", () => {
  const bytes = new Uint8Array(300_000).map((_, i) => i % 251);
  expect(fromBase64(toBase64(bytes))).toEqual(bytes);
});

it("writes and reads hexadecimal", () => {
  expect(toHex(new Uint8Array([0, 15, 255]))).toBe("000fff");
  expect(fromHex("000FFf")).toEqual(new Uint8Array([0, 15, 255]));
  expect(fromHex("0")).toBeNull();
  expect(fromHex("zz")).toBeNull();
});

it("answers null for bytes that are not UTF-8", () => {
  expect(fromUtf8(new Uint8Array([0xff, 0xfe]))).toBeNull();
});

it("computes the SHA-256 of FIPS 180-2's example", async () => {
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(await sha256Hex("abc")).toBe(digest);
  expect(await sha256Hex(utf8("abc"))).toBe(digest);
});
