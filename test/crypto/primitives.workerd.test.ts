/** The primitives under workerd's own WebCrypto; the rules about them are tested in node. */
import { expect, it } from "vitest";
import { mintClaim, newNonce, openClaim } from "../../src/crypto/claim-code.ts";
import { loadControlKey } from "../../src/crypto/control-key.ts";
import { verifyEd25519 } from "../../src/crypto/ed25519.ts";
import { fromBase64, fromHex, toBase64, utf8 } from "../../src/crypto/encoding.ts";
import { isGenuinePluginId, mintPluginId } from "../../src/crypto/plugin-id.ts";
import { workerSecretVault } from "../../src/crypto/vault.ts";
import { newSecret, signWebhook, verifyWebhook } from "../../src/crypto/webhook-signature.ts";

const KEY = new Uint8Array(32).fill(7);
const PKCS8 = fromHex(`302e020100300506032b657004220420${"9d61b19d".repeat(8)}`) ?? new Uint8Array();

it("signs and verifies as the control plane", async () => {
  const key = await loadControlKey(toBase64(PKCS8));
  const signature = fromBase64(await key.sign("text")) ?? new Uint8Array();
  const publicKey = fromBase64(key.publicKey) ?? new Uint8Array();
  expect(await verifyEd25519(publicKey, signature, utf8("text"))).toBe(true);
  expect(await verifyEd25519(publicKey, signature, utf8("texT"))).toBe(false);
});

it("mints ids and claims that it knows again", async () => {
  expect(await isGenuinePluginId(KEY, await mintPluginId(KEY))).toBe(true);
  const claim = {
    nonce: newNonce(),
    merchant_id: "m-1",
    merchant_name: "Zoé",
    product: "molam-pay",
    expires_at: new Date(Date.now() + 60_000).toISOString(),
  };
  expect(await openClaim(KEY, await mintClaim(KEY, claim), Date.now())).toEqual(claim);
});

it("seals a secret and verifies a webhook with it", async () => {
  const vault = workerSecretVault(KEY);
  const context = { plugin_id: "plg_1", purpose: "webhook-secret" };
  const sealed = await vault.seal(newSecret().bytes, context);
  const key = { kind: "hmac", secret: await vault.open(sealed, context) } as const;
  const message = { id: "msg_1", timestamp: "1", body: utf8("{}") };
  expect(await verifyWebhook({ ...message, signature: await signWebhook(message, key) }, key)).toBe(true);
});
