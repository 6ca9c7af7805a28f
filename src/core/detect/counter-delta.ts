/**
 * From counters that are cumulative since a boot to what happened since the last beat. A lost beat loses nothing: the next one holds
 * its counts too. What happened between the last beat of a boot and its end is never told and cannot be known. Pure.
 */
import type { Counters } from "../../contract/heartbeat.ts";
import { storableText } from "../storable-text.ts";
import { MAX_DELTA_PER_BEAT } from "./detection-tuning.ts";
import { SUM_NAMES, type Sums } from "./rolling-window.ts";

/** Where the counters of one boot stood at its last beat. */
interface BootMark {
  boot: string;
  values: Sums;
}

/** Where the counters stood at the last beat. */
export interface CounterMark extends BootMark {
  /**
   * The other boots that beat lately, latest first. Two tabs of one page, or two isolates of one Worker, are two boots that
   * beat by turns: forgotten at each turn, everything they ever counted would be counted again at the next.
   */
  others?: BootMark[];
}

/** Boots that may beat by turns. One more is forgotten, and counted from zero when it comes again. */
const BOOTS_REMEMBERED = 8;

export interface CounterDelta {
  delta: Sums;
  mark: CounterMark;
  /** The counters began again from zero since this boot's last beat (or this is its first). */
  restarted: boolean;
}

/** A counter that falls within one boot is taken for a restart, so that a delta is never negative. */
export function counterDelta(mark: CounterMark | null, bootId: string, counters: Counters): CounterDelta {
  const boot = storableText(bootId, 64);
  const values: Sums = pickSums(counters);
  const marks = mark === null ? [] : [{ boot: mark.boot, values: mark.values }, ...(mark.others ?? [])];
  const before = marks.find((known) => known.boot === boot);
  const restarted = before === undefined || SUM_NAMES.some((name) => values[name] < before.values[name]);
  const raw = { ...values };
  if (!restarted) for (const name of SUM_NAMES) raw[name] -= before.values[name];
  const others = marks.filter((known) => known !== before).slice(0, BOOTS_REMEMBERED - 1);
  return {
    delta: bounded(raw),
    mark: { boot, values, ...(others.length === 0 ? {} : { others }) },
    restarted,
  };
}

/** Absurd jumps are scaled down together, by pairs, so that the shares which the detectors test stay what was reported. */
function bounded(delta: Sums): Sums {
  const requestScale = scaleFor(delta.errors, delta.requests);
  const webhookScale = scaleFor(delta.webhooks_sent, delta.webhooks_failed);
  return {
    errors: Math.round(delta.errors * requestScale),
    requests: Math.round(delta.requests * requestScale),
    webhooks_sent: Math.round(delta.webhooks_sent * webhookScale),
    webhooks_failed: Math.round(delta.webhooks_failed * webhookScale),
  };
}

function scaleFor(a: number, b: number): number {
  const largest = Math.max(a, b);
  return largest > MAX_DELTA_PER_BEAT ? MAX_DELTA_PER_BEAT / largest : 1;
}

function pickSums(counters: Counters): Sums {
  const { errors, requests, webhooks_sent, webhooks_failed } = counters;
  return { errors, requests, webhooks_sent, webhooks_failed };
}
