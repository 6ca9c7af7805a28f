/** Enrolment: a one-time claim code becomes a plugin with an identity and a credential. */
import { Hono } from "hono";
import { fleetOf, pluginOf } from "../../../durable-objects/stubs.ts";
import { type Claim, type EnrollReply, EnrollRequest } from "../../contract/enroll.ts";
import type { PluginCredential } from "../../contract/ledger.ts";
import { type Result, refuse } from "../../contract/refusal.ts";
import { openClaim } from "../../crypto/claim-code.ts";
import { fromBase64 } from "../../crypto/encoding.ts";
import { mintPluginId } from "../../crypto/plugin-id.ts";
import { WEBHOOK_SECRET_PURPOSE } from "../../crypto/vault.ts";
import { newSecret } from "../../crypto/webhook-signature.ts";
import type { Env } from "../../env.ts";
import { controlKey, pluginIdKey, publisherKeys, vault } from "../../settings.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalResponse, resultResponse } from "../error-response.ts";
import { floodRefusal } from "../flood-limit.ts";
import { isJson, parseJson, readBytes } from "../read-request.ts";

export const enrollRoute = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readBytes(c);
  if (!body.ok) return refusalResponse(c, body.refusal);
  const flood = await floodRefusal(c, "enroll");
  if (flood) return refusalResponse(c, flood);
  if (!isJson(c)) return refusalResponse(c, { reason: "unsupported_media_type" });
  const request = parseJson(body.value, EnrollRequest);
  if (!request.ok) return refusalResponse(c, request.refusal);

  const claim = await openClaim(pluginIdKey(c.env), request.value.claim_code, Date.now());
  if (claim === null) return refusalResponse(c, { reason: "unauthorized" });
  const mismatch = mismatchOf(claim, request.value);
  if (mismatch) return refusalResponse(c, mismatch);

  const enrolled = await enroll(c.env, claim, request.value);
  if (enrolled.ok) c.var.facts.plugin_id = enrolled.value.plugin_id;
  return resultResponse(c, enrolled, 201);
});

function mismatchOf(claim: Claim, request: EnrollRequest) {
  const invalid = (field: string, message: string) => ({ reason: "invalid", field, message }) as const;
  if (claim.product !== request.product) return invalid("product", "the claim code is for another product");
  if (request.public_key !== undefined && fromBase64(request.public_key)?.length !== 32) {
    return invalid("public_key", "not a raw Ed25519 public key");
  }
  return null;
}

/**
 * The nonce is spent before the plugin exists: were it the other way round, one code could make two plugins. When the
 * second step fails, the merchant needs a new code.
 */
async function enroll(env: Env, claim: Claim, request: EnrollRequest): Promise<Result<EnrollReply>> {
  const plugin_id = await mintPluginId(pluginIdKey(env));
  const { credential, secret } = await credentialFor(env, plugin_id, request.public_key);
  const [control, publisher_keys] = [await controlKey(env), publisherKeys(env)];

  const rostered = await fleetOf(env).enroll({
    plugin_id,
    product: claim.product,
    merchant_id: claim.merchant_id,
    nonce: claim.nonce,
    nonce_expires_at: claim.expires_at,
  });
  if (!rostered.ok) return refuse(rostered.refusal);

  const { merchant_id, merchant_name } = claim;
  const enrolled = await pluginOf(env, plugin_id).enroll({
    plugin_id,
    merchant_id,
    merchant_name,
    request,
    credential,
  });
  if (!enrolled.ok) return refuse(enrolled.refusal);
  return {
    ok: true,
    value: {
      plugin_id,
      ...(secret === undefined ? {} : { secret }),
      control_public_key: control.publicKey,
      publisher_keys,
      next_heartbeat_s: enrolled.value.next_heartbeat_s,
    },
  };
}

/** With a public key of its own, a plugin leaves us no secret to lose. */
async function credentialFor(
  env: Env,
  plugin_id: string,
  publicKey: string | undefined,
): Promise<{ credential: PluginCredential; secret?: string }> {
  if (publicKey !== undefined) return { credential: { kind: "ed25519", public_key: publicKey } };
  const { text, bytes } = newSecret();
  const sealed = await vault(env).seal(bytes, { plugin_id, purpose: WEBHOOK_SECRET_PURPOSE });
  return { credential: { kind: "hmac", sealed }, secret: text };
}
