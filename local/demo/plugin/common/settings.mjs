/** Settings, read again when the file changes, so that a new market or rate needs no restart. */
import { readFileSync, statSync } from "node:fs";

const DEFAULTS = {
  receiver_url: "",
  receiver_secret: "",
  orders_per_minute: 60,
  webhook_timeout_ms: 5000,
  /** Country codes, comma-separated; empty sells everywhere. */
  markets: "",
};

export function createSettings(path) {
  let readAt = "";
  let current = DEFAULTS;
  return {
    read() {
      if (!path) return current;
      try {
        const { mtimeMs, size } = statSync(path);
        const stamp = `${mtimeMs}/${size}`;
        if (stamp !== readAt) {
          current = complete(JSON.parse(readFileSync(path, "utf8")));
          readAt = stamp;
        }
      } catch {
        // No file yet, or caught half written: the last good settings stay in force.
      }
      return current;
    },
  };
}

function complete(found) {
  const merged = { ...DEFAULTS, ...found };
  const perMinute = Number(merged.orders_per_minute);
  return { ...merged, orders_per_minute: perMinute > 0 ? Math.min(perMinute, 6000) : 60 };
}
