/** The dry run of the kill switch: what it would stop, what it would leave going on, and nothing changed. */
import { fleetOf, policyOf } from "../../../durable-objects/stubs.ts";
import type { KillPreview } from "../../contract/guard.ts";
import type { Env } from "../../env.ts";

const SHOWN = 200;

export async function killPreview(env: Pick<Env, "FLEET" | "POLICY">): Promise<KillPreview> {
  const fleet = fleetOf(env);
  const [policy, { attempts: counts }, attempts] = await Promise.all([
    policyOf(env).read(),
    fleet.standing(),
    fleet.underWay(SHOWN),
  ]);
  const engaged = policy.document.kill_switch;
  return { engaged, text: engaged ? RELEASE : engageText(counts), counts, attempts };
}

const RELEASE =
  "It is engaged. Released, commands may leave again under the mode and rules in force; what it cancelled stays cancelled.";

function engageText({ waiting, handed_over, watched }: KillPreview["counts"]): string {
  return `No command leaves any more. ${waiting} attempt(s) that no shop was told of are cancelled as they next come to the gate. ${handed_over + watched} go on in their shops and are watched; while it is engaged none of them can be taken back by command, only by the shop's own dead-man before its commit.`;
}
