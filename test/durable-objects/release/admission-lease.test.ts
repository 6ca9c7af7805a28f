import { afterEach, expect, it, vi } from "vitest";
import { AdmissionLease } from "../../../durable-objects/release/admission-lease.ts";
import { LEASE_TOTAL_MS } from "../../../src/core/policy/leases.ts";
import { anObjectStorage } from "../../builders/object-storage.ts";
import { aRollout, T0 } from "./a-rollout.ts";

afterEach(() => void vi.useRealTimers());

/** Whether it has resolved by now. */
function watched(promise: Promise<void>): { over: boolean } {
  const seen = { over: false };
  void promise.then(() => {
    seen.over = true;
  });
  return seen;
}

it("waits for the newest admission before the call, and for none after it", async () => {
  vi.useFakeTimers();
  const lease = new AdmissionLease(anObjectStorage().storage.kv);
  lease.given(T0);
  lease.given(T0 + 1_000);
  const waits = watched(lease.settled(T0 + 1_500));
  lease.given(T0 + 1_600);
  await vi.advanceTimersByTimeAsync(LEASE_TOTAL_MS - 500);
  expect(waits.over).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(waits.over).toBe(true);
});

it("keeps its promise over an eviction, and waits no longer than one lease whatever a clock has said", async () => {
  vi.useFakeTimers();
  const { storage } = anObjectStorage();
  new AdmissionLease(storage.kv).given(T0 + 86_400_000);
  const waits = watched(new AdmissionLease(storage.kv).settled(T0));
  await vi.advanceTimersByTimeAsync(LEASE_TOTAL_MS);
  expect(waits.over).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(waits.over).toBe(true);
});

it("people are told of an automatic halt when what was admitted before has left or does not leave any more", () => {
  const rollout = aRollout({ abort: [{ failure: "any", percent: 20, min_finished: 1 }] });
  rollout.run(1, 1, "rolled_back");
  expect(rollout.state().status).toBe("halted");
  const due = (at: number) => rollout.outbox.due("notify", at, 10).length;
  expect([due(rollout.clock.now), due(rollout.clock.now + LEASE_TOTAL_MS)]).toEqual([0, 1]);
});
