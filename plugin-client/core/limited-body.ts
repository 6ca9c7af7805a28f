/** Reads a response without ever holding more than was agreed. */

export class BodyTooLarge extends Error {
  override name = "BodyTooLarge";
}

/**
 * The body's bytes. Throws `BodyTooLarge` past `maxBytes` and cancels the rest. `onChunk` is called before each read, so
 * that the caller can re-arm an idle time-out.
 */
export async function readLimited(
  response: Response,
  maxBytes: number,
  onChunk: () => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (reader !== undefined) {
    onChunk();
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new BodyTooLarge(`more than ${maxBytes} bytes`);
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
