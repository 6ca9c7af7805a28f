/** Method and assumptions, as printed above the figures. */
import { wrapped } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { Part } from "./parts.ts";
import { PERSON_MINUTES, RESTORE_MINUTES, RESUME_MINUTES, STOP_HOURS } from "./people.ts";
import { FAULT_RATES, LEARNED_FROM_DAY, OUTBREAKS, RELEASES, SHOP_FAULTS } from "./world.ts";

export function headerOf(options: Sample, parts: readonly Part[]): string {
  const week = parts.filter(({ of }) => of === "week");
  const comparison = parts.find(({ of }) => of === "comparison");
  const shops = week.reduce((sum, part) => sum + part.shops, 0);
  const rates = SHOP_FAULTS.map((fault) => `${fault} ${(FAULT_RATES[fault].perDay * 100).toFixed(2)} %`).join(
    ", ",
  );
  const outbreaks = OUTBREAKS.map(
    ({ fault, share, day }) => `${fault} in ${share * 100} % of the shops on day ${day}`,
  ).join(", ");
  const bad = RELEASES.filter(({ nature }) => nature !== "good").map(
    ({ version, nature, day }) => `${version} ${nature.replace("_", " ")} on day ${day}`,
  );
  const sentences = [
    `${shops.toLocaleString("en-US")} plugins of ${new Set(week.flatMap(({ products }) => products)).size} products in ${week.length} fleets, each with a control plane of its own, ${week[0]?.days} days of virtual time, a discrete-event loop. ` +
      `Seed ${options.seed}; ${options.quick ? "quick: a small sample, whose targets are judged by the kind end of their 95 % interval" : "full"}.`,
    "Real: the reducer, gate, detectors and health check of every plugin (src/core); the objects of policy, releases, fleet and SIRA with their stores over SQLite, outboxes and alarms " +
      "(durable-objects), the requests of a plugin's object to them and its hand-over under the authority's lease; the plugin's client (plugin-client/core) with heart, healer, journal, " +
      "dead-man and real Ed25519 and HMAC signatures over a host in memory, from 10 to 20 min before a fault until all is quiet again.",
    "Simulated: time, network (20 to 150 ms one way, 0.2 % of requests and of answers lost), Postgres (takes everything), the staging runner (15 to 40 s; finds what does not boot, nothing that only " +
      "traffic shows), sites that answer when looked at. While a shop is well its heart is a light one: the same counters and intervals, without journal, JSON and signature.",
    "Shops: resident clients, beats every 120 s as asked for, 2 to 300 webhooks/h (log-uniform) with ten requests to each, a day-and-night rhythm, 0.5 % ordinary webhook failures, 15 % on an old runtime. " +
      `Faults per shop and day: ${rates} (letters are bugs: a quarter of the requests raise an error; config: all webhooks fail; transient: they fail for 5 min by themselves). Outbreaks: ${outbreaks}.`,
    `Releases: ${bad.join(", ")}; regressions are put into shops by the platform's own updater, past Vigie. A remedy for the configuration fault is published on day 0.`,
    "Policy: automatic for everybody at every severity, no approvals but for minor and major steps, every limit the default (minimum confidence 0.6), stages (5 shops, 20 %, 50 %, 100 %), abort rules and budgets. " +
      `Nobody approves; whoever is paged mends the shop by hand ${PERSON_MINUTES.join(" to ")} min later, a spent autonomy budget is restored after ${RESTORE_MINUTES} min, a regression's release is stopped ${STOP_HOURS} h after it was shipped, a good release halted for another's fault goes on after ${RESUME_MINUTES} min.`,
    `Detection is counted from the true beginning of a fault to the record of its incident, repair from there to the verdict of the health check. After SIRA has learned: from day ${LEARNED_FROM_DAY} on, with new faults and new bad releases. ` +
      "Success is judged by the truth: a success of a shop that is not well counts as a failure. One heartbeat in 64 and every other event is checked against the invariants of src/core/plugin.",
    `Comparison: ${comparison?.shops} shops for ${comparison?.days} days, the same seed under each variant. Faults are so many times the rates above: ${week[0]?.faultFactor} in the week, ${comparison?.faultFactor} in the comparison.`,
  ];
  return [
    "Healing benchmark. Method and assumptions:",
    ...sentences.flatMap((sentence) => wrapped(sentence, "  ")),
  ].join("\n");
}
