/** What bad releases reached, what was made worse, and the same with one protection taken away. */
import type { Table } from "../target.ts";
import { share, shareText } from "./figures.ts";
import { ended, harmed } from "./measures.ts";
import type { AttemptSeen, WeekSeen } from "./observe.ts";
import { outcomes } from "./outcomes.ts";
import type { Part } from "./parts.ts";

export type Result = { part: Part; seen: WeekSeen };

export function reachTable(week: readonly WeekSeen[]): Table {
  const rows = week.flatMap((seen) =>
    seen.reach.map(({ product, version, nature, shops, status }) => [
      product,
      version,
      nature.replace("_", " "),
      String(shops),
      status,
    ]),
  );
  return {
    title: "Releases that are not good: shops that an attempt put on them",
    columns: ["product", "version", "nature", "shops", "status at the end"],
    rows,
  };
}

export function harmTable(attempts: readonly AttemptSeen[]): Table {
  const { touched, worse, healthy, faulty, irreversible } = harmed(attempts);
  return {
    title: "Harm",
    columns: ["", "shops"],
    rows: [
      ["healthy when the change came", String(touched)],
      ["made worse by the change, of all", String(worse)],
      ["of these: healthy before, not restored within 2 h by Vigie", String(healthy)],
      ["of these: faulty before, reversible change, not restored", String(faulty)],
      ["of these: faulty before, irreversible change, frozen and paged", String(irreversible)],
    ],
  };
}

export function comparisonTable(results: readonly Result[]): Table {
  return {
    title: "The same smaller fleet with one protection taken away (whole run, learning included)",
    columns: [
      "",
      "in a shop's hands",
      "success",
      "rolled back",
      "mended by Vigie",
      "on a bad release",
      "most on one",
      "made worse",
      "not restored",
      "pages",
    ],
    rows: results.map(({ part, seen }) => {
      const { success, rollback } = outcomes(seen.attempts);
      const { worse, healthy, faulty, irreversible } = harmed(seen.attempts);
      const bad = seen.reach.filter(({ nature }) => nature !== "regression").map(({ shops }) => shops);
      const mended = share(
        seen.faults.filter(({ endedBy }) => endedBy === "vigie").length,
        seen.faults.length,
      );
      return [
        part.variant,
        String(success.n),
        shareText(success),
        shareText(rollback),
        shareText(mended),
        String(bad.reduce((sum, shops) => sum + shops, 0)),
        String(Math.max(0, ...bad)),
        String(worse),
        String(healthy + faulty + irreversible),
        String(seen.pages),
      ];
    }),
  };
}

export function costTable(results: readonly Result[]): Table {
  const total = (pick: (seen: WeekSeen) => number): number =>
    results.reduce((sum, { seen }) => sum + pick(seen), 0);
  const cpu = total(({ cpuSeconds }) => cpuSeconds);
  const rows = results.map(({ part, seen }) => [
    `${part.of}: ${part.variant}`,
    String(part.shops),
    String(part.days),
    seen.beats.toLocaleString("en-US"),
    String(seen.incidents),
    String(seen.falseIncidents),
    String(seen.attempts.filter(ended).length),
    String(seen.degradedMinutes),
    String(seen.restores),
    seen.cpuSeconds.toFixed(0),
  ]);
  return {
    title: `What was simulated: ${cpu.toFixed(0)} core-seconds, ${((cpu / total(({ steps }) => steps)) * 1e6).toFixed(0)} us a step`,
    columns: [
      "run",
      "shops",
      "days",
      "heartbeats",
      "incidents",
      "false",
      "attempts",
      "autonomy lost, min",
      "restored",
      "core-s",
    ],
    rows,
  };
}
