/** Fetches the release file: from an allowed origin only, without redirects, bounded in size and time. */
import { DOWNLOAD_TIMEOUT_MS } from "./limits.ts";
import { fail, pass, type Verdict } from "./verdict.ts";

/** `maxBytes`: the size in the signed manifest; one byte more ends the download. */
export async function download(
  artifactUrl: string,
  allowedOrigins: ReadonlySet<string>,
  maxBytes: number,
): Promise<Verdict<Uint8Array<ArrayBuffer>>> {
  const url = new URL(artifactUrl);
  if (!allowedOrigins.has(url.origin) || url.username !== "" || url.password !== "") {
    return fail("origin-not-allowed", url.origin);
  }
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      const redirected = response.status >= 300 && response.status < 400;
      return fail(redirected ? "redirected" : "http-status", `status ${response.status}`);
    }
    const file = await readAtMost(response.body, maxBytes);
    if (file === null) return fail("too-large", `more than ${maxBytes} bytes`);
    return pass(file, `${file.byteLength} bytes`);
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    return fail(timedOut ? "time-limit" : "unreachable", timedOut ? "" : String(error));
  }
}

/** The whole stream, or null once it is longer than `maxBytes`. */
async function readAtMost(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const file = new Uint8Array(maxBytes);
  let length = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body) {
    if (length + chunk.byteLength > maxBytes) return null;
    file.set(chunk, length);
    length += chunk.byteLength;
  }
  return file.slice(0, length);
}
