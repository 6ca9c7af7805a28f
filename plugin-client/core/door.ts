/** Where a reply's commands go: to a healer, or, in a client that can only watch, back with `unsupported`. */
import type { SignedCommand, SignedCommit } from "../../src/contract/command.ts";
import type { ClientEvent } from "./events.ts";
import type { Vitals } from "./heart.ts";
import { withReport } from "./journal.ts";
import type { Outbox } from "./outbox.ts";
import type { JournalStore } from "./store.ts";

export interface CommandDoor {
  vitals(): Vitals;
  start(): Promise<void>;
  stop(): Promise<void>;
  offer(commands: readonly SignedCommand[], commit: SignedCommit | null): Promise<void>;
  /** Called with every reply: time may have passed unnoticed. */
  checkDeadline(): void;
}

/**
 * Answers every command with `unsupported`. Nothing is ever carried out, so nothing needs to be verified: the answer says
 * only what this client is.
 */
export function watchOnly(
  version: string,
  store: JournalStore,
  outbox: Outbox,
  emit: (event: ClientEvent) => void,
): CommandDoor {
  const refusal = { code: "unsupported", message: "this client has no host" } as const;
  return {
    vitals: () => ({ version, state: "running" }),
    start: async () => {},
    stop: async () => {},
    checkDeadline: () => {},
    async offer(commands) {
      for (const { id } of commands) {
        emit({ type: "command_refused", command_id: id, ...refusal });
        await store.change((journal) => withReport(journal, outbox.fail(id, refusal, version)));
      }
      await outbox.flush();
    },
  };
}
