/** Enrolment: a one-time claim code becomes an identity. */
import type { EnrollRequest } from "../../src/contract/enroll.ts";
import type { Environment } from "../../src/contract/heartbeat.ts";
import type { PublisherKeys } from "../../src/contract/release.ts";
import { backoffMs, retryAfterMs } from "./backoff.ts";
import { fromBase64 } from "./bytes.ts";
import { readLimited } from "./limited-body.ts";
import { defaultPlatform, type Platform } from "./platform.ts";
import * as shape from "./shape.ts";

export interface EnrollOptions {
  apiUrl: string;
  claimCode: string;
  product: string;
  version: string;
  environment: Environment;
  siteUrl?: string;
  /** Raw Ed25519 public key in base64 (`generateSigningKey`): the control plane then stores no secret. */
  publicKey?: string;
  platform?: Platform;
  /** Tries while the control plane cannot be reached; a refusal is final. */
  tries?: number;
}

export interface Enrolled {
  plugin_id: string;
  /** `whsec_` secret, shown once; absent when a public key was given. */
  secret?: string;
  control_public_key: string;
  publisher_keys: PublisherKeys;
  next_heartbeat_s: number;
}

export class EnrollError extends Error {
  override name = "EnrollError";
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Enrols once. Throws `EnrollError` on a refusal, a malformed answer, or when nobody answers. */
export async function enroll(options: EnrollOptions): Promise<Enrolled> {
  const platform = options.platform ?? defaultPlatform();
  const request: EnrollRequest = {
    claim_code: options.claimCode,
    product: options.product,
    version: options.version,
    environment: options.environment,
    ...(options.siteUrl !== undefined && { site_url: options.siteUrl }),
    ...(options.publicKey !== undefined && { public_key: options.publicKey }),
  };
  const url = new URL("/api/plugins/enroll", options.apiUrl).href;
  for (let tries = 1; ; tries++) {
    const { status, text, after } = await postOnce(platform, url, JSON.stringify(request));
    if (status === 200 || status === 201) return parseEnrolled(text, options.publicKey !== undefined);
    const passing = status === 0 || status === 429 || status === 503;
    if (!passing || tries >= (options.tries ?? 5))
      throw new EnrollError(status, status === 0 ? `no answer: ${text}` : `refused with ${status}`);
    const waitMs = backoffMs(tries, platform.random(), { baseMs: 500, capMs: 10_000 }, after);
    await new Promise<void>((resolve) => platform.setTimer(resolve, waitMs));
  }
}

async function postOnce(
  platform: Platform,
  url: string,
  body: string,
): Promise<{ status: number; text: string; after: number | null }> {
  const abort = new AbortController();
  const timer = platform.setTimer(() => abort.abort(), 15_000);
  try {
    const headers = { "content-type": "application/json" };
    const response = await platform.fetch(url, {
      method: "POST",
      headers,
      body,
      signal: abort.signal,
      redirect: "manual",
    });
    const text = new TextDecoder().decode(await readLimited(response, 64 * 1024));
    const after = retryAfterMs(response.headers.get("retry-after"), platform.now());
    return { status: response.status, text, after };
  } catch (error) {
    return { status: 0, text: error instanceof Error ? error.message : String(error), after: null };
  } finally {
    platform.clearTimer(timer);
  }
}

function parseEnrolled(text: string, ownKey: boolean): Enrolled {
  try {
    const from = shape.parseFields(text, "reply", 64 * 1024);
    const secret = ownKey ? undefined : shape.text(from, "secret", 200, /^whsec_/);
    return {
      plugin_id: shape.text(from, "plugin_id", 64, /^plg_[A-Za-z0-9_-]{27}$/),
      ...(secret !== undefined && { secret }),
      control_public_key: publicKey(from, "control_public_key"),
      publisher_keys: parsePublisherKeys(from.publisher_keys),
      next_heartbeat_s: shape.whole(from, "next_heartbeat_s", 1, 86_400),
    };
  } catch (error) {
    throw new EnrollError(201, `answer is malformed: ${(error as Error).message}`); // ShapeError only
  }
}

export function parsePublisherKeys(value: unknown): PublisherKeys {
  const from = shape.fields(value, "publisher_keys");
  const keys = shape.list(from, "keys", 1, 8).map((item) => {
    const one = shape.fields(item, "keys");
    return { key_id: shape.text(one, "key_id", 64), public_key: publicKey(one, "public_key") };
  });
  const threshold = shape.whole(from, "threshold", 1, 8);
  if (new Set(keys.map((key) => key.public_key)).size < threshold) throw new shape.ShapeError("threshold");
  return { threshold, keys };
}

function publicKey(from: shape.Fields, name: string): string {
  const key = shape.text(from, name, 64);
  if (fromBase64(key)?.length !== 32) throw new shape.ShapeError(name);
  return key;
}
