/** The time that relative times and countdowns are shown against; it ticks only while somebody looks. */
import { signal } from "@preact/signals";

export type Clock = ReturnType<typeof createClock>;

export function createClock(now: () => number = Date.now) {
  const value = signal(now());
  let watchers = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    now: value,
    /** Ticks every second until the returned function is called. */
    watch(): () => void {
      watchers += 1;
      value.value = now();
      timer ??= setInterval(() => {
        value.value = now();
      }, 1000);
      return () => {
        watchers -= 1;
        if (watchers > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
