/**
 * The heartbeat loop. One beat in flight at a time; an unanswered beat is sent again with the same `seq` and the same bytes
 * until it is answered, so that a lost answer counts nothing twice. A change of version or state ends that: another is built.
 */
import type { Cadence, Environment, HeartbeatData, ProbeReport } from "../../src/contract/heartbeat.ts";
import { BEAT_BACKOFF, backoffMs } from "./backoff.ts";
import { beatBody } from "./beat-body.ts";
import type { Tracker } from "./counters.ts";
import type { ClientEvent } from "./events.ts";
import { parseReply, type Reply } from "./parse-command.ts";
import { type Platform, randomId } from "./platform.ts";
import { boundedIntervalS, nextBeatDelayMs, PROBATION_INTERVAL_S, urgentDelayMs } from "./schedule.ts";
import type { JournalStore } from "./store.ts";
import type { Transport } from "./transport.ts";

const PATH = "/api/plugins/heartbeat";
/** Once an unanswered beat older than this gets through, a fresh one follows at once. */
const STALE_MS = 20_000;
const GOODBYE_TIMEOUT_MS = 3_000;

export interface Vitals {
  version: string;
  state: "running" | "probation";
}

export interface HeartParts {
  platform: Platform;
  transport: Transport;
  store: JournalStore;
  tracker: Tracker;
  pluginId: string;
  cadence: Cadence;
  intervalS: number;
  environment(): Environment;
  vitals(): Vitals;
  /** Probes to send along while on probation. */
  probe(): Promise<ProbeReport[]>;
  onReply(reply: Reply): void;
  emit(event: ClientEvent): void;
}

interface Pending {
  seq: number;
  messageId: string;
  body: string;
  builtAt: number;
  vitals: { version: string; state: string };
}

export class Heart {
  readonly #parts: HeartParts;
  readonly #bootId: string;
  #pending: Pending | null = null;
  #beating: Promise<boolean> | null = null;
  #again = false;
  #timer: unknown = null;
  #intervalS: number;
  #failures = 0;
  #lastUrgentAt: number | null = null;
  /** An urgent beat that waits for its turn; a beat before then takes its place. */
  #urgentAt: number | null = null;
  #stopped = false;
  webhookSubscription: HeartbeatData["webhook_subscription"];

  constructor(parts: HeartParts) {
    this.#parts = parts;
    this.#bootId = randomId(parts.platform);
    this.#intervalS = boundedIntervalS(parts.intervalS);
  }

  /** Beats now, or right after the beat that is in flight. Resolves to whether the beat was answered. */
  beat(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    if (this.#beating !== null) {
      this.#again = true;
      return this.#beating;
    }
    this.#parts.platform.clearTimer(this.#timer);
    this.#again = false;
    this.#beating = this.#beatOnce()
      .catch((error) => this.#failed(0, error instanceof Error ? error.message : String(error), null))
      .finally(() => {
        this.#beating = null;
        if (this.#again) void this.beat();
      });
    return this.#beating;
  }

  /** Beats soon, but not more often than urgency is worth. */
  urgent(): void {
    if (this.#urgentAt !== null) return;
    const { platform } = this.#parts;
    const waitMs = urgentDelayMs(this.#lastUrgentAt, platform.now());
    this.#lastUrgentAt = platform.now() + waitMs;
    this.#soon(waitMs);
  }

  /** The version, the state or the last command has changed: beats at once. */
  news(): void {
    this.#soon(0);
  }

  /** While the control plane does not answer, even urgency waits for the next retry: hammering makes nothing healthier. */
  #soon(waitMs: number): void {
    this.#urgentAt = this.#parts.platform.now() + waitMs;
    if (this.#failures > 0) return;
    if (waitMs === 0) void this.beat();
    else if (this.#beating === null) this.#schedule(waitMs);
  }

  /** On probation the beat quickens until the control plane says how fast. */
  quicken(): void {
    this.#intervalS = Math.min(this.#intervalS, PROBATION_INTERVAL_S);
  }

  /** Says goodbye, once, without waiting long; afterwards nothing beats any more. */
  async stop(goodbye: boolean): Promise<void> {
    this.#stopped = true;
    this.#parts.platform.clearTimer(this.#timer);
    await this.#beating;
    this.#parts.platform.clearTimer(this.#timer);
    if (!goodbye) return;
    const last = await this.#build({ version: this.#parts.vitals().version, state: "goodbye" }, []);
    const options = { timeoutMs: GOODBYE_TIMEOUT_MS, keepalive: true };
    const answer = await this.#parts.transport.post(PATH, last.messageId, last.body, options);
    if (!answer.ok) this.#report(last, answer.reason, 0);
  }

  async #beatOnce(): Promise<boolean> {
    const { platform, transport, tracker, emit, onReply, store } = this.#parts;
    const vitals = this.#parts.vitals();
    const told = this.#pending?.vitals;
    if (told !== undefined && (told.version !== vitals.version || told.state !== vitals.state)) {
      // It tells of what no longer runs, and so do its errors: the new version is not to answer for them.
      tracker.acknowledge();
      this.#pending = null;
    }
    if (this.#pending === null) {
      const probes = vitals.state === "probation" ? await this.#parts.probe() : [];
      this.#pending = await this.#build(vitals, probes);
    }
    const pending = this.#pending;
    const sentAt = platform.now();
    const answer = await transport.post(PATH, pending.messageId, pending.body);
    if (answer.ok) {
      tracker.acknowledge();
      this.#pending = null;
      this.#failures = 0;
      const reply = parseReply(answer.body);
      if (reply.nextHeartbeatS !== null) this.#intervalS = boundedIntervalS(reply.nextHeartbeatS);
      const { seq } = pending;
      emit({ type: "beat", seq, ...pending.vitals, ms: platform.now() - sentAt, next_s: this.#intervalS });
      const stale = sentAt - pending.builtAt > STALE_MS;
      const regularMs = nextBeatDelayMs(this.#intervalS, platform.random());
      const urgentMs = this.#urgentAt === null ? regularMs : Math.max(0, this.#urgentAt - platform.now());
      this.#schedule(stale ? 0 : Math.min(regularMs, urgentMs));
      onReply(reply);
      return true;
    }
    if (answer.status === 409) {
      tracker.takeBack();
      this.#pending = null;
      const { lastSeq } = answer;
      if (lastSeq !== null) {
        await store
          .change((journal) => ({ ...journal, seq: Math.max(journal.seq, lastSeq) }))
          .catch(() => {});
        if (this.#failures === 0) {
          this.#failures++;
          return this.#beatOnce();
        }
      }
    } else if (answer.status === 400 || answer.status === 413) {
      // The body itself is refused: its errors may be why, and sending the same again cannot help.
      tracker.acknowledge();
      this.#pending = null;
    }
    return this.#failed(pending.seq, answer.reason, answer.retryAfterMs, pending);
  }

  #failed(seq: number, reason: string, retryAfterMs: number | null, pending?: Pending): false {
    this.#failures++;
    const limits = { ...BEAT_BACKOFF, capMs: Math.min(BEAT_BACKOFF.capMs, this.#intervalS * 1000) };
    const waitMs = backoffMs(this.#failures, this.#parts.platform.random(), limits, retryAfterMs);
    this.#again = false;
    this.#schedule(waitMs);
    this.#report(pending ?? { seq }, reason, waitMs);
    return false;
  }

  #report(beat: { seq: number }, reason: string, retryInMs: number): void {
    this.#parts.emit({ type: "beat_failed", seq: beat.seq, reason, retry_in_ms: retryInMs });
  }

  #schedule(delayMs: number): void {
    const { platform } = this.#parts;
    platform.clearTimer(this.#timer);
    if (!this.#stopped) this.#timer = platform.setTimer(() => void this.beat(), delayMs);
  }

  async #build(
    vitals: { version: string; state: HeartbeatData["state"] },
    probes: ProbeReport[],
  ): Promise<Pending> {
    const { platform, store, tracker, transport, pluginId, cadence, environment } = this.#parts;
    this.#urgentAt = null;
    const seq = store.journal.seq + 1;
    // Not durable is not fatal here: after a restart the control plane's 409 tells the number again.
    await store.change((journal) => ({ ...journal, seq })).catch(() => {});
    const { last_command } = store.journal;
    const data: HeartbeatData = {
      plugin_id: pluginId,
      seq,
      boot_id: this.#bootId,
      ...vitals,
      cadence,
      env: environment(),
      ...tracker.take(),
      probes,
      ...(this.webhookSubscription && { webhook_subscription: this.webhookSubscription }),
      ...(last_command !== null && { last_command }),
    };
    const body = beatBody(data, transport.wallClock());
    return { seq, messageId: `msg_${randomId(platform)}`, body, builtAt: platform.now(), vitals };
  }
}
