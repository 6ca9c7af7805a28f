/** The sections, in the order in which they are printed. A new detector's section is one more line here. */
import { cohort } from "./cohort.ts";
import { errors } from "./errors.ts";
import { footprint } from "./footprint.ts";
import type { Section } from "./section.ts";
import { silence } from "./silence.ts";
import { storm } from "./storm.ts";
import { webhooks } from "./webhooks.ts";

export const SECTIONS: readonly Section[] = [
  // One plugin.
  webhooks,
  errors,
  silence,
  footprint,
  // The fleet.
  cohort,
  storm,
];
