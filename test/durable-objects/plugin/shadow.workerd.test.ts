import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { releasesOf } from "../../../durable-objects/stubs.ts";
import type { LedgerRecord } from "../../../src/contract/ledger.ts";
import { PATIENCE } from "../../builders/patience.ts";
import { allowEverything, answerStaging, bindings, changePolicy, Shop, startClock } from "./a-shop.ts";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
  await changePolicy({ mode: "shadow" });
});
afterEach(async () => {
  await changePolicy({ mode: "auto" });
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function ledgerOf(shop: Shop): Promise<LedgerRecord[]> {
  return runInDurableObject(shop.stub, (_, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = 'ledger' ORDER BY id")
      .toArray()
      .map((row) => JSON.parse(row.body) as LedgerRecord),
  );
}

describe("mode shadow in the plugin's object", () => {
  it("asks SIRA, release and fleet as if it would act, writes that down, and takes no slot", async () => {
    const staging = answerStaging();
    const shop = await Shop.enrolled();
    await shop.breakWebhooks();
    const row = await vi.waitFor(async () => {
      const record = (await ledgerOf(shop)).find(({ kind }) => kind === "shadow");
      if (record?.kind !== "shadow") throw new Error("nothing was recorded yet");
      return record.row;
    }, PATIENCE);
    expect(row).toMatchObject({
      action: "patch",
      from_version: "1.2.2",
      target_version: "1.2.3",
      outcome: null,
      gate_facts: { automatic: true, admission: { status: "active" }, guard: { storm: false } },
    });
    const rules = new Map(row.gate.map(({ rule, outcome }) => [rule, outcome]));
    expect(rules.get("mode")).toBe("allow");
    const kinds = new Set((await ledgerOf(shop)).map(({ kind }) => kind));
    expect(kinds.has("attempt") || kinds.has("command")).toBe(false);
    expect(staging.calls).toBe(0);
    const { rows } = await runInDurableObject(
      bindings.RELEASE.getByName("molam-woocommerce"),
      (_, state) => ({
        rows: state.storage.sql.exec("SELECT * FROM slots WHERE plugin_id = ?", shop.id).toArray(),
      }),
    );
    expect(rows).toEqual([]);
    expect((await releasesOf(bindings, "molam-woocommerce").list())[0]?.status).toBe("active");
    expect((await shop.beat(30, 6)).commands).toEqual([]);
  });
});
