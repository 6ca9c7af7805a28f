/** `npm run ops -- <verb> …`: the runbook of emergencies, through the ops API. */
import { setTimeout as delay } from "node:timers/promises";
import { Emergency, EmergencyDetail, EmergencyList } from "../../src/contract/emergency.ts";
import { Guard, KillPreview } from "../../src/contract/guard.ts";
import { Policy } from "../../src/contract/policy.ts";
import { type OpsOrder, type Part, readOpsArgs } from "../ops/ops-args.ts";
import { detailLines, emergencyLines, guardLines, killLines, planLines } from "../ops/ops-text.ts";
import { UsageError } from "../usage-error.ts";
import { callOps, OPS_ACCESS_HELP, type OpsAccess, opsAccess } from "./ops-access.ts";

export const help = `
npm run ops -- <verb> [options]

The runbook of emergencies.

  status                     what holds automatic changes back now, and what runs
  kill on | off              the kill switch; once "on" has answered, no command leaves, not even a rollback
  cancel-pending             cancel every attempt that no shop was told of; --dry-run only lists them
  rollback-since <minutes>   plan to take back what was applied since then, newest first, in waves; prints the command that runs it
  list                       emergency actions, newest first
  show <id>                  one of them, with its first shops; --state <state> shows those of one state
                             (waiting, ordered, done, failed, skipped), --after <number> those that follow, 200 at once
  abort <id>                 give no further orders; what was ordered goes on
  autonomy restore           let automatic healing go on after its budget was spent; outcomes so far count no more

Options:
  --reason <text>       why; needed for whatever changes something
  --dry-run             list what would be touched, and change nothing (rollback-since never does more before --confirm)
  --confirm <plan>      of cancel-pending and rollback-since: run the plan that was printed, within ten minutes
  --follow              stay until it is over, and say how it goes
  --product <name> --version <version or remedy> --merchant <id>
                        not the whole fleet, but what matches all of these
  --wave-size <shops>   of the first wave (25); --wave-growth <times> (2): each wave has so many times the shops of the one before
  --pause <seconds>     between the beginnings of two waves, at least (60)
  --stop-at <percent>   stop when more of the finished ones than this have failed (20)
${OPS_ACCESS_HELP.trimStart().replace(/^/, "  ")}

Exit code: 0 done, 1 refused or not reached, 2 typed wrongly, 3 it was stopped or aborted, or some shops failed.
`;

const FOLLOW_MS = 2_000;

export async function run(args: string[]): Promise<number> {
  try {
    const { order, url, json, follow } = readOpsArgs(args);
    const access = await opsAccess({ url });
    const answer = await carryOut(access, order);
    const part = order.verb === "show" ? order.part : {};
    const final = follow && answer.id !== null ? await followUp(access, answer.id, part, json) : answer;
    console.log(json ? JSON.stringify(final.body, null, 2) : final.lines().join("\n"));
    return final.failed ? 3 : 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`vigie: ${error.message}\nsee npm run ops -- --help`);
    return 2;
  }
}

interface Answer {
  body: unknown;
  /** The emergency action that it is about. */
  id: string | null;
  failed: boolean;
  lines(): string[];
}

const ACTIONS = "/api/ops/emergency";

async function carryOut(access: OpsAccess, order: OpsOrder): Promise<Answer> {
  switch (order.verb) {
    case "status":
      return guardAnswer(await callOps(access, "/api/ops/guard"));
    case "kill": {
      const { engaged, reason } = order;
      if (order.dryRun) {
        const body = await callOps(access, "/api/ops/policy/kill");
        return plain(body, () => killLines(KillPreview.parse(body)));
      }
      const body = await callOps(access, "/api/ops/policy/kill", { json: { engaged, reason } });
      const text = engaged
        ? "The kill switch is engaged: no command leaves any more, not even a rollback."
        : "The kill switch is released.";
      return plain(body, () => [`${text} Policy revision ${Policy.parse(body).revision}.`]);
    }
    case "autonomy":
      return guardAnswer(
        await callOps(access, "/api/ops/autonomy/restore", { json: { reason: order.reason } }),
      );
    case "cancel-pending": {
      const json = { ...order.scope, reason: order.reason, dry_run: order.dryRun };
      return actionAnswer(await callOps(access, `${ACTIONS}/cancel-pending`, { json }));
    }
    case "rollback-since": {
      const json = { ...order.scope, ...order.waves, minutes: order.minutes, reason: order.reason };
      return actionAnswer(await callOps(access, `${ACTIONS}/rollback-since`, { json }));
    }
    case "confirm": {
      const { id, digest, targets } = order.plan;
      return actionAnswer(await callOps(access, `${ACTIONS}/${id}/confirm`, { json: { digest, targets } }));
    }
    case "abort":
      return actionAnswer(
        await callOps(access, `${ACTIONS}/${order.id}/abort`, { json: { reason: order.reason } }),
        false,
      );
    case "show":
      return show(access, order.id, order.part);
    case "list": {
      const body = await callOps(access, ACTIONS);
      const { items } = EmergencyList.parse(body);
      return plain(body, () =>
        items.length === 0 ? ["There was no emergency action yet."] : items.flatMap(emergencyLines),
      );
    }
    default:
      return order satisfies never;
  }
}

function plain(body: unknown, lines: () => string[]): Answer {
  return { body, id: null, failed: false, lines };
}

function guardAnswer(body: unknown): Answer {
  return plain(body, () => guardLines(Guard.parse(body)));
}

/** `judged`: an end that was not wholly good is a failure of the command. */
function actionAnswer(body: unknown, judged = true): Answer {
  const action = Emergency.parse(body);
  return { body, id: action.id, failed: judged && wentWrong(action), lines: () => planLines(action) };
}

async function show(access: OpsAccess, id: string, part: Part): Promise<Answer> {
  const query = new URLSearchParams(Object.entries(part).map(([name, value]) => [name, String(value)]));
  const body = await callOps(access, `${ACTIONS}/${id}?${query}`);
  const detail = EmergencyDetail.parse(body);
  return { body, id, failed: wentWrong(detail), lines: () => detailLines(detail, part) };
}

function wentWrong({ status, counts }: Emergency): boolean {
  return status === "stopped" || status === "aborted" || counts.failed > 0;
}

async function followUp(access: OpsAccess, id: string, part: Part, quiet: boolean): Promise<Answer> {
  for (let last = ""; ; await delay(FOLLOW_MS)) {
    const body = await callOps(access, `${ACTIONS}/${id}`);
    const { status, wave, counts, held } = EmergencyDetail.parse(body);
    if (status !== "running") return show(access, id, part);
    const { targets, done, failed, skipped, ordered } = counts;
    const line =
      held ?? `wave ${wave}: ${done + skipped} of ${targets} settled, ${failed} failed, ${ordered} under way`;
    if (line !== last && !quiet) console.log(line);
    last = line;
  }
}
