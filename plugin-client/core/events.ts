/** What a client tells its embedder for the log. No event carries a secret, a signature or a body. */
import type { FailCode } from "../../src/contract/command.ts";

export type ClientEvent =
  | { type: "beat"; seq: number; state: string; version: string; ms: number; next_s: number }
  | { type: "beat_failed"; seq: number; reason: string; retry_in_ms: number }
  | { type: "command_accepted"; command_id: string; command: string; number: number }
  | { type: "command_refused"; command_id: string; code: FailCode; message: string }
  | { type: "command_ignored"; command_id: string; why: string }
  | { type: "probation"; command_id: string; from: string; to: string; deadline_at: number }
  | { type: "committed"; command_id: string; version: string }
  | { type: "commit_refused"; why: string }
  | { type: "restored"; command_id: string; version: string; code: FailCode; message: string }
  | { type: "rolled_back"; command_id: string; version: string }
  | {
      type: "report";
      command_id: string;
      kind: "ack" | "fail";
      outcome: "answered" | "dropped" | "retry";
      reason: string;
    }
  | { type: "plugin_down"; message: string }
  | { type: "problem"; where: string; message: string };

export type Listener = (event: ClientEvent) => void;
