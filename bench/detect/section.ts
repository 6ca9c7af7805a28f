/**
 * What a section of the detection benchmark is. Its parts are independent, so that they can run on several cores in any
 * order: each draws from a seed of its own. Figures and parts cross a thread boundary, so they are plain JSON.
 */
import type { Sample } from "../sample.ts";
import type { Report } from "../target.ts";

/** Names one independent piece of work, and says what is simulated in it. */
export interface Part {
  id: string;
  [setting: string]: string | number | boolean;
}

/** What one part yields. Where counts of several parts are added up, the section does it. */
export interface Figures {
  [name: string]: number | string | null | number[];
}

export interface Section {
  name: string;
  /** Method and assumptions, for the header: one sentence or two a line. */
  method: readonly string[];
  parts(options: Sample): Part[];
  run(part: Part, options: Sample): Figures;
  report(results: readonly { part: Part; figures: Figures }[], options: Sample): Report;
}
