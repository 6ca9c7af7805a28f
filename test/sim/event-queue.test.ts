import { describe, expect, it } from "vitest";
import { EventQueue } from "../../sim/event-queue.ts";
import { seededRandom } from "../../sim/random.ts";

function drained(queue: EventQueue, until: number): void {
  while (queue.step(until));
}

describe("the event queue", () => {
  it("runs events by time, those of one instant in the order they were planned", () => {
    const queue = new EventQueue(0);
    const seen: string[] = [];
    for (const [at, name] of [
      [30, "c"],
      [10, "a"],
      [30, "d"],
      [20, "b"],
    ] as const)
      queue.plan(at, () => seen.push(`${name}@${queue.now}`));
    drained(queue, 100);
    expect(seen).toEqual(["a@10", "b@20", "c@30", "d@30"]);
    expect(queue.now).toBe(100);
  });

  it("keeps its order among thousands, some of them planned on the way", () => {
    const queue = new EventQueue(0);
    const random = seededRandom(7);
    const seen: number[] = [];
    const note = () => {
      seen.push(queue.now);
      if (random() < 0.4) queue.after(random() * 50, note);
    };
    for (let i = 0; i < 3000; i++) queue.plan(random() * 1000, note);
    drained(queue, 10_000);
    expect(seen.length).toBe(queue.count);
    expect(seen.length).toBeGreaterThan(3000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("passes over what was cancelled, leaves what is later, and plans nothing in the past", () => {
    const queue = new EventQueue(100);
    const seen: number[] = [];
    queue.plan(50, () => seen.push(queue.now));
    queue.plan(120, () => seen.push(queue.now)).cancelled = true;
    queue.plan(300, () => seen.push(queue.now));
    drained(queue, 200);
    expect([seen, queue.now]).toEqual([[100], 200]);
  });
});
