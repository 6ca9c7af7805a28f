import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Remedy } from "../../src/contract/remedy.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import {
  listReleases,
  listRemedies,
  shopsInEnvironment,
  shopsOfProduct,
} from "../../src/postgres/queries.ts";
import { aPluginRecord, aRelease, at, pluginId } from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const aRemedy = (overrides: Partial<Remedy> = {}): Remedy => ({
  id: "rmd_longer-timeout",
  revision: 1,
  product: "demo-shop",
  title: "Longer timeout",
  for: ["webhook_fail_rate", "error_spike"],
  set: { timeout_s: 30, retry: true, label: "slow" },
  status: "active",
  standing: null,
  published_by: "ada",
  published_at: at(0),
  ...overrides,
});
const halted = { status: "halted" as const, standing: { by: "vigie", at: at(9), reason: "abort rule" } };

describe("remedies in the ledger", () => {
  it("are listed newest first, of one product or of all, as they were published", async () => {
    const rows = [
      aRemedy(),
      aRemedy({ id: "rmd_bounded-one", min_version: "1.2.0", max_version: "2.0.0", published_at: at(60) }),
      aRemedy({ id: "rmd_of-another", product: "other" }),
    ];
    await writeLedger(
      database.db,
      rows.map((row) => ({ kind: "remedy", row })),
    );
    expect(await listRemedies(database.db, "demo-shop")).toEqual({ items: [rows[1], rows[0]] });
    expect((await listRemedies(database.db)).items).toHaveLength(3);
  });

  it("take a newer standing and no older one", async () => {
    await writeLedger(database.db, [
      { kind: "remedy", row: aRemedy({ revision: 3, ...halted }) },
      { kind: "remedy", row: aRemedy({ revision: 2, status: "paused" }) },
    ]);
    const [, first] = (await listRemedies(database.db, "demo-shop")).items;
    expect(first).toMatchObject({ revision: 3, ...halted });
  });

  it("never change what they set", async () => {
    const changed = aRemedy({ revision: 9, set: { timeout_s: 3000 } });
    await expect(writeLedger(database.db, [{ kind: "remedy", row: changed }])).rejects.toThrow();
    const [, first] = (await listRemedies(database.db, "demo-shop")).items;
    expect(first?.set).toEqual(aRemedy().set);
  });
});

it("a release keeps who halted it, why and when", async () => {
  await writeLedger(database.db, [
    { kind: "release", row: aRelease() },
    { kind: "release", row: aRelease({ revision: 2, ...halted }) },
  ]);
  expect((await listReleases(database.db)).items).toEqual([aRelease({ revision: 2, ...halted })]);
});

it("the shops of a product come in the order of their ids, as many as asked for", async () => {
  const rows = [3, 1, 2].map((number) =>
    aPluginRecord({ id: pluginId(number), product: "rolled-out", env: { platform: "magento" } }),
  );
  await writeLedger(
    database.db,
    rows.map((row) => ({ kind: "plugin", row, credential: { kind: "ed25519", public_key: "key" } })),
  );
  const shops = await shopsOfProduct(database.db, "rolled-out", 2);
  expect(shops.map(({ id }) => id)).toEqual([pluginId(1), pluginId(2)]);
  expect(shops[0]).toMatchObject({ env: { platform: "magento" }, version: rows[0]?.version });
});

it("the shops of a product in a class of environments are counted", async () => {
  const envs = [
    { platform: "magento", platform_version: "2.4.6", region: "sn" },
    { platform: "magento", platform_version: "2.4.7" },
    { platform: "magento", platform_version: "2.3.1" },
  ];
  const rows = [envs[0], envs[0], envs[1], envs[2]].map((env, i) =>
    aPluginRecord({ id: pluginId(20 + i), product: "counted", env: env ?? {} }),
  );
  await writeLedger(
    database.db,
    rows.map((row) => ({ kind: "plugin", row, credential: { kind: "ed25519", public_key: "key" } })),
  );
  expect(await shopsInEnvironment(database.db, "counted", "magento 2.4")).toBe(3);
  expect(await shopsInEnvironment(database.db, "counted", "magento 9.9")).toBe(0);
});
