/** Which commands may be carried out. Pure: the signature's verdict comes in as a fact. */
import type { Command, FailCode } from "../../src/contract/command.ts";
import { type CommandHead, parseCommand, parseHead } from "./parse-command.ts";
import { type Fields, parseFields } from "./shape.ts";

export type Admission =
  | { verdict: "execute"; command: Command }
  /** Accepted earlier: never carried out again; its report, if there is one, is told again. */
  | { verdict: "repeat"; id: string }
  | { verdict: "refuse"; id: string; code: FailCode; message: string; number: number | null }
  /** Nothing to report about: a damaged copy of a command that was accepted. */
  | { verdict: "ignore"; id: string; why: string };

export interface AdmissionContext {
  pluginId: string;
  lastNumber: number;
  now: number;
  known(commandId: string): boolean;
  /** Why no further attempt can begin now: an update, or settings, on probation. */
  onProbation: boolean;
}

/**
 * Judges one offered command, in this order: signature, shape, identity, repeat, number, expiry, type, probation.
 * `number` of a refusal is the number that is used up by it, null when the command was not ours to count.
 */
export function admit(
  offered: { id: string; signed: string },
  signatureHolds: boolean,
  context: AdmissionContext,
): Admission {
  const refuse = (code: FailCode, message: string, number: number | null = null): Admission =>
    context.known(offered.id)
      ? { verdict: "ignore", id: offered.id, why: `${code}: ${message}` }
      : { verdict: "refuse", id: offered.id, code, message, number };

  if (!signatureHolds) return refuse("bad_signature", "not signed by the control key");
  let from: Fields;
  let head: CommandHead;
  try {
    from = parseFields(offered.signed, "command", 16_384);
    head = parseHead(from);
  } catch (error) {
    return refuse("unsupported", `malformed: ${(error as Error).message}`); // ShapeError only
  }
  if (head.plugin_id !== context.pluginId) return refuse("foreign", "made out to another plugin");
  if (head.id !== offered.id) return refuse("foreign", "offered under another command's id");
  if (context.known(head.id)) return { verdict: "repeat", id: head.id };
  if (head.number <= context.lastNumber)
    return refuse("out_of_order", `number ${head.number} is not above ${context.lastNumber}`);
  if (head.expires_at <= context.now)
    return refuse("expired", `expired at ${new Date(head.expires_at).toISOString()}`, head.number);
  let command: Command;
  try {
    command = parseCommand(from);
  } catch (error) {
    return refuse("unsupported", `not understood: ${(error as Error).message}`, head.number); // ShapeError only
  }
  const begins =
    command.type === "update" || (command.type === "config" && command.payload.restore === undefined);
  if (context.onProbation && begins) return refuse("busy", "a change is on probation", head.number);
  return { verdict: "execute", command };
}
