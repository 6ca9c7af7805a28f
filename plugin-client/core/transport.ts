/** Signed POST requests to the control plane, with a time-out and a bounded answer. Never throws for what a network can do. */

import { retryAfterMs } from "./backoff.ts";
import { HEADER_ID, HEADER_PLUGIN, HEADER_SIGNATURE, HEADER_TIMESTAMP } from "./header-names.ts";
import { readLimited } from "./limited-body.ts";
import type { Platform } from "./platform.ts";
import type { Signer } from "./signing.ts";

export type Answer =
  | { ok: true; body: unknown }
  /** `status` is 0 when there was no answer at all. */
  | { ok: false; status: number; reason: string; lastSeq: number | null; retryAfterMs: number | null };

export interface PostOptions {
  timeoutMs?: number;
  /** Lets a browser finish the request while the page goes away. */
  keepalive?: boolean;
}

/** Eight commands of 16 KiB and a commit, with room for JSON escapes. */
const MAX_ANSWER_BYTES = 512 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;
/** A shop's clock further off than this cannot sign: the control plane's tolerance is 300 s. */
const SKEW_MS = 120_000;

export class Transport {
  readonly #platform: Platform;
  readonly #apiUrl: string;
  readonly #pluginId: string;
  readonly #signer: () => Promise<Signer>;
  #skewMs = 0;

  constructor(platform: Platform, apiUrl: string, pluginId: string, signer: () => Promise<Signer>) {
    this.#platform = platform;
    this.#apiUrl = apiUrl;
    this.#pluginId = pluginId;
    this.#signer = signer;
  }

  /**
   * The time to sign with and to judge expiry by: the local clock, corrected only after the control plane has refused a
   * request and its `date` header showed that the local clock is unusable.
   */
  wallClock(): number {
    return this.#platform.now() + this.#skewMs;
  }

  /** An absolute URL on the API's origin, or the URL itself. */
  resolve(pathOrUrl: string): string {
    return new URL(pathOrUrl, this.#apiUrl).href;
  }

  async post(path: string, messageId: string, body: string, options: PostOptions = {}): Promise<Answer> {
    const first = await this.#postOnce(path, messageId, body, options);
    if (first.answer.ok || first.answer.status !== 401 || first.dateMs === null) return first.answer;
    const skewMs = first.dateMs - this.#platform.now();
    if (Math.abs(skewMs - this.#skewMs) < SKEW_MS) return first.answer;
    this.#skewMs = skewMs;
    return (await this.#postOnce(path, messageId, body, options)).answer;
  }

  async #postOnce(
    path: string,
    messageId: string,
    body: string,
    options: PostOptions,
  ): Promise<{ answer: Answer; dateMs: number | null }> {
    const abort = new AbortController();
    const timer = this.#platform.setTimer(() => abort.abort(), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    try {
      const timestampS = Math.floor(this.wallClock() / 1000);
      const signer = await this.#signer();
      const response = await this.#platform.fetch(this.resolve(path), {
        method: "POST",
        headers: {
          "content-type": "application/json",
          [HEADER_ID]: messageId,
          [HEADER_TIMESTAMP]: String(timestampS),
          [HEADER_SIGNATURE]: await signer(messageId, timestampS, body),
          [HEADER_PLUGIN]: this.#pluginId,
        },
        body,
        signal: abort.signal,
        redirect: "manual",
        ...(options.keepalive && { keepalive: true }),
      });
      const text = new TextDecoder().decode(await readLimited(response, MAX_ANSWER_BYTES));
      const date = Date.parse(response.headers.get("date") ?? "");
      return { answer: this.#read(response, text), dateMs: Number.isFinite(date) ? date : null };
    } catch (error) {
      const reason = abort.signal.aborted
        ? "time-out"
        : error instanceof Error
          ? error.message
          : String(error);
      return { answer: { ok: false, status: 0, reason, lastSeq: null, retryAfterMs: null }, dateMs: null };
    } finally {
      this.#platform.clearTimer(timer);
    }
  }

  #read(response: Response, text: string): Answer {
    let body: unknown = null;
    try {
      body = JSON.parse(text);
    } catch {
      if (response.ok) return refused(0, "answer is not JSON");
    }
    if (response.ok) return { ok: true, body };
    const error = (body as { error?: { code?: unknown; last_seq?: unknown } } | null)?.error; // read defensively below
    const lastSeq =
      error?.code === "stale_seq" && Number.isSafeInteger(error.last_seq) ? Number(error.last_seq) : null;
    const after = retryAfterMs(response.headers.get("retry-after"), this.#platform.now());
    const code = typeof error?.code === "string" ? ` ${error.code.slice(0, 40)}` : "";
    return refused(response.status, `${response.status}${code}`, lastSeq, after);
  }
}

function refused(
  status: number,
  reason: string,
  lastSeq: number | null = null,
  retryAfter: number | null = null,
): Answer {
  return { ok: false, status, reason, lastSeq, retryAfterMs: retryAfter };
}
