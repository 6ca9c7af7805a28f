import { describe, expect, it } from "vitest";
import { readBody } from "../../src/services/bounded-body.ts";

/** A body in chunks of 10 bytes; `read` tells how many were asked for, `cancelled` whether the rest was refused. */
function aBody(chunks: number) {
  let given = 0;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (given === chunks) return controller.close();
        given++;
        controller.enqueue(new Uint8Array(10).fill(given));
      },
      cancel() {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, read: () => given, cancelled: () => isCancelled };
}

describe("a body within the limit", () => {
  it("is read whole, whatever it declared", async () => {
    for (const declared of [null, "30", "1"]) {
      const read = await readBody(aBody(3).stream, 30, declared);
      expect(read).toEqual({
        ok: true,
        bytes: Uint8Array.from([1, 2, 3].flatMap((n) => Array<number>(10).fill(n))),
      });
    }
    expect(await readBody(null, 30, null)).toEqual({ ok: true, bytes: new Uint8Array(0) });
  });
});

describe("a body beyond the limit", () => {
  it("is not read at all when it declares as much", async () => {
    const body = aBody(4);
    expect(await readBody(body.stream, 30, "40")).toEqual({ ok: false });
    expect([body.read(), body.cancelled()]).toEqual([0, true]);
  });

  it("is read no further than the limit when it does not say", async () => {
    const body = aBody(1000);
    expect(await readBody(body.stream, 30, null)).toEqual({ ok: false });
    expect([body.read(), body.cancelled()]).toEqual([4, true]);
  });

  it("is drained to its end when little is left, so that the refusal arrives", async () => {
    for (const declared of [null, "50"]) {
      const body = aBody(5);
      expect(await readBody(body.stream, 30, declared, 20)).toEqual({ ok: false });
      expect([body.read(), body.cancelled()]).toEqual([5, false]);
    }
  });

  it("is drained no further than it may be", async () => {
    const body = aBody(1000);
    expect(await readBody(body.stream, 30, null, 20)).toEqual({ ok: false });
    expect([body.read(), body.cancelled()]).toEqual([6, true]);
  });
});
