/** A plugin's raw request becomes a trusted envelope, or a named refusal. Signature first, then the text is parsed. */
import type { z } from "zod";
import { AckEnvelope, FailEnvelope, HeartbeatEnvelope } from "../../src/contract/envelope.ts";
import type { PluginCredential } from "../../src/contract/ledger.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { PluginRequest } from "../../src/contract/rpc/plugin.ts";
import { fromBase64, fromUtf8 } from "../../src/crypto/encoding.ts";
import { type KeyVault, WEBHOOK_SECRET_PURPOSE } from "../../src/crypto/vault.ts";
import { type VerifyingKey, verifyWebhook } from "../../src/crypto/webhook-signature.ts";

export type OpenedRequest =
  | { type: "heartbeat"; data: HeartbeatEnvelope["data"] }
  | { type: "command.ack"; data: AckEnvelope["data"] }
  | { type: "command.fail"; data: FailEnvelope["data"] };

export async function verifyingKey(
  pluginId: string,
  credential: PluginCredential,
  vault: KeyVault,
): Promise<VerifyingKey> {
  if (credential.kind === "ed25519") {
    const publicKey = fromBase64(credential.public_key);
    if (publicKey === null) throw new Error("the stored public key is not base64");
    return { kind: "ed25519", publicKey };
  }
  return {
    kind: "hmac",
    secret: await vault.open(credential.sealed, { plugin_id: pluginId, purpose: WEBHOOK_SECRET_PURPOSE }),
  };
}

/** Verifies the bytes as they came, parses them for this route only, and holds body, header and path against each other. */
export async function openRequest(request: PluginRequest, key: VerifyingKey): Promise<Result<OpenedRequest>> {
  const genuine = await verifyWebhook({ ...request.headers, body: request.body }, key);
  if (!genuine) return refuse({ reason: "unauthorized" });
  const text = fromUtf8(request.body);
  if (text === null) return refuse({ reason: "invalid", message: "the body is not UTF-8" });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse({ reason: "invalid", message: "the body is not JSON" });
  }
  switch (request.route) {
    case "heartbeat":
      return opened(HeartbeatEnvelope, json, request, (data) => ({ type: "heartbeat", data }));
    case "command.ack":
      return opened(AckEnvelope, json, request, (data) => ({ type: "command.ack", data }));
    case "command.fail":
      return opened(FailEnvelope, json, request, (data) => ({ type: "command.fail", data }));
    default:
      return request.route satisfies never;
  }
}

function opened<D extends { plugin_id: string; command_id?: string }>(
  schema: z.ZodType<{ data: D }>,
  json: unknown,
  request: PluginRequest,
  wrap: (data: D) => OpenedRequest,
): Result<OpenedRequest> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse({
      reason: "invalid",
      message: issue?.message ?? "the body does not fit",
      ...(issue ? { field: issue.path.join(".") } : {}),
    });
  }
  const { data } = parsed.data;
  // A signature stays where it was made: another plugin's header or another command's path does not fit it.
  if (data.plugin_id !== request.plugin_id)
    return refuse({ reason: "invalid", field: "data.plugin_id", message: "does not agree with the header" });
  if (request.route !== "heartbeat" && data.command_id !== request.command_id)
    return refuse({ reason: "invalid", field: "data.command_id", message: "does not agree with the path" });
  return ok(wrap(data));
}
