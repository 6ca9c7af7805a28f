/**
 * The door for commands and commits: verifies, judges, remembers, then lets the executor act. One at a time, in order.
 * Also owns the dead-man's timer, so that it runs whatever the network does.
 */
import type { SignedCommand, SignedCommit } from "../../src/contract/command.ts";
import { backoffMs } from "./backoff.ts";
import { type Admission, admit } from "./commands.ts";
import type { CommandDoor } from "./door.ts";
import type { ClientEvent } from "./events.ts";
import type { Executor } from "./executor.ts";
import type { Vitals } from "./heart.ts";
import { isKnown, withRepeat, withReport } from "./journal.ts";
import type { Outbox } from "./outbox.ts";
import { parseCommit } from "./parse-command.ts";
import type { Platform } from "./platform.ts";
import { remainingMs } from "./probation.ts";
import type { JournalStore } from "./store.ts";
import type { Transport } from "./transport.ts";
import { isSignedBy } from "./verify.ts";

export interface HealerParts {
  platform: Platform;
  store: JournalStore;
  outbox: Outbox;
  transport: Transport;
  pluginId: string;
  /** Raw Ed25519 key in base64, pinned at enrolment. */
  controlPublicKey: string;
  executor: Executor;
  /** The plugin's version or state has changed, or a command has ended: tell soon. */
  changed(): void;
  emit(event: ClientEvent): void;
}

const RESTORE_RETRY = { baseMs: 2_000, capMs: 60_000 };

export class Healer implements CommandDoor {
  readonly #parts: HealerParts;
  #queue: Promise<void> = Promise.resolve();
  readonly #queued = new Set<string>();
  #deadman: unknown = null;
  #failedRestores = 0;
  #stopped = false;

  constructor(parts: HealerParts) {
    this.#parts = parts;
  }

  vitals(): Vitals {
    return this.#parts.executor.vitals();
  }

  /** Finishes what a crash left and boots the plugin. */
  async start(): Promise<void> {
    await this.#enqueue(() => this.#recover(true));
  }

  /** Waits for what is under way, then does nothing more; the journal keeps what is open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts.platform.clearTimer(this.#deadman);
    this.#parts.executor.stop();
    await this.#queue;
  }

  /** Takes a reply's commands and commit. Resolves when all of it is done with. */
  offer(commands: readonly SignedCommand[], commit: SignedCommit | null): Promise<void> {
    let done = this.#queue;
    if (commit !== null) done = this.#enqueue(() => this.#takeCommit(commit));
    for (const command of commands) {
      const key = `${command.id} ${command.signed} ${command.signature}`;
      if (this.#queued.has(key)) continue; // repeated while the first copy is still being carried out
      this.#queued.add(key);
      done = this.#enqueue(() => this.#take(command).finally(() => this.#queued.delete(key)));
    }
    return done;
  }

  /** Looks at the clock by itself: a machine that slept may have missed its timer. */
  checkDeadline(): void {
    const { probation } = this.#parts.store.journal;
    if (
      probation !== null &&
      remainingMs(probation, this.#parts.platform.now()) === 0 &&
      this.#failedRestores === 0
    )
      void this.#enqueue(() => this.#recover(false));
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (this.#stopped) return;
      const before = this.#told();
      await task().catch((error) =>
        this.#parts.emit({ type: "problem", where: "healer", message: messageOf(error) }),
      );
      if (this.#stopped) return;
      this.#armDeadman();
      // The report first: it says more precisely what the beat then shows.
      const flushed = this.#parts.outbox.flush();
      if (this.#told() !== before) void flushed.then(() => this.#stopped || this.#parts.changed());
    });
    return this.#queue;
  }

  /** What the control plane wants to hear about at once when it changes. */
  #told(): string {
    const { last_command, probation } = this.#parts.store.journal;
    return JSON.stringify([this.vitals().version, last_command, probation]);
  }

  async #recover(atStart: boolean): Promise<void> {
    try {
      await this.#parts.executor.recover(atStart);
      this.#failedRestores = 0;
    } catch (error) {
      this.#failedRestores++;
      throw error;
    }
  }

  #armDeadman(): void {
    const { platform, store } = this.#parts;
    platform.clearTimer(this.#deadman);
    const { probation, rollback } = store.journal;
    if (probation === null && rollback === null) return;
    // Going back was begun and has failed: again soon, not at the deadline.
    const unfinished = rollback !== null || probation?.ending !== undefined || this.#failedRestores > 0;
    const delayMs =
      unfinished || probation === null
        ? backoffMs(Math.max(1, this.#failedRestores), platform.random(), RESTORE_RETRY)
        : remainingMs(probation, platform.now());
    this.#deadman = platform.setTimer(() => void this.#enqueue(() => this.#recover(false)), delayMs);
  }

  async #takeCommit(signed: SignedCommit): Promise<void> {
    const { executor, emit, platform, controlPublicKey, store } = this.#parts;
    if (store.journal.probation === null) return; // repeated after it was obeyed
    const holds = await isSignedBy(platform, controlPublicKey, signed.signed, signed.signature);
    let why: string | null = "not signed by the control key";
    if (holds) {
      try {
        why = await executor.commit(parseCommit(signed.signed));
      } catch (error) {
        why = messageOf(error);
      }
    }
    if (why !== null) emit({ type: "commit_refused", why });
  }

  async #take(offered: SignedCommand): Promise<void> {
    const { executor, emit, platform, controlPublicKey, store, transport, pluginId } = this.#parts;
    const holds = await isSignedBy(platform, controlPublicKey, offered.signed, offered.signature);
    const verdict = admit(offered, holds, {
      pluginId,
      lastNumber: store.journal.last_number,
      now: transport.wallClock(),
      known: (id) => isKnown(store.journal, id),
      onProbation: store.journal.probation !== null,
    });
    switch (verdict.verdict) {
      case "ignore":
        return emit({ type: "command_ignored", command_id: verdict.id, why: verdict.why });
      case "repeat":
        return store.change((journal) => withRepeat(journal, verdict.id, platform.now()));
      case "refuse":
        return this.#refuse(verdict);
      case "execute": {
        const { id, number, type } = verdict.command;
        // At most once: the number is used up, durably, before anything is done.
        await store.change((journal) => ({ ...journal, last_number: number, in_hand: { id, type } }));
        emit({ type: "command_accepted", command_id: id, command: type, number });
        return executor.execute(verdict.command);
      }
      default:
        verdict satisfies never;
    }
  }

  async #refuse(verdict: Extract<Admission, { verdict: "refuse" }>): Promise<void> {
    const { id, code, message, number } = verdict;
    this.#parts.emit({ type: "command_refused", command_id: id, code, message });
    const report = this.#parts.outbox.fail(id, { code, message }, this.vitals().version);
    await this.#parts.store.change((journal) => ({
      ...withReport(journal, report),
      last_number: Math.max(journal.last_number, number ?? 0),
      // An update on probation stays the news; a refusal must not hide how it ends.
      last_command:
        journal.probation === null && number !== null ? { id, outcome: "rejected" } : journal.last_command,
    }));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
