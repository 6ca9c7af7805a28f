import { expect, it } from "vitest";
import { createSmokeQueue } from "../../staging-runner/smoke-queue.ts";

const LIMITS = { concurrency: 1, maxWaiting: 1, cacheEntries: 2, cacheMs: 1000 };
const T0 = 1_000_000;

/** A job that ends when told to. */
function aJob() {
  let finish = (_: string) => {};
  let started = false;
  const answer = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const work = () => {
    started = true;
    return answer;
  };
  return { work, finish: (text: string) => finish(text), hasStarted: () => started };
}
const always = () => true;

it("runs as many as it may, lets others wait, and refuses the rest", async () => {
  const queue = createSmokeQueue<string>(LIMITS, () => T0);
  const [first, second, third] = [aJob(), aJob(), aJob()];
  const one = queue.submit("1", first.work, always);
  const two = queue.submit("2", second.work, always);
  expect(queue.submit("3", third.work, always)).toBeNull();
  expect([first.hasStarted(), second.hasStarted(), queue.waiting()]).toEqual([true, false, 1]);
  first.finish("a");
  expect(await one).toBe("a");
  second.finish("b");
  expect(await two).toBe("b");
  expect([queue.running(), queue.waiting()]).toEqual([0, 0]);
});

it("gives the place of a job that threw to the next", async () => {
  const queue = createSmokeQueue<string>(LIMITS, () => T0);
  const bad = queue.submit("1", () => Promise.reject(new Error("broken")), always);
  const good = queue.submit("2", async () => "b", always);
  await expect(bad).rejects.toThrow("broken");
  expect(await good).toBe("b");
  expect(queue.running()).toBe(0);
});

it("lets a repeat join, then answers it from memory until the answer is old", async () => {
  let now = T0;
  let runs = 0;
  const queue = createSmokeQueue<number>(LIMITS, () => now);
  const work = async () => ++runs;
  expect(await Promise.all([queue.submit("1", work, always), queue.submit("1", work, always)])).toEqual([
    1, 1,
  ]);
  now += 999;
  expect(await queue.submit("1", work, always)).toBe(1);
  now += 1;
  expect(await queue.submit("1", work, always)).toBe(2);
});

it("forgets an answer that was not final", async () => {
  let runs = 0;
  const queue = createSmokeQueue<number>(LIMITS, () => T0);
  const work = async () => ++runs;
  const never = () => false;
  expect([await queue.submit("1", work, never), await queue.submit("1", work, never)]).toEqual([1, 2]);
});

it("keeps only so many answers", async () => {
  let runs = 0;
  const queue = createSmokeQueue<number>(LIMITS, () => T0);
  const work = async () => ++runs;
  for (const key of ["1", "2", "3"]) await queue.submit(key, work, always);
  expect(await queue.submit("3", work, always)).toBe(3);
  expect(await queue.submit("1", work, always)).toBe(4);
});
