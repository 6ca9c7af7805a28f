/**
 * A plugin by script: it enrols over HTTP and signs by itself, with none of our own client or signing code. HMAC by the public
 * `standardwebhooks` package, Ed25519 by Node's own crypto.
 */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Stack } from "../../local/stack.ts";
import { ClaimReply, EnrollReply, type EnrollRequest } from "../../src/contract/enroll.ts";
import { type HeartbeatData, HeartbeatReply } from "../../src/contract/heartbeat.ts";

export type Credential = { kind: "hmac"; secret: string } | { kind: "ed25519"; privateKey: KeyObject };

/** Headers set to undefined are left out. */
export type Headers = Record<string, string | undefined>;

export interface EnrolOptions {
  merchant: string;
  product?: string;
  version?: string;
  /** Where its shop is seen from outside. */
  siteUrl?: string;
  credential?: Credential["kind"];
  /** Address it seems to come from: the flood limit counts by it. */
  address?: string;
}

export type ScriptedPlugin = Awaited<ReturnType<typeof enrolPlugin>>;

const DEFAULTS = { product: "shop-pay", version: "1.0.0" } as const;

export async function mintClaimCode(stack: Stack, merchant: string, product: string): Promise<string> {
  const json = { merchant_id: merchant, merchant_name: `Merchant ${merchant}`, product };
  const response = await stack.api("/api/ops/claims", { json });
  return ClaimReply.parse(await response.json()).claim_code;
}

/** @throws when the claim or the enrolment is refused. */
export async function enrolPlugin(stack: Stack, options: EnrolOptions) {
  const product = options.product ?? DEFAULTS.product;
  const version = options.version ?? DEFAULTS.version;
  const pair = options.credential === "ed25519" ? generateKeyPairSync("ed25519") : null;
  const request: EnrollRequest = {
    claim_code: await mintClaimCode(stack, options.merchant, product),
    product,
    version,
    environment: { platform: "scripted" },
    ...(options.siteUrl === undefined ? {} : { site_url: options.siteUrl }),
    ...(pair
      ? {
          public_key: pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64"),
        }
      : {}),
  };
  const response = await postJson(stack.url, "/api/plugins/enroll", request, options.address);
  const text = await response.text();
  if (response.status !== 201) throw new Error(`enrolment refused: ${response.status} ${text}`);
  const enrolment = EnrollReply.parse(JSON.parse(text));
  const { plugin_id: id, secret } = enrolment;
  if (pair === null && secret === undefined) throw new Error("no secret was given");
  const credential: Credential = pair
    ? { kind: "ed25519", privateKey: pair.privateKey }
    : { kind: "hmac", secret: secret ?? "" };

  let seq = 0;
  const bootId = randomUUID();

  const envelope = (type: string, data: object) =>
    JSON.stringify({ type, timestamp: new Date().toISOString(), data });

  /** Signed headers of a body; `change` replaces some, after signing. */
  function headersFor(body: string, change: Headers = {}, at = new Date()): Headers {
    const messageId = `msg_${randomUUID()}`;
    return {
      "content-type": "application/json",
      "webhook-id": messageId,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": signatureOf(credential, messageId, at, body),
      "x-plugin-id": id,
      ...(options.address === undefined ? {} : { "cf-connecting-ip": options.address }),
      ...change,
    };
  }

  async function post(path: string, body: string, headers: Headers = headersFor(body)): Promise<Response> {
    const present = Object.entries(headers).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return fetch(new URL(path, stack.url), { method: "POST", headers: present, body });
  }

  function beatData(change: Partial<HeartbeatData> = {}): HeartbeatData {
    return {
      plugin_id: id,
      seq: ++seq,
      boot_id: bootId,
      version,
      state: "running",
      cadence: "resident",
      ...change,
    };
  }

  return {
    id,
    enrolment,
    credential,
    envelope,
    headersFor,
    post,
    beatData,
    /** Sends exactly this data. */
    send: (data: object) => post("/api/plugins/heartbeat", envelope("heartbeat", data)),
    /** A beat that is served; the next sequence number unless `change` names one. @throws for any other answer */
    async beat(change: Partial<HeartbeatData> = {}): Promise<HeartbeatReply> {
      const answer = await post("/api/plugins/heartbeat", envelope("heartbeat", beatData(change)));
      const answerText = await answer.text();
      if (answer.status !== 200) throw new Error(`beat refused: ${answer.status} ${answerText}`);
      return HeartbeatReply.parse(JSON.parse(answerText));
    },
    report: (commandId: string, verb: "ack" | "fail", data: object) =>
      post(
        `/api/plugins/commands/${commandId}/${verb}`,
        envelope(`command.${verb}`, { plugin_id: id, command_id: commandId, ...data }),
      ),
  };
}

/** Standard Webhooks 1.0.0: over `id.timestamp.body`. */
export function signatureOf(credential: Credential, messageId: string, at: Date, body: string): string {
  if (credential.kind === "hmac") return new Webhook(credential.secret).sign(messageId, at, body);
  const content = `${messageId}.${Math.floor(at.getTime() / 1000)}.${body}`;
  return `v1a,${sign(null, Buffer.from(content), credential.privateKey).toString("base64")}`;
}

export function postJson(url: string, path: string, json: unknown, address?: string): Promise<Response> {
  return fetch(new URL(path, url), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(address === undefined ? {} : { "cf-connecting-ip": address }),
    },
    body: JSON.stringify(json),
  });
}
