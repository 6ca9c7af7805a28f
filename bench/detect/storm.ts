/** The storm guard: a whole fleet loses contact, or all its webhooks, for a while; and one bad release, which is no storm. */
import { FleetLife } from "../../sim/fleet-life.ts";
import { poisson, seededRandom } from "../../sim/random.ts";
import { judgeStorm, newStorm } from "../../src/core/fleet/storm.ts";
import { ONSET_WINDOW_MS } from "../../src/core/fleet/storm-tests.ts";
import { figure } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { Report, Target } from "../target.ts";
import { DAY_MS, FLEET, MINUTE_MS, pooled, quantile, START, seedOf, select, total } from "./figures.ts";
import type { Figures, Part, Section } from "./section.ts";

const WARM_MS = 10 * MINUTE_MS;
const OUTAGE_MS = 10 * MINUTE_MS;
const AFTER_MS = 20 * MINUTE_MS;
/** The fleet without its guard is a sample: it does more, and only its figures for 5,000 are wanted. */
const UNGUARDED = 500;
const CALM_DAYS = 30;
const SILENT_SHARE_A_DAY = 0.01;
const SILENT_MS = 30 * MINUTE_MS;
/** Webhooks: an hour, how long they fail, and what follows; recovery is shown by successes alone, so it takes its time. */
const WEBHOOKS_PER_HOUR = 60;
const FAIL_MS = 20 * MINUTE_MS;
const AFTER_FAIL_MS = 40 * MINUTE_MS;
const BAD_SHARE = 0.1;
const HEALTHY_LEVEL = 0.01;
/** Products or versions of one: shares of the fleet that run them. Platforms' versions are spread over all alike. */
const VERSION_SHARES = [0.7, 0.15, 0.05] as const;
const BAD_VERSION = "1.2.2";
const PLATFORMS = 4;
const DEADLINES_MIN = [3, 6, 30] as const;

export const storm: Section = {
  name: "storm",
  method: [
    `${FLEET.toLocaleString("en-US")} resident plugins, each through the reducer (src/core/plugin), all reporting to one storm guard (src/core/fleet/storm.ts) that answers their ` +
      `triage. After ${WARM_MS / MINUTE_MS} min no beat of theirs arrives for ${OUTAGE_MS / MINUTE_MS} min; every shop is up. Beats are spread over 2 min and come up to a tenth early. ` +
      `Judged ${AFTER_MS / MINUTE_MS} min after contact is back.`,
    "Everything else invites healing: the policy is automatic for all, each shop answers a look from outside, the decision is always to patch, the release is " +
      `admitted. The fleet without its guard is the same, but its plugins are never told of the storm (${UNGUARDED} of them, scaled).`,
    `Webhooks: ${WEBHOOKS_PER_HOUR} an hour in each shop, 1 % failing, and all of them for ${FAIL_MS / MINUTE_MS} min, in every shop or only in the ${BAD_SHARE * 100} % that run one bad ` +
      `release; ${VERSION_SHARES.map((share) => share * 100).join(", ")} % run other versions, on ${PLATFORMS} versions of the platform. Judged ${AFTER_FAIL_MS / MINUTE_MS} min later. The release fails for good, and is patched ` +
      "shop by shop: a command that the gate lets pass is carried out and heals.",
    `Calm: the guard alone, ${CALM_DAYS} days in which ${SILENT_SHARE_A_DAY * 100} % of the fleet a day falls silent for ${SILENT_MS / MINUTE_MS} min. ` +
      "The common rules see the same beats, one fixed deadline for each plugin.",
  ],
  parts({ quick }) {
    const replicas = quick ? 1 : 3;
    const outages = Array.from({ length: replicas }, (_, replica) => ({
      id: `storm-all-${replica}`,
      kind: "guarded",
      plugins: FLEET,
    }));
    const plugins = quick ? 1000 : FLEET;
    return [
      { id: "storm-webhooks", kind: "webhooks", plugins },
      { id: "storm-release", kind: "release", plugins },
      ...outages,
      { id: "storm-unguarded", kind: "unguarded", plugins: UNGUARDED },
      { id: "storm-calm", kind: "calm", plugins: FLEET },
    ];
  },
  run(part, options) {
    if (part.kind === "calm") return runCalm(part, options);
    return part.kind === "webhooks" || part.kind === "release"
      ? runWebhooks(part, options)
      : runOutage(part, options);
  },
  report,
};

function runOutage(part: Part, options: Sample): Figures {
  const from = START + WARM_MS;
  const to = from + OUTAGE_MS;
  const fleet = new FleetLife({
    size: Number(part.plugins),
    startAt: START,
    random: seededRandom(seedOf(options, part, 0)),
    arrives: (_, at) => at < from || at >= to,
    guarded: part.kind === "guarded",
  }).run(to + AFTER_MS);
  const first = fleet.storms[0];
  const figures: Record<string, number> = {
    runs: 1,
    plugins: Number(part.plugins),
    storms: fleet.storms.length,
    attempts: fleet.attempts.size,
    notifications: fleet.notifications.size,
    incidents: fleet.incidents.size,
    unknown: fleet.unknown.size,
    open: fleet.open,
  };
  for (const minutes of DEADLINES_MIN)
    figures[ruleOf(minutes)] = fleet.longestGapMs.filter((gap) => gap >= minutes * MINUTE_MS).length;
  return {
    ...figures,
    begins: first === undefined ? [] : [(first.from - from) / MINUTE_MS],
    ends: first === undefined || first.to === null ? [] : [(first.to - to) / MINUTE_MS],
    stormsEach: [fleet.storms.length],
    gapMinutes: (quantile(fleet.longestGapMs, 0.5) ?? 0) / MINUTE_MS,
  };
}

function runWebhooks(part: Part, options: Sample): Figures {
  const from = START + WARM_MS;
  const to = from + FAIL_MS;
  const release = part.kind === "release";
  const size = Number(part.plugins);
  const fails = (version: string, at: number): boolean =>
    at >= from && (release ? version === BAD_VERSION : at < to);
  const fleet = new FleetLife({
    size,
    startAt: START,
    random: seededRandom(seedOf(options, part, 0)),
    arrives: () => true,
    runs: (plugin) => ({ version: versionOf(plugin / size), platform: `9.${plugin % PLATFORMS}` }),
    webhooks: {
      perHour: WEBHOOKS_PER_HOUR,
      failing: (_, version, at) => (fails(version, at) ? 1 : HEALTHY_LEVEL),
    },
    guarded: true,
  }).run(to + AFTER_FAIL_MS);
  const [first] = fleet.storms;
  return {
    plugins: size,
    storms: fleet.storms.length,
    incidents: fleet.incidents.size,
    unknown: fleet.unknown.size,
    attempts: fleet.attempts.size,
    handedOver: fleet.handedOver.size,
    notifications: fleet.notifications.size,
    open: fleet.open,
    begins: first === undefined ? [] : [(first.from - from) / MINUTE_MS],
    ends: first === undefined || first.to === null ? [] : [(first.to - to) / MINUTE_MS],
  };
}

/** The version that the plugin at this place of the fleet, in [0, 1), runs; the last few per cent run the bad one. */
function versionOf(place: number): string {
  let upTo = 0;
  for (const [i, share] of VERSION_SHARES.entries()) {
    upTo += share;
    if (place < upTo) return `1.1.${i}`;
  }
  return BAD_VERSION;
}

function runCalm(part: Part, options: Sample): Figures {
  const random = seededRandom(seedOf(options, part, 0));
  const roster = Number(part.plugins);
  const silences: number[] = [];
  let state = newStorm(START);
  let storms = 0;
  for (let now = START + MINUTE_MS; now <= START + CALM_DAYS * DAY_MS; now += MINUTE_MS) {
    const newly = poisson((roster * SILENT_SHARE_A_DAY * MINUTE_MS) / DAY_MS, random);
    for (let i = 0; i < newly; i++) silences.push(now);
    while ((silences[0] ?? now) <= now - SILENT_MS) silences.shift();
    const fresh = silences.filter((at) => now - at <= ONSET_WINDOW_MS).length;
    const before = state.storm !== null;
    const verdict = judgeStorm(state, { now, roster, silent: silences.length, fresh, lost: 0, newly });
    state = verdict.state;
    if (verdict.storm && !before) storms += 1;
  }
  return { storms };
}

type Results = Parameters<typeof select>[0];

function report(results: Results): Report {
  const guarded = select(results, { kind: "guarded" });
  const unguarded = select(results, { kind: "unguarded" });
  const runs = total(guarded, "runs");
  const calm = total(select(results, { kind: "calm" }), "storms");
  const row = (label: string, fleetIncidents: string, of: Results): string[] => [
    label,
    fleetIncidents,
    ...["incidents", "unknown", "attempts", "notifications", "open"].map((name) =>
      figure((total(of, name) / total(of, "plugins")) * FLEET),
    ),
  ];
  const webhooks = select(results, { kind: "webhooks" });
  const release = select(results, { kind: "release" });
  const failing = (label: string, of: Results): string[] => [
    label,
    ...["plugins", "storms", "incidents", "unknown", "attempts", "handedOver", "open"].map((name) =>
      figure(total(of, name)),
    ),
  ];
  const minutes = (name: string): string => figure(quantile(pooled(guarded, name), 0.5));
  return {
    tables: [
      {
        title: `Storm: 5,000 plugins lose contact for 10 min (${figure(runs)} time${runs === 1 ? "" : "s"})`,
        columns: [
          "for each outage",
          "fleet incidents",
          "single ones",
          "marked unknown",
          "attempts",
          "notifications",
          "open after",
        ],
        rows: [
          row("Vigie", figure(total(guarded, "storms") / runs), guarded),
          row("the same without the guard", "-", unguarded),
          ...DEADLINES_MIN.map((deadline) => {
            const opened = figure(total(guarded, ruleOf(deadline)) / runs);
            return [ruleOf(deadline), "-", opened, "-", "-", opened, "0"];
          }),
        ],
        note:
          `The storm begins ${minutes("begins")} min after contact is lost, and is over ${minutes("ends")} min after it is back. Vigie's single ones tell nobody ` +
          `and close by themselves. The common rules are taken to tell of each incident once. Calm: ${figure(calm)} storms in ${CALM_DAYS} days.`,
      },
      {
        title: "Webhooks that all fail",
        columns: [
          "",
          "plugins",
          "storms",
          "single ones",
          "marked unknown",
          "attempts",
          "handed over",
          "open after",
        ],
        rows: [
          failing(`in every shop, ${FAIL_MS / MINUTE_MS} min`, webhooks),
          failing(`in the ${BAD_SHARE * 100} % on one release`, release),
        ],
        note:
          `The storm begins ${figure(quantile(pooled(webhooks, "begins"), 0.5))} min after the webhooks fail, and is over ${figure(quantile(pooled(webhooks, "ends"), 0.5))} min after they ` +
          "are delivered again. Attempts made before it was one are put off at the gate.",
      },
    ],
    targets: [...targets(guarded, calm), ...webhookTargets(webhooks, release)],
  };
}

function targets(guarded: Results, calm: number): Target[] {
  const storms = pooled(guarded, "stormsEach");
  const bounded = (what: string, value: number, must: Target["must"], bound: number): Target => ({
    what: `storm, ${what}`,
    value,
    bound,
    must,
    unit: "in all",
  });
  return [
    bounded("fleet incidents of one outage, the most", Math.max(...storms), "at most", 1),
    bounded("fleet incidents of one outage, the fewest", Math.min(...storms), "at least", 1),
    bounded("attempts", total(guarded, "attempts"), "at most", 0),
    bounded("single incidents left open", total(guarded, "open"), "at most", 0),
    bounded(`fleet incidents in ${CALM_DAYS} calm days`, calm, "at most", 0),
  ];
}

function webhookTargets(webhooks: Results, release: Results): Target[] {
  const target = (what: string, value: number, must: Target["must"], bound: number): Target => ({
    what,
    value,
    bound,
    must,
    unit: "in all",
  });
  const shops = Math.round(total(release, "plugins") * BAD_SHARE);
  return [
    target("storm of webhooks, fleet incidents, the most", total(webhooks, "storms"), "at most", 1),
    target("storm of webhooks, fleet incidents, the fewest", total(webhooks, "storms"), "at least", 1),
    target("storm of webhooks, commands handed over", total(webhooks, "handedOver"), "at most", 0),
    target("storm of webhooks, single incidents left open", total(webhooks, "open"), "at most", 0),
    target(`one bad release in ${shops} shops, storms`, total(release, "storms"), "at most", 0),
    target(`one bad release in ${shops} shops, healed`, total(release, "handedOver"), "at least", shops),
  ];
}

function ruleOf(minutes: number): string {
  return `fixed ${minutes} min`;
}
