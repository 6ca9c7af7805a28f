/** What Postgres holds of one plugin, and the promise that every row of it is there once. */
import { expect } from "vitest";
import type { PluginDetail } from "../../src/contract/ops.ts";
import type { World } from "./world.ts";

/** After an outage the outbox tries again by its back-off, a minute apart at most. */
const DELIVERY_WAIT_MS = 120_000;

interface Mark {
  id: string;
  revision: number;
  status: string;
}

export interface PluginLedger {
  incidents: (Mark & { type: string })[];
  /** In the order they were made. */
  attempts: (Mark & { target_version: string | null })[];
  commands: (Mark & { number: number; type: string; error: string | null })[];
  events: { incident_id: string; number: number; kind: string }[];
  feedback: { attempt_id: string; outcome: string }[];
  notifications: { kind: string; urgency: string }[];
  /** What the plugin's object still remembers. */
  memory: { incidents: Mark[]; attempt: string | null; commands: Mark[]; outbox: number };
}

/** Everything that Postgres holds of the plugin once its outbox is empty, and the object of that same moment. */
export async function ledgerOf(world: World, pluginId: string): Promise<PluginLedger> {
  const deadline = Date.now() + DELIVERY_WAIT_MS;
  for (;;) {
    await world.delivered(pluginId, DELIVERY_WAIT_MS);
    const before = (await world.live(pluginId)).live;
    const ledger = await read(world, pluginId);
    const after = (await world.live(pluginId)).live;
    // The shop and the clock go on: what was read in the middle of a change proves nothing.
    if (JSON.stringify(memoryOf(before)) === JSON.stringify(memoryOf(after)))
      return { ...ledger, memory: memoryOf(after) };
    if (Date.now() > deadline) throw new Error(`${pluginId} does not come to rest`);
  }
}

function memoryOf({
  open_incidents,
  attempt,
  commands,
  outbox,
}: PluginDetail["live"]): PluginLedger["memory"] {
  return {
    incidents: open_incidents.map(markOf),
    attempt: attempt?.status ?? null,
    commands: commands.map(markOf),
    outbox,
  };
}

function markOf({ id, revision, status }: Mark): Mark {
  return { id, revision, status };
}

async function read(world: World, pluginId: string): Promise<Omit<PluginLedger, "memory">> {
  const from = <R extends object>(table: string, columns: string, order: string) =>
    world.rows<R>(`SELECT ${columns} FROM ${table} WHERE plugin_id = $1 ORDER BY ${order}`, [pluginId]);
  return {
    incidents: await from("plugin_incidents", "id, revision, status, type", "detected_at, id"),
    attempts: await from(
      "plugin_autopatch_attempts",
      "id, revision, status, target_version",
      "created_at, id",
    ),
    commands: await from("plugin_agent_commands", "id, revision, status, number, type, error", "number"),
    events: await from("incident_events", "incident_id, number, kind", "incident_id, number"),
    feedback: await from("sira_learning_feedback", "attempt_id, outcome", "finished_at, attempt_id"),
    notifications: await from("notifications", "kind, urgency", "at, id"),
  };
}

/** Kinds of the timeline's lines, in order, of those that are asked for. */
export function kindsOf(ledger: PluginLedger, asked: readonly string[]): string[] {
  return ledger.events.map(({ kind }) => kind).filter((kind) => asked.includes(kind));
}

/**
 * Nothing is missing, nothing is there twice: lines and commands are numbered without gaps, every attempt that can teach has
 * taught once, what the object still remembers is in the ledger at the same revision, and nothing there is still under way.
 */
export function expectWhole(ledger: PluginLedger): void {
  const { incidents, attempts, commands, events, feedback, memory } = ledger;
  for (const { id } of incidents) {
    const numbers = events.filter((event) => event.incident_id === id).map(({ number }) => number);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers, `timeline of ${id}`).toEqual(numbers.map((_, index) => index + 1));
  }
  expect(commands.map(({ number }) => number)).toEqual(commands.map((_, index) => index + 1));
  const taught = attempts.filter(({ status }) => ["success", "rolled_back", "failed"].includes(status));
  expect(feedback.map(({ attempt_id }) => attempt_id).sort()).toEqual(taught.map(({ id }) => id).sort());

  expect(memory.outbox).toBe(0);
  expect(memory.attempt).toBeNull();
  const remembered = (rows: readonly Mark[], among: readonly Mark[]) =>
    rows.filter(({ id }) => among.some((mark) => mark.id === id)).map(markOf);
  expect(remembered(incidents, memory.incidents)).toEqual(memory.incidents);
  expect(remembered(commands, memory.commands)).toEqual(memory.commands);
}

/** Every stream of the audit log follows from its first entry. @returns the number of entries */
export async function expectAuditVerifies(world: World): Promise<number> {
  const streams = await world.rows<{ stream: string; entries: number; broken_at: string | null }>(
    `SELECT stream, verified.entries::int, verified.broken_at
     FROM (SELECT DISTINCT stream FROM audit_log) AS streams, LATERAL audit_verify(stream) AS verified`,
  );
  for (const { stream, broken_at } of streams) expect(broken_at, `audit stream ${stream}`).toBeNull();
  return streams.reduce((sum, { entries }) => sum + entries, 0);
}
