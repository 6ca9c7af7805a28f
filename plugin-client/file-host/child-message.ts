/** The lines that a plugin writes for its agent. Pure: a line that is no message is log text. */
import type { ProbeReport } from "../../src/contract/heartbeat.ts";
import type { PluginEvent } from "../core/host.ts";

export type ChildMessage =
  | { type: "ready"; version: string }
  | { type: "event"; event: PluginEvent }
  | { type: "probe"; id: number; report: ProbeReport };

/** Null for anything else that a program may print. */
export function parseChildMessage(line: string): ChildMessage | null {
  if (!line.startsWith("{")) return null;
  let message: Record<string, unknown>;
  try {
    message = JSON.parse(line) as Record<string, unknown>; // starts with a brace: an object
  } catch {
    return null;
  }
  const text = (name: string) => (typeof message[name] === "string" ? (message[name] as string) : undefined); // just tested
  switch (message.vigie) {
    case "ready":
      return { type: "ready", version: text("version") ?? "" };
    case "request":
      return { type: "event", event: { type: "request" } };
    case "webhook":
      return typeof message.ok === "boolean"
        ? { type: "event", event: { type: "webhook", ok: message.ok } }
        : null;
    case "error":
      return {
        type: "event",
        event: { type: "error", message: text("message") ?? "", name: text("name"), stack: text("stack") },
      };
    case "probe": {
      const { id, ok, ms } = message;
      const name = text("name");
      if (typeof id !== "number" || typeof ok !== "boolean" || !name) return null;
      return { type: "probe", id, report: { name, ok, ms: typeof ms === "number" && ms >= 0 ? ms : 0 } };
    }
    default:
      return null;
  }
}
