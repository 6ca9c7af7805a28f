/** Three shops fall silent at once: one still answers from outside, one does not, and of one nobody knows where it is. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import type { Incident } from "../../src/contract/incident.ts";
import { IncidentDetail } from "../../src/contract/ops.ts";
import { enrolPlugin, type ScriptedPlugin } from "./scripted-plugin.ts";
import { startWorld, type World } from "./world.ts";

/** Interval 15 s and slack 45 s, 45 s until the triage, 30 s between two looks, and room for a busy machine. */
const TRIAGED_WITHIN_MS = 180_000;

let world: World;
let site: Server;
let dead: Server;
beforeAll(async () => {
  world = await startWorld();
  // A shop front that forbids robots is up all the same.
  site = createServer((_, response) => response.writeHead(403).end());
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  dead = await deadSite();
});
afterAll(async () => {
  site?.close();
  dead?.close();
  await world?.stop();
});

/** Nobody answers there; the port is held all the while, so that no other program comes to listen on it. */
async function deadSite(): Promise<Server> {
  const server = createServer().on("connection", (socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function urlOf(server: Server): string {
  // A TCP server's address is an AddressInfo; only a pipe's is a string.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** As the ledger has it once its cause is known and somebody acts on it. */
async function triaged(plugin: ScriptedPlugin): Promise<IncidentDetail> {
  const { id } = await world.openIncident(plugin.id, TRIAGED_WITHIN_MS);
  const settled = ({ cause, status }: Incident) => cause != null && status === "escalated";
  return world.until(
    `${plugin.id}: triaged`,
    async () => {
      const detail = await call(world.api, IncidentDetail, `/api/ops/plugin-incidents/${id}`);
      return settled(detail.incident) ? detail : null;
    },
    TRIAGED_WITHIN_MS,
  );
}

it("each silence gets its cause and what follows from it, and ends with the next beat", async () => {
  const enrol = (merchant: string, siteUrl?: string) =>
    enrolPlugin(world.stack, { merchant, ...(siteUrl === undefined ? {} : { siteUrl }) });
  const plugins = await Promise.all([enrol("up", urlOf(site)), enrol("down", urlOf(dead)), enrol("nowhere")]);
  await Promise.all(plugins.map((plugin) => plugin.beat()));

  const [up, down, nowhere] = await Promise.all([
    triaged(plugins[0]),
    triaged(plugins[1]),
    triaged(plugins[2]),
  ]);
  const kinds = ({ timeline }: IncidentDetail) => timeline.map(({ kind }) => kind);
  expect(up.incident).toMatchObject({ cause: "plugin_silent", decision: { action: "escalate" } });
  expect(kinds(up)).toEqual(["detected", "triaged", "decided", "escalated"]);
  expect(down.incident).toMatchObject({ cause: "shop_down", decision: null });
  expect(kinds(down)).toEqual(["detected", "probed", "triaged", "escalated"]);
  expect(nowhere.incident).toMatchObject({ cause: "unknown", decision: null });
  expect(kinds(nowhere)).toEqual(["detected", "triaged", "escalated"]);

  await world.delivered(plugins[1].id);
  const told = await world.rows<{ kind: string; urgency: string }>(
    "SELECT kind, urgency FROM notifications WHERE plugin_id = $1 ORDER BY at",
    [plugins[1].id],
  );
  expect(told).toEqual([{ kind: "escalated", urgency: "notice" }]);

  await Promise.all(plugins.map((plugin) => plugin.beat()));
  for (const { id } of plugins) await world.delivered(id);
  const left = await world.rows(
    "SELECT status, cause FROM plugin_incidents WHERE status <> 'resolved' OR cause IS NULL",
  );
  expect(left).toEqual([]);
}, 240_000);
