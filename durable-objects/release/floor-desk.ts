/** The product's floor: the oldest version that a patch or a rollback may lead to. */

import type { Floor, FloorReach, FloorRequest } from "../../src/contract/floor.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result } from "../../src/contract/refusal.ts";
import { floorReach, mayBeFloor } from "../../src/core/rollout/floor-reach.ts";
import { ledgerMessage } from "../outbox/receivers.ts";
import type { ReleaseRoom } from "./release-room.ts";

const FLOOR_KEY = "floor";

export class FloorDesk {
  readonly #room: ReleaseRoom;

  constructor(room: ReleaseRoom) {
    this.#room = room;
  }

  read(product: string): Floor {
    return this.#room.storage.kv.get<Floor>(FLOOR_KEY) ?? { product, version: null, standing: null };
  }

  /** What a floor would shut out. Changes nothing. */
  reach(version: string | null, now: number): FloorReach {
    const releases = this.#room.subjects
      .all("release")
      .flatMap((subject) => (subject.kind === "release" ? [subject.record] : []));
    return floorReach(releases, version, now);
  }

  set(request: FloorRequest & { product: string }, by: Person, now: number): Result<Floor> {
    const { product, version, reason } = request;
    const former = this.read(product);
    if (former.version === version) return ok(former);
    const may = mayBeFloor(request, this.reach(version, now));
    if (!may.ok) return may;
    // The ledger knows the line of audit by its moment: two changes never share one.
    const after = former.standing === null ? now : Date.parse(former.standing.at) + 1;
    const at = new Date(Math.max(now, after)).toISOString();
    const floor: Floor = { product, version, standing: { by: by.id, at, reason } };
    const data = { version, from: former.version, reason };
    return this.#room.transact(() => {
      this.#room.storage.kv.put(FLOOR_KEY, floor);
      const row = {
        id: `floor:${product}:${at}`,
        stream: "releases",
        at,
        actor: by.id,
        action: version === null ? "floor.removed" : "floor.set",
        subject: product,
        data,
      };
      this.#room.send([ledgerMessage(product, { kind: "audit", row })], now);
      return ok(floor);
    });
  }
}
