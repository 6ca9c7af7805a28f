/** Carries over what an earlier version learned: counts by signature and fix, without environments. A rebuild knows more. */
import { Action } from "../../src/contract/ids.ts";
import { NO_TALLY, placeOf, typeOf } from "../../src/core/sira/lesson.ts";
import type { SiraStore } from "./sira-store.ts";

type LearnedRow = { attempt_id: string; outcome: string };
type FixRow = { signature: string; fix: string; successes: number; failures: number };

/** Once, within the transaction that makes `store`'s generation the one in use. */
export function carryOver(sql: SqlStorage, store: SiraStore): void {
  const learned = sql.exec<LearnedRow>("SELECT attempt_id, outcome FROM learned").toArray();
  for (const { attempt_id, outcome } of learned) store.rememberOnly(attempt_id, outcome);
  for (const row of sql.exec<FixRow>("SELECT signature, fix, successes, failures FROM fixes").toArray()) {
    const [name, version] = row.fix.split("@");
    const action = Action.safeParse(name);
    // `type:product@version:fingerprint`
    const from = /^[^:@]*:[^:@]*@([^:]+)/.exec(row.signature)?.[1];
    if (!action.success || from === undefined) continue;
    store.addTally(
      placeOf({
        type: typeOf(row.signature),
        signature: row.signature,
        env: {},
        from,
        action: action.data,
        version,
      }),
      { ...NO_TALLY, success: row.successes, failed: row.failures },
    );
  }
}
