/** Reads a body while counting: a declared length is a peer's claim, so the count decides and reading stops at the limit. */

export type BodyRead = { ok: true; bytes: Uint8Array } | { ok: false };

/**
 * All of `body`, or not ok as soon as it is longer than `maxBytes`. Rejects when the stream fails or is aborted.
 *
 * @param drainBytes up to so much more is read and thrown away first. For a server: closing a connection whose body was
 *   left unread resets it, and the peer may lose the refusal that was on its way.
 */
export async function readBody(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  declaredLength: string | null,
  drainBytes = 0,
): Promise<BodyRead> {
  // More than will be drained: reading any of it is of no use.
  if (declaredLength !== null && Number(declaredLength) > maxBytes + drainBytes) {
    await body?.cancel().catch(() => undefined);
    return { ok: false };
  }
  if (body === null) return { ok: true, bytes: new Uint8Array(0) };
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes + drainBytes) {
      await reader.cancel().catch(() => undefined);
      return { ok: false };
    }
    if (length <= maxBytes) chunks.push(value);
  }
  return length > maxBytes ? { ok: false } : { ok: true, bytes: join(chunks, length) };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
