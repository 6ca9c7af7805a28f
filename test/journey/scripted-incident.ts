/** How a scripted plugin gets into trouble, and from there to a command, without any release being tried. */
import { call } from "../../local/demo/ops.ts";
import type { PersonId } from "../../local/people.ts";
import type { Attempt } from "../../src/contract/attempt.ts";
import type { Counters } from "../../src/contract/heartbeat.ts";
import type { Incident } from "../../src/contract/incident.ts";
import { ActionReply } from "../../src/contract/ops.ts";
import { Policy } from "../../src/contract/policy.ts";
import type { ScriptedPlugin } from "./scripted-plugin.ts";
import type { World } from "./world.ts";

/** Of a policy under which nothing happens by the mere passing of a slow test's time: no silence is news, no command expires. */
export const PATIENT_INTERVALS = { heartbeat_s: 600, fast_s: 300, apply_s: 900, command_ttl_s: 900 };

/** Counters of a shop in which `failed` of `sent` webhooks were refused since its boot. */
export function counters(sent: number, failed: number): Counters {
  return { errors: 0, requests: 0, webhooks_sent: sent, webhooks_failed: failed };
}

/**
 * `failed` of 20 webhooks fail: 12 make an incident of severity medium, 16 high, 20 critical. No release exists for a scripted
 * plugin's product, so the incident is soon with a person.
 */
export async function failWebhooks(world: World, plugin: ScriptedPlugin, failed = 12): Promise<Incident> {
  await plugin.beat({ counters: counters(20, failed) });
  return world.until(`${plugin.id}: an incident that is with a person`, async () =>
    (await world.live(plugin.id)).live.open_incidents.find(({ status }) => status === "escalated"),
  );
}

/** A change of settings by hand: it needs no staging. @throws OpsRefusal */
export async function orderConfig(
  world: World,
  incidentId: string,
  as: PersonId = "dev:ada",
): Promise<Attempt> {
  const json = { action: "config", set: { retries: 5 }, reason: "journey: more retries" };
  const path = `/api/ops/plugin-incidents/${incidentId}/manual-action`;
  const { attempt } = await call(world.api, ActionReply, path, { json, as });
  if (attempt === null) throw new Error("no attempt was begun");
  return attempt;
}

/** Merges into the policy in force. @throws OpsRefusal */
export async function patchPolicy(world: World, patch: object): Promise<Policy> {
  const { revision } = await call(world.api, Policy, "/api/ops/policy");
  const json = { revision, reason: "journey: another policy", patch };
  return call(world.api, Policy, "/api/ops/policy", { method: "PATCH", json });
}
