/** Splits a stream of text into lines, each bounded. Pure state. */

const MAX_LINE = 16 * 1024;

export class LineReader {
  #rest = "";
  /** Inside a line that is too long: dropped up to its end. */
  #dropping = false;

  /** Lines that ended with this chunk. */
  push(chunk: string): string[] {
    const parts = (this.#rest + chunk).split("\n");
    this.#rest = parts.pop() ?? "";
    const lines: string[] = [];
    for (const part of parts) {
      if (!this.#dropping && part.length <= MAX_LINE) lines.push(part);
      this.#dropping = false;
    }
    if (this.#rest.length > MAX_LINE) {
      this.#rest = "";
      this.#dropping = true;
    }
    return lines;
  }
}
