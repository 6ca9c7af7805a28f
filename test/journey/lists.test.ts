/** What people page through and change together: lists with cursors and filters, the policy with its revisions. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { call } from "../../local/demo/ops.ts";
import { ErrorBody } from "../../src/contract/error.ts";
import type { Incident } from "../../src/contract/incident.ts";
import {
  AttemptPage,
  IncidentPage,
  Kpis,
  Person,
  PluginPage,
  Readiness,
  ReleaseList,
} from "../../src/contract/ops.ts";
import { Policy, PolicyHistoryItem } from "../../src/contract/policy.ts";
import { failWebhooks, orderConfig, PATIENT_INTERVALS } from "./scripted-incident.ts";
import { enrolPlugin } from "./scripted-plugin.ts";
import { startWorld, type World } from "./world.ts";

const PLUGINS = 7;

let world: World;
/** In the order of their detection. */
const incidents: Incident[] = [];

beforeAll(async () => {
  world = await startWorld({ policy: { mode: "approve-only", intervals: PATIENT_INTERVALS } });
  for (let i = 0; i < PLUGINS; i++) await anIncident(i);
});
afterAll(() => world?.stop());

/** Of odd number: of another product, critical, and with a change that waits for a person. */
async function anIncident(i: number): Promise<Incident> {
  const isOdd = i % 2 === 1;
  const product = isOdd ? "odd-pay" : "even-pay";
  const plugin = await enrolPlugin(world.stack, { merchant: `merchant-${i}`, product });
  const incident = await failWebhooks(world, plugin, isOdd ? 20 : 12);
  if (isOdd) {
    await orderConfig(world, incident.id);
    await world.attemptReaches(plugin.id, "awaiting_approval");
  }
  await world.delivered(plugin.id);
  incidents.push(incident);
  return incident;
}

const newestFirst = () => incidents.map(({ id }) => id).toReversed();

/** Every page of a list, by its cursors. */
async function pagesOf<T extends { id: string }>(
  schema: z.ZodType<{ items: T[]; next_cursor: string | null }>,
  path: string,
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: { items: T[]; next_cursor: string | null } = await call(
      world.api,
      schema,
      `${path}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    pages.push(page.items.map(({ id }) => id));
    cursor = page.next_cursor;
    await between(pages.length);
  }
  return pages;
}

describe("paging", () => {
  it("walks the incidents newest first, each once", async () => {
    const pages = await pagesOf(IncidentPage, "/api/ops/plugin-incidents?limit=3");
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(pages.flat()).toEqual(newestFirst());
  });

  it("neither repeats nor hides one when another arrives between two pages", async () => {
    const before = newestFirst();
    const pages = await pagesOf(IncidentPage, "/api/ops/plugin-incidents?limit=2", async (page) => {
      if (page === 1) await anIncident(PLUGINS);
    });
    expect(pages.flat()).toEqual(before);
    expect((await pagesOf(IncidentPage, "/api/ops/plugin-incidents?limit=200")).flat()).toEqual(
      newestFirst(),
    );
  });

  it("ends exactly with the last row", async () => {
    const n = incidents.length;
    expect(await pagesOf(IncidentPage, `/api/ops/plugin-incidents?limit=${n}`)).toEqual([newestFirst()]);
  });

  it("walks attempts and plugins the same way", async () => {
    const attempts = await pagesOf(AttemptPage, "/api/ops/autopatch-attempts?limit=2");
    expect(new Set(attempts.flat()).size).toBe(
      incidents.filter(({ product }) => product === "odd-pay").length,
    );
    const plugins = await pagesOf(PluginPage, "/api/ops/plugins?limit=3");
    expect(plugins.flat()).toEqual(incidents.map(({ plugin_id }) => plugin_id).toReversed());
  });

  it("refuses a cursor of another list", async () => {
    const { next_cursor } = await call(world.api, IncidentPage, "/api/ops/plugin-incidents?limit=1");
    const answer = await world.api(`/api/ops/plugins?cursor=${next_cursor}`);
    expect(answer.status).toBe(400);
    expect(ErrorBody.parse(await answer.json()).error).toMatchObject({ code: "invalid", field: "cursor" });
  });
});

describe("filters", () => {
  const found = async (query: string) =>
    (await call(world.api, IncidentPage, `/api/ops/plugin-incidents?${query}`)).items.map(({ id }) => id);
  const those = (isWanted: (incident: Incident) => boolean) =>
    incidents
      .filter(isWanted)
      .map(({ id }) => id)
      .toReversed();

  it("by product, severity, status, type, merchant and plugin, alone and together", async () => {
    const first = incidents[0];
    if (!first) throw new Error("no incident");
    const isOdd = ({ product }: Incident) => product === "odd-pay";
    expect(await found("product=odd-pay")).toEqual(those(isOdd));
    expect(await found("severity=critical")).toEqual(those(isOdd));
    expect(await found("severity=medium,critical")).toEqual(newestFirst());
    expect(await found("severity=medium&severity=critical")).toEqual(newestFirst());
    expect(await found("status=healing")).toEqual(those(isOdd));
    expect(await found("status=escalated&product=odd-pay")).toEqual([]);
    expect(await found("type=heartbeat_missed")).toEqual([]);
    expect(await found(`merchant_id=${first.merchant_id}`)).toEqual([first.id]);
    expect(await found(`plugin_id=${first.plugin_id}&type=webhook_fail_rate`)).toEqual([first.id]);
  });

  it("by time: from an instant on, and before another", async () => {
    const middle = incidents[3];
    if (!middle) throw new Error("too few incidents");
    const at = encodeURIComponent(middle.detected_at);
    expect(await found(`since=${at}`)).toEqual(newestFirst().slice(0, incidents.length - 3));
    expect(await found(`until=${at}`)).toEqual(newestFirst().slice(incidents.length - 3));
    expect(await found(`since=${at}&until=${at}`)).toEqual([]);
  });

  it("hold through the pages", async () => {
    const pages = await pagesOf(IncidentPage, "/api/ops/plugin-incidents?product=even-pay&limit=2");
    expect(pages.flat()).toEqual(those(({ product }) => product === "even-pay"));
    expect(pages.length).toBe(2);
  });

  it("of attempts and plugins", async () => {
    const odd = incidents.find(({ product }) => product === "odd-pay");
    if (!odd) throw new Error("no attempt");
    const attempts = await call(
      world.api,
      AttemptPage,
      `/api/ops/autopatch-attempts?incident_id=${odd.id}&status=awaiting_approval&plugin_id=${odd.plugin_id}`,
    );
    expect(attempts.items).toMatchObject([{ incident_id: odd.id, action: "config" }]);
    const plugins = await call(
      world.api,
      PluginPage,
      `/api/ops/plugins?merchant_id=${odd.merchant_id}&version=1.0.0`,
    );
    expect(plugins.items).toMatchObject([{ id: odd.plugin_id, open_incidents: 1 }]);
  });
});

describe("what a viewer may read", () => {
  const History = z.object({ items: z.array(PolicyHistoryItem) });

  it.each<[string, z.ZodType]>([
    ["/api/ops/me", Person],
    ["/api/ops/kpis?window_s=3600", Kpis],
    ["/api/ops/releases", ReleaseList],
    ["/api/ops/policy", Policy],
    ["/api/ops/policy/history?limit=5", History],
    ["/readyz", Readiness],
  ])("%s is of the documented shape", async (path, schema) => {
    const answer = await world.api(path, { as: "dev:linus" });
    expect(answer.status).toBe(200);
    expect(schema.safeParse(await answer.json()).error).toBeUndefined();
  });

  it("the figures count what is there, and make up no share without a sample", async () => {
    const kpis = await call(world.api, Kpis, "/api/ops/kpis?window_s=3600");
    expect(kpis.success_rate).toMatchObject({ value: null, n: 0 });
    expect(Object.values(kpis.open_incidents).reduce((sum, n) => sum + n, 0)).toBe(incidents.length);
    expect(Object.values(kpis.plugins).reduce((sum, n) => sum + n, 0)).toBe(incidents.length);
    expect(kpis.fleet).toEqual({ storm: false, autonomy: "normal" });
  });
});

describe("the policy", () => {
  const current = () => call(world.api, Policy, "/api/ops/policy");
  const patch = (revision: number, reason: string) =>
    world.api("/api/ops/policy", {
      method: "PATCH",
      json: { revision, reason, patch: { min_confidence: 0.7 } },
    });

  it("is changed by one of two people who saw the same revision; the other is told the new one", async () => {
    const { revision } = await current();
    const answers = await Promise.all(["the first", "the second"].map((reason) => patch(revision, reason)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const stale = answers.find(({ status }) => status === 409);
    expect(ErrorBody.parse(await stale?.json()).error).toMatchObject({
      code: "stale_revision",
      revision: revision + 1,
    });
    expect((await current()).revision).toBe(revision + 1);
  });

  it("refuses a PUT against a stale revision, but never the kill switch", async () => {
    const { revision, document } = await current();
    const json = { revision: revision - 1, reason: "journey: too late", document };
    expect((await world.api("/api/ops/policy", { method: "PUT", json })).status).toBe(409);
    const kill = { engaged: true, reason: "journey: whatever the revision" };
    expect((await world.api("/api/ops/policy/kill", { json: kill })).status).toBe(200);
    expect(await current()).toMatchObject({ revision: revision + 1, document: { kill_switch: true } });
  });

  it("keeps every revision with who and why, in Postgres and in the chain of the audit log", async () => {
    const { revision } = await current();
    const history = await world.until("the whole history", async () => {
      const rows = await world.rows<{ revision: number; reason: string; changed_by: string }>(
        "SELECT revision, reason, changed_by FROM ops_policy_history ORDER BY revision DESC",
      );
      return rows[0]?.revision === revision && rows;
    });
    expect(history[0]).toEqual({
      revision,
      reason: "journey: whatever the revision",
      changed_by: "dev:ada",
    });
    expect(new Set(history.map((row) => row.revision)).size).toBe(history.length);
    await world.until("the last entry of the audit log", async () => {
      const [last] = await world.rows<{ action: string }>(
        "SELECT action FROM audit_log WHERE stream = 'policy' ORDER BY seq DESC LIMIT 1",
      );
      return last?.action === "policy.kill_switch_engaged";
    });
  });
});
