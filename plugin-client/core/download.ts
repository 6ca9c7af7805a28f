/** Fetches a release file and proves that it is the one the publishers signed, before anybody looks inside. */
import type { ReleaseManifest } from "../../src/contract/release.ts";
import { backoffMs, retryAfterMs } from "./backoff.ts";
import { toHex } from "./bytes.ts";
import { BodyTooLarge, readLimited } from "./limited-body.ts";
import type { Platform } from "./platform.ts";
import { type Failure, isFailure } from "./release.ts";

const TRIES = 4;
const BACKOFF = { baseMs: 500, capMs: 10_000 };
/** Without a byte for this long the connection counts as dead. */
const IDLE_TIMEOUT_MS = 15_000;
/** One try altogether: a server that drips must not hold the queue. */
const TRY_TIMEOUT_MS = 120_000;

type Try = Uint8Array<ArrayBuffer> | (Failure & { retryable: boolean; retryAfterMs: number | null });

/**
 * The file's bytes, of exactly the manifest's size and digest; or `download_failed` or `digest_mismatch`. `signal` ends it
 * early, as `download_failed`.
 */
export async function download(
  platform: Platform,
  url: string,
  manifest: Pick<ReleaseManifest, "sha256" | "size">,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | Failure> {
  for (let tries = 1; ; tries++) {
    const got = await downloadOnce(platform, url, manifest.size, signal);
    if (!isFailure(got)) {
      const digest = toHex(new Uint8Array(await platform.crypto.subtle.digest("SHA-256", got)));
      if (digest === manifest.sha256) return got;
      return { code: "digest_mismatch", message: `file has sha256 ${digest}` };
    }
    if (!got.retryable || tries >= TRIES || signal.aborted) return { code: got.code, message: got.message };
    const waitMs = Math.min(60_000, backoffMs(tries, platform.random(), BACKOFF, got.retryAfterMs));
    await new Promise<void>((resolve) => {
      const timer = platform.setTimer(resolve, waitMs);
      signal.addEventListener("abort", () => {
        platform.clearTimer(timer);
        resolve();
      });
    });
  }
}

async function downloadOnce(
  platform: Platform,
  url: string,
  size: number,
  signal: AbortSignal,
): Promise<Try> {
  const failed = (message: string, retryable: boolean, after: number | null = null) =>
    ({ code: "download_failed", message, retryable, retryAfterMs: after }) as const;
  const abort = new AbortController();
  let timer: unknown = null;
  const rearm = () => {
    platform.clearTimer(timer);
    timer = platform.setTimer(() => abort.abort(), IDLE_TIMEOUT_MS);
  };
  const stop = () => abort.abort();
  const limit = platform.setTimer(stop, TRY_TIMEOUT_MS);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    rearm();
    const response = await platform.fetch(url, { signal: abort.signal });
    if (!response.ok) {
      await response.body?.cancel();
      const { status } = response;
      const after = retryAfterMs(response.headers.get("retry-after"), platform.now());
      return failed(`answered ${status}`, status >= 500 || status === 429 || status === 408, after);
    }
    const bytes = await readLimited(response, size, rearm);
    return bytes.byteLength === size ? bytes : failed(`${bytes.byteLength} of ${size} bytes came`, true);
  } catch (error) {
    if (error instanceof BodyTooLarge)
      return {
        code: "digest_mismatch",
        message: `file is larger than ${size} bytes`,
        retryable: false,
        retryAfterMs: null,
      };
    return failed(
      signal.aborted ? "the client stops" : abort.signal.aborted ? "time-out" : (error as Error).message,
      true,
    ); // fetch rejects with Errors
  } finally {
    signal.removeEventListener("abort", stop);
    platform.clearTimer(limit);
    platform.clearTimer(timer);
  }
}
