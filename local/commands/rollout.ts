/** `npm run rollout -- <verb> …`: plans, shows and steers rollouts through the ops API. */
import { readFileSync } from "node:fs";
import { Floor, FloorReply } from "../../src/contract/floor.ts";
import { ReleaseList } from "../../src/contract/ops.ts";
import { RevertReply } from "../../src/contract/revert.ts";
import { HoldReply, PlanReply, RemedyList, RolloutDetail, RolloutState } from "../../src/contract/rollout.ts";
import { type RolloutOrder, readRolloutArgs, type Target } from "../rollout/rollout-args.ts";
import {
  detailLines,
  floorLine,
  floorLines,
  holdLines,
  planLines,
  revertLines,
  stateLines,
} from "../rollout/rollout-text.ts";
import { UsageError } from "../usage-error.ts";
import { callOps, OPS_ACCESS_HELP, type OpsAccess, opsAccess } from "./ops-access.ts";

export const help = `
npm run rollout -- <verb> <product> [<version>] [options]

Plans, shows and steers how a release is rolled out. <version> may also be the id of a remedy.

  show <product>                    every release and remedy of the product
  show <product> <version>          one rollout, with its shops
  plan <product> <version>          waves in place of the policy's stages: --wave for each, or --file
  cancel <product> <version>        drop the plan
  pause <product> <version>         nobody new gets it; what is under way and what waits goes on waiting
  halt <product> <version>          nobody gets it; what waits is cancelled
  block <product> <version>         never again; only an admin may undo it
  resume <product> <version>        it goes on; what has failed until now is acknowledged: --from
  hold | lift <product> <version>   keep it from an environment, or no longer: --environment
  revert <product> <version>        halt it and take it back wherever it was applied, newest first
  floor <product> [<version>|none]  show, set or remove the version below which the product may not go

Options:
  --reason <text>       why; needed for whatever changes something
  --from <status>       of resume: what you saw it to be (paused, halted, blocked); refused when it is another by now
  --dry-run             of plan, revert and floor: say whom or what it would reach, and change nothing
  --bar-all             of floor: it is meant to lie above every active release, and bars every patch and rollback
  --wave <settings>     "name=pilots; merchants=a,b; not-before=2026-12-01T08:00:00Z; bake=3600; successes=3; abort=any:10:20"
                        exactly one of merchants, shops and percent; the rest may be left out
  --file <path>         the plan as JSON: {"waves":[{"shops":5},{"percent":100,"not_before":"…"}]}
  --environment <class> such as "woocommerce 9.1 / php 8.2", as show prints it
${OPS_ACCESS_HELP.trimStart().replace(/^/, "  ")}

Exit code: 0 done, 1 refused or not reached, 2 typed wrongly.
`;

export async function run(args: string[]): Promise<number> {
  try {
    const { order, url, json } = readRolloutArgs(args, (path) => readFileSync(path, "utf8"));
    const { body, lines } = await carryOut(await opsAccess({ url }), order);
    console.log(json ? JSON.stringify(body, null, 2) : lines().join("\n"));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`vigie: ${error.message}\nsee npm run rollout -- --help`);
    return 2;
  }
}

interface Answer {
  body: unknown;
  lines(): string[];
}

async function carryOut(access: OpsAccess, order: RolloutOrder): Promise<Answer> {
  switch (order.verb) {
    case "show":
      return order.key === null
        ? showAll(access, order.product)
        : showOne(access, { product: order.product, key: order.key });
    case "plan": {
      const { plan, reason, dryRun } = order;
      const json = { plan, reason, dry_run: dryRun };
      const body = await callOps(access, `${pathOf(order.target)}/rollout`, { method: "PUT", json });
      return { body, lines: () => planLines(PlanReply.parse(body)) };
    }
    case "cancel":
      return cancel(access, order.target, order.reason);
    case "status": {
      const { target, status, from, reason } = order;
      const base = target.key.startsWith("rmd_") ? "remedies" : "releases";
      const path = `/api/ops/${base}/${target.product}/${target.key}/status`;
      await callOps(access, path, { json: { status, from, reason } });
      return showOne(access, target);
    }
    case "hold": {
      const { target, environment, held, reason } = order;
      const json = { environment, held, reason };
      const body = await callOps(access, `${pathOf(target)}/holds`, { json });
      return { body, lines: () => holdLines(`${target.product} ${target.key}`, HoldReply.parse(body)) };
    }
    case "revert": {
      const json = { reason: order.reason, dry_run: order.dryRun };
      const body = await callOps(access, `${pathOf(order.target)}/revert`, { json });
      return { body, lines: () => revertLines(RevertReply.parse(body)) };
    }
    case "floor":
      return floor(access, order);
    default:
      return order satisfies never;
  }
}

const pathOf = ({ product, key }: Target) => `/api/ops/releases/${product}/${key}`;

async function cancel(access: OpsAccess, target: Target, reason: string): Promise<Answer> {
  const body = await callOps(access, `${pathOf(target)}/rollout`, { method: "DELETE", json: { reason } });
  return { body, lines: () => stateLines(`${target.product} ${target.key}`, RolloutState.parse(body)) };
}

async function showOne(access: OpsAccess, target: Target): Promise<Answer> {
  const body = await callOps(access, `${pathOf(target)}/rollout`);
  return { body, lines: () => detailLines(RolloutDetail.parse(body)) };
}

async function showAll(access: OpsAccess, product: string): Promise<Answer> {
  const query = `?product=${product}`;
  const releases = ReleaseList.parse(await callOps(access, `/api/ops/releases${query}`));
  const remedies = RemedyList.parse(await callOps(access, `/api/ops/remedies${query}`));
  const all = [
    ...releases.items.map((item) => ({ ...item, name: item.version })),
    ...remedies.items.map((item) => ({ ...item, name: `${item.id} (${item.title})` })),
  ];
  const lines = () =>
    all.length === 0
      ? [`${product} has published nothing`]
      : all.flatMap(({ name, rollout, status }) =>
          rollout ? stateLines(name, rollout) : [`${name}  ${status} (its rollout does not answer)`],
        );
  return { body: { releases: releases.items, remedies: remedies.items }, lines };
}

async function floor(
  access: OpsAccess,
  { product, version, reason, dryRun, barsAll }: Extract<RolloutOrder, { verb: "floor" }>,
): Promise<Answer> {
  const path = `/api/ops/releases/${product}/floor`;
  if (version === undefined) {
    const body = await callOps(access, path);
    return { body, lines: () => [floorLine(Floor.parse(body))] };
  }
  const json = { version, reason, dry_run: dryRun, bars_all: barsAll };
  const body = await callOps(access, path, { method: "PUT", json });
  return { body, lines: () => floorLines(FloorReply.parse(body)) };
}
