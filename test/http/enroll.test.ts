import { describe, expect, it } from "vitest";
import type { Claim, EnrollReply } from "../../src/contract/enroll.ts";
import type { EnrollInput } from "../../src/contract/rpc/plugin.ts";
import { mintClaim, newNonce } from "../../src/crypto/claim-code.ts";
import { isGenuinePluginId } from "../../src/crypto/plugin-id.ts";
import { WEBHOOK_SECRET_PURPOSE, workerSecretVault } from "../../src/crypto/vault.ts";
import { parseSecret } from "../../src/crypto/webhook-signature.ts";
import { createApp } from "../../src/http/app.ts";
import {
  aFakeEnv,
  control,
  type Doubles,
  ORIGIN,
  PLUGIN_ID_KEY,
  PUBLISHER_KEYS,
  VAULT_KEY,
} from "./fake-env.ts";

const app = createApp();
const publicKey = Buffer.alloc(32, 5).toString("base64");

async function aClaimCode(overrides: Partial<Claim> = {}, key = PLUGIN_ID_KEY): Promise<string> {
  const expires_at = new Date(Date.now() + 60_000).toISOString();
  const claim = { nonce: newNonce(), merchant_id: "m-1", merchant_name: "Zoé", product: "molam-pay" };
  return mintClaim(key, { ...claim, expires_at, ...overrides });
}

async function aRequest(overrides: Record<string, unknown> = {}) {
  return {
    claim_code: await aClaimCode(),
    product: "molam-pay",
    version: "1.2.2",
    environment: { platform: "woocommerce" },
    ...overrides,
  };
}

const accepting = (): Doubles => ({
  fleet: { enroll: async () => ({ ok: true, value: { enrolled: true } }) },
  plugin: { enroll: async () => ({ ok: true, value: { next_heartbeat_s: 120 } }) },
});

const post = (body: unknown, env: object) =>
  app.request(
    `${ORIGIN}/api/plugins/enroll`,
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    env,
  );

describe("enrolment", () => {
  it("answers 201 with a genuine id, a secret shown once, and what the plugin must pin", async () => {
    const { env, calls, args } = aFakeEnv(accepting());
    const response = await post(await aRequest(), env);
    expect(response.status).toBe(201);
    const reply = (await response.json()) as EnrollReply;
    expect(await isGenuinePluginId(PLUGIN_ID_KEY, reply.plugin_id)).toBe(true);
    expect(reply).toEqual({
      plugin_id: reply.plugin_id,
      secret: reply.secret,
      control_public_key: control.key.publicKey,
      publisher_keys: PUBLISHER_KEYS,
      next_heartbeat_s: 120,
    });
    expect(calls).toEqual(["fleet/fleet.enroll", `plugin/${reply.plugin_id}.enroll`]);

    const input = args[1]?.[0] as EnrollInput;
    const sealed = input.credential.kind === "hmac" ? input.credential.sealed : "";
    const context = { plugin_id: reply.plugin_id, purpose: WEBHOOK_SECRET_PURPOSE };
    expect(await workerSecretVault(VAULT_KEY).open(sealed, context)).toEqual(parseSecret(reply.secret ?? ""));
  });

  it("stores no secret for a plugin that brings its public key", async () => {
    const { env, args } = aFakeEnv(accepting());
    const response = await post(await aRequest({ public_key: publicKey }), env);
    expect(response.status).toBe(201);
    expect(await response.json()).not.toHaveProperty("secret");
    expect(args[1]?.[0]).toMatchObject({ credential: { kind: "ed25519", public_key: publicKey } });
  });

  it.each<[string, () => Promise<unknown>, number, object]>([
    [
      "a claim code under another key",
      async () => aRequest({ claim_code: await aClaimCode({}, new Uint8Array(32)) }),
      401,
      { code: "unauthorized" },
    ],
    [
      "an expired claim code",
      async () => aRequest({ claim_code: await aClaimCode({ expires_at: "2020-01-01T00:00:00Z" }) }),
      401,
      { code: "unauthorized" },
    ],
    [
      "a text that is no claim code",
      () => aRequest({ claim_code: "please" }),
      400,
      { code: "invalid", field: "claim_code" },
    ],
    [
      "another product than the claim's",
      () => aRequest({ product: "other-pay" }),
      400,
      { code: "invalid", field: "product" },
    ],
    [
      "a public key that is none",
      () => aRequest({ public_key: `${"A".repeat(43)}A` }),
      400,
      { code: "invalid", field: "public_key" },
    ],
    ["a missing version", () => aRequest({ version: undefined }), 400, { code: "invalid", field: "version" }],
    [
      "a site that is no web address",
      () => aRequest({ site_url: "javascript:alert(1)" }),
      400,
      { code: "invalid", field: "site_url" },
    ],
    ["a body that is no object", async () => [], 400, { code: "invalid" }],
  ])("refuses %s and spends nothing", async (_, request, status, error) => {
    const { env, calls } = aFakeEnv(accepting());
    const response = await post(await request(), env);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error });
    expect(calls).toEqual([]);
  });

  it("makes no plugin from a claim code that was used before", async () => {
    const refusal = { reason: "conflict", message: "the claim code was used" } as const;
    const { env, calls } = aFakeEnv({
      ...accepting(),
      fleet: { enroll: async () => ({ ok: false, refusal }) },
    });
    const response = await post(await aRequest(), env);
    expect(response.status).toBe(409);
    expect(calls).toEqual(["fleet/fleet.enroll"]);
  });

  it("refuses malformed JSON and other media types", async () => {
    const { env } = aFakeEnv();
    const malformed = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
    const response = await app.request(`${ORIGIN}/api/plugins/enroll`, malformed, env);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "invalid", message: "the body is not JSON" },
    });
    const form = { method: "POST", body: new URLSearchParams({ claim_code: "x" }) };
    expect((await app.request(`${ORIGIN}/api/plugins/enroll`, form, env)).status).toBe(415);
  });
});
