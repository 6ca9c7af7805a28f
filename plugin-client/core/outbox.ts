/**
 * Acks and fails on their way to the control plane. They stay in the journal until they were answered: at least once, in
 * order, the same bytes each time. An answer that will never change (404, 409, 410, ...) drops the report.
 */
import type { AckEnvelope, FailEnvelope } from "../../src/contract/envelope.ts";
import { backoffMs, REPORT_BACKOFF } from "./backoff.ts";
import type { ClientEvent } from "./events.ts";
import { type Report, withoutReport } from "./journal.ts";
import { type Platform, randomId } from "./platform.ts";
import type { Failure } from "./release.ts";
import type { JournalStore } from "./store.ts";
import { bounded, redacted } from "./text.ts";
import type { Transport } from "./transport.ts";

const PERMANENT = new Set([400, 403, 404, 405, 409, 410, 413, 415, 422]);
/** The control plane gave the attempt up long ago. */
const MAX_AGE_MS = 24 * 3_600_000;

export type Details = Record<string, string | number | boolean>;

export class Outbox {
  readonly #platform: Platform;
  readonly #store: JournalStore;
  readonly #transport: Transport;
  readonly #pluginId: string;
  readonly #emit: (event: ClientEvent) => void;
  #timer: unknown = null;
  #sending: Promise<void> | null = null;
  #failures = 0;
  /** Nothing is sent before this time, whoever asks. */
  #notBefore = 0;
  #stopped = false;

  constructor(
    platform: Platform,
    store: JournalStore,
    transport: Transport,
    pluginId: string,
    emit: (event: ClientEvent) => void,
  ) {
    this.#platform = platform;
    this.#store = store;
    this.#transport = transport;
    this.#pluginId = pluginId;
    this.#emit = emit;
  }

  ack(commandId: string, version: string, details?: Details): Report {
    const envelope: AckEnvelope = {
      type: "command.ack",
      timestamp: new Date(this.#transport.wallClock()).toISOString(),
      data: {
        plugin_id: this.#pluginId,
        command_id: commandId,
        result: { version, ...(details && { details }) },
      },
    };
    return this.#report("ack", commandId, envelope);
  }

  fail(commandId: string, failure: Failure, version: string | null): Report {
    const envelope: FailEnvelope = {
      type: "command.fail",
      timestamp: new Date(this.#transport.wallClock()).toISOString(),
      data: {
        plugin_id: this.#pluginId,
        command_id: commandId,
        error: { code: failure.code, message: bounded(redacted(failure.message.slice(0, 2000)), 1000) },
        ...(version !== null && { version }),
      },
    };
    return this.#report("fail", commandId, envelope);
  }

  /** Sends what waits, oldest first. Resolves when the outbox is empty or a try has failed (a later try is then armed). */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** Waits for what is on the wire; what is left stays in the journal. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
    this.#platform.clearTimer(this.#timer);
  }

  async #sendAll(): Promise<void> {
    this.#platform.clearTimer(this.#timer);
    for (;;) {
      const report = this.#store.journal.outbox[0];
      if (report === undefined || this.#stopped) return;
      const earlyMs = this.#notBefore - this.#platform.now();
      const waitMs = earlyMs > 0 ? earlyMs : await this.#send(report);
      if (waitMs === null) continue;
      this.#notBefore = this.#platform.now() + waitMs;
      if (!this.#stopped) this.#timer = this.#platform.setTimer(() => void this.flush(), waitMs);
      return;
    }
  }

  /** Null when the report is done with; otherwise the milliseconds to wait before the next try. */
  async #send(report: Report): Promise<number | null> {
    const tell = (outcome: "answered" | "dropped" | "retry", reason: string) =>
      this.#emit({ type: "report", command_id: report.command_id, kind: report.kind, outcome, reason });
    const path = `/api/plugins/commands/${report.command_id}/${report.kind}`;
    const answer = await this.#transport.post(path, report.message_id, report.body);
    const tooOld = this.#platform.now() - report.created_at > MAX_AGE_MS;
    if (!answer.ok && !PERMANENT.has(answer.status) && !tooOld) {
      this.#failures++;
      tell("retry", answer.reason);
      return backoffMs(this.#failures, this.#platform.random(), REPORT_BACKOFF, answer.retryAfterMs);
    }
    this.#failures = 0;
    tell(answer.ok ? "answered" : "dropped", answer.ok ? "ok" : answer.reason);
    await this.#store
      .change((journal) => withoutReport(journal, report.message_id, this.#platform.now()))
      .catch(() => {});
    return null;
  }

  #report(kind: "ack" | "fail", commandId: string, envelope: AckEnvelope | FailEnvelope): Report {
    return {
      message_id: `msg_${randomId(this.#platform)}`,
      kind,
      command_id: commandId,
      body: JSON.stringify(envelope),
      created_at: this.#platform.now(),
    };
  }
}
