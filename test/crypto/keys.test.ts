import { generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { PublisherKeys, ReleaseManifest, SignedRelease } from "../../src/contract/release.ts";
import { loadControlKey } from "../../src/crypto/control-key.ts";
import { toBase64, utf8 } from "../../src/crypto/encoding.ts";
import { verifyRelease } from "../../src/crypto/release-signature.ts";
import { VaultError, workerSecretVault } from "../../src/crypto/vault.ts";

const T0 = Date.parse("2026-11-22T12:00:00.000Z");

async function aPublisher(key_id: string) {
  const pair = generateKeyPairSync("ed25519");
  const pkcs8 = toBase64(new Uint8Array(pair.privateKey.export({ type: "pkcs8", format: "der" })));
  const key = await loadControlKey(pkcs8);
  return { key_id, public_key: key.publicKey, sign: key.sign };
}
type Publisher = Awaited<ReturnType<typeof aPublisher>>;

const pinned = (threshold: number, ...publishers: Publisher[]): PublisherKeys => ({
  threshold,
  keys: publishers.map(({ key_id, public_key }) => ({ key_id, public_key })),
});

function aManifest(overrides: Partial<ReleaseManifest> = {}): ReleaseManifest {
  return {
    spec: "vigie.release/1",
    product: "molam-pay",
    version: "1.2.3",
    sha256: "a".repeat(64),
    size: 10,
    min_from: "1.0.0",
    reversible: true,
    expires: new Date(T0 + 60_000).toISOString(),
    ...overrides,
  };
}

async function signedBy(manifest: string, ...publishers: Publisher[]): Promise<SignedRelease> {
  const signatures = publishers.map(async ({ key_id, sign }) => ({
    key_id,
    signature: await sign(manifest),
  }));
  return { manifest, signatures: await Promise.all(signatures) };
}

describe("the control key", () => {
  it("derives its public half and signs what any Ed25519 library verifies", async () => {
    const pair = generateKeyPairSync("ed25519");
    const key = await loadControlKey(
      pair.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    );
    const raw = pair.publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    expect(key.publicKey).toBe(raw.toString("base64"));
    const signature = Buffer.from(await key.sign("héllo"), "base64");
    expect(verify(null, Buffer.from("héllo"), pair.publicKey, signature)).toBe(true);
  });

  it("agrees with RFC 8032's first test vector", async () => {
    const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const pkcs8 = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex").toString("base64");
    const key = await loadControlKey(pkcs8);
    expect(Buffer.from(key.publicKey, "base64").toString("hex")).toBe(
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    );
    expect(Buffer.from(await key.sign(""), "base64").toString("hex")).toBe(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
  });

  it("refuses a text that is no key", async () => {
    await expect(loadControlKey("%%%")).rejects.toThrow();
    await expect(loadControlKey("AAAA")).rejects.toThrow();
  });
});

describe("a release", () => {
  it("is genuine when the threshold of distinct publishers signed it", async () => {
    const [a, b] = [await aPublisher("a"), await aPublisher("b")];
    const signed = await signedBy(JSON.stringify(aManifest()), a, b);
    expect(await verifyRelease(signed, pinned(2, a, b), T0)).toEqual({ ok: true, value: aManifest() });
  });

  it("is refused when one publisher signs twice, or holds two key ids", async () => {
    const [a, b] = [await aPublisher("a"), await aPublisher("b")];
    const text = JSON.stringify(aManifest());
    expect((await verifyRelease(await signedBy(text, a, a), pinned(2, a, b), T0)).ok).toBe(false);
    const twin = { ...a, key_id: "twin" };
    expect((await verifyRelease(await signedBy(text, a, twin), pinned(2, a, twin), T0)).ok).toBe(false);
  });

  it("is refused when a signer is not pinned, or the text was changed by one byte", async () => {
    const [a, stranger] = [await aPublisher("a"), await aPublisher("stranger")];
    const signed = await signedBy(JSON.stringify(aManifest()), a);
    expect((await verifyRelease(signed, pinned(1, stranger), T0)).ok).toBe(false);
    const changed = { ...signed, manifest: `${signed.manifest} ` };
    expect((await verifyRelease(changed, pinned(1, a), T0)).ok).toBe(false);
  });

  it("is refused when expired, or when the signed text is no manifest", async () => {
    const a = await aPublisher("a");
    const expired = await signedBy(JSON.stringify(aManifest({ expires: new Date(T0).toISOString() })), a);
    expect(await verifyRelease(expired, pinned(1, a), T0)).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "manifest" },
    });
    expect(await verifyRelease(await signedBy("not JSON", a), pinned(1, a), T0)).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "manifest" },
    });
  });
});

describe("the vault", () => {
  const context = { plugin_id: "plg_1", purpose: "webhook-secret" };
  const secret = utf8("correct horse battery staple");

  it("opens what it sealed, and never seals twice to the same text", async () => {
    const vault = workerSecretVault(new Uint8Array(32).fill(1));
    const [one, two] = [await vault.seal(secret, context), await vault.seal(secret, context)];
    expect(one).toMatch(/^v1\.[0-9a-f]{12}(\.[A-Za-z0-9_-]+){3}$/);
    expect(one).not.toBe(two);
    expect(await vault.open(one, context)).toEqual(secret);
  });

  it("does not open for another plugin, another purpose, another key, or when altered", async () => {
    const vault = workerSecretVault(new Uint8Array(32).fill(1));
    const sealed = await vault.seal(secret, context);
    const other = sealed.at(-8) === "A" ? "B" : "A";
    await expect(vault.open(sealed, { ...context, plugin_id: "plg_2" })).rejects.toThrow(VaultError);
    await expect(vault.open(sealed, { ...context, purpose: "other" })).rejects.toThrow(VaultError);
    await expect(workerSecretVault(new Uint8Array(32)).open(sealed, context)).rejects.toThrow(VaultError);
    await expect(vault.open(sealed.slice(0, -8) + other + sealed.slice(-7), context)).rejects.toThrow(
      VaultError,
    );
    await expect(vault.open("v1.nonsense", context)).rejects.toThrow(VaultError);
  });

  it("opens values of an earlier key during a rotation, and seals under the new one", async () => {
    const [before, after] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const sealed = await workerSecretVault(before).seal(secret, context);
    const rotated = workerSecretVault(after, [before]);
    expect(await rotated.open(sealed, context)).toEqual(secret);
    const resealed = await rotated.seal(secret, context);
    expect(await workerSecretVault(after).open(resealed, context)).toEqual(secret);
  });
});
