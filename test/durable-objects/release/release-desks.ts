/** A product's object without its shell: the same desks and stores on a storage in memory, with the time given by the test. */

import { migrate } from "../../../durable-objects/migrations.ts";
import { OutboxStore } from "../../../durable-objects/outbox/outbox-store.ts";
import { CatalogueDesk } from "../../../durable-objects/release/catalogue-desk.ts";
import { FloorDesk } from "../../../durable-objects/release/floor-desk.ts";
import { RELEASE_MIGRATIONS } from "../../../durable-objects/release/release-migrations.ts";
import { ReleaseRoom } from "../../../durable-objects/release/release-room.ts";
import { RevertDesk } from "../../../durable-objects/release/revert-desk.ts";
import { RolloutDesk } from "../../../durable-objects/release/rollout-desk.ts";
import { StandingDesk } from "../../../durable-objects/release/standing-desk.ts";
import { LedgerRecord } from "../../../src/contract/ledger.ts";
import type { NotificationRecord } from "../../../src/contract/notification.ts";
import { anObjectStorage } from "../../builders/object-storage.ts";

export const PRODUCT = "molam-woocommerce";

export function releaseDesks() {
  const { storage } = anObjectStorage();
  migrate(storage, RELEASE_MIGRATIONS);
  const outbox = new OutboxStore(storage.sql);
  const room = new ReleaseRoom(storage, outbox);
  /** Why no command may leave; null when one may. */
  const policy: { holds: string | null } = { holds: null };
  const reverts = new RevertDesk(room, async () => policy.holds);
  const standing = new StandingDesk(room, reverts);
  const floors = new FloorDesk(room);
  const floor = () => floors.read(PRODUCT).version;
  const rollouts = new RolloutDesk(room, reverts, floor);
  const catalogue = new CatalogueDesk(room, floor);

  const bodies = (kind: string): unknown[] =>
    storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = ? ORDER BY id", kind)
      .toArray()
      .map(({ body }) => JSON.parse(body) as unknown);
  return {
    storage,
    outbox,
    policy,
    reverts,
    standing,
    floors,
    rollouts,
    catalogue,
    /** What the ledger will be told. */
    ledger: () => bodies("ledger").map((body) => LedgerRecord.parse(body)),
    audit: () =>
      bodies("ledger")
        .map((body) => LedgerRecord.parse(body))
        .flatMap((record) => (record.kind === "audit" ? [record.row] : [])),
    notices: () => bodies("notify").map((body) => (body as { record: NotificationRecord }).record),
    /** Orders that wait to be given, in the order they were written. */
    orders: () => bodies("order").map((body) => body as { pluginId: string; order: { attempt_id: string } }),
  };
}
export type ReleaseDesks = ReturnType<typeof releaseDesks>;
