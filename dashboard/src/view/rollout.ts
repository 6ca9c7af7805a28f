/** Pure. Releases and remedies on their way through the stages: names, next steps, figures, and the plan being written. */
import type { ReleaseStatus, Standing } from "../../../src/contract/release.ts";
import type { RolloutState } from "../../../src/contract/rollout.ts";
import { RolloutPlan, type RolloutWave } from "../../../src/contract/rollout-plan.ts";
import type { Language } from "../i18n/i18n.ts";
import { inLanguage } from "./schema-issues.ts";

/** What is rolled out: a version of a product, or a remedy by its id. */
export interface Subject {
  product: string;
  key: string;
}

export function isRemedy(subject: Subject): boolean {
  return subject.key.startsWith("rmd_");
}

export function subjectName({ product, key }: Subject): string {
  return `${product} ${key}`;
}

export function subjectHref({ product, key }: Subject): string {
  return `/releases/${encodeURIComponent(product)}/${encodeURIComponent(key)}`;
}

/** Where a person may bring it from each status. */
export const NEXT_STATUSES: Record<ReleaseStatus, readonly ReleaseStatus[]> = {
  active: ["paused", "halted", "blocked"],
  paused: ["active", "halted", "blocked"],
  halted: ["active", "blocked"],
  blocked: ["active"],
};

/** What a person sees who decides about its standing: the request says so, and is refused when it lets go on what is not so by now. */
export function seenStanding({
  status,
  standing,
}: Pick<RolloutState, "status"> & { standing?: Standing | null | undefined }): {
  from: ReleaseStatus;
  since: string | null;
} {
  return { from: status, since: standing?.at ?? null };
}

export type StageMark = "done" | "current" | "ahead";

/** Each stage with whether it lies behind, is open, or is still to come. */
export function stageMarks({ stages, stage }: RolloutState): { name: string; mark: StageMark }[] {
  return stages.map((name, i) => ({ name, mark: i < stage ? "done" : i === stage ? "current" : "ahead" }));
}

/** Attempts that ended badly, of all that ended and count. */
export function failuresOf(state: RolloutState): { failures: number; finished: number } {
  const failures = state.rolled_back + state.failed + state.relapsed;
  return { failures, finished: state.success + failures + state.inconclusive };
}

export type WaveKind = "merchants" | "shops" | "percent";

export function waveKind(wave: RolloutWave): WaveKind {
  if (wave.merchants !== undefined) return "merchants";
  return wave.shops !== undefined ? "shops" : "percent";
}

/** The wave for other shops; its name, date and thresholds stay. */
export function withKind(wave: RolloutWave, kind: WaveKind): RolloutWave {
  const { merchants: _m, shops: _s, percent: _p, ...rest } = wave;
  switch (kind) {
    case "merchants":
      return { ...rest, merchants: [] };
    case "shops":
      return { ...rest, shops: 5 };
    case "percent":
      return { ...rest, percent: 10 };
    default:
      return kind satisfies never;
  }
}

/** A wave with an optional number or text set, or taken away by `undefined`. */
export function withPart<K extends keyof RolloutWave>(
  wave: RolloutWave,
  name: K,
  value: RolloutWave[K] | undefined,
): RolloutWave {
  const { [name]: _former, ...rest } = wave;
  // Without the key where there is no value: the schema takes an absent field, not an undefined one.
  return (value === undefined ? rest : { ...rest, [name]: value }) as RolloutWave;
}

export const FIRST_PLAN: RolloutPlan = { waves: [{ shops: 5 }, { percent: 20 }, { percent: 100 }] };

/** What is wrong with a plan, by path (`waves.0.percent`); empty when nothing is. */
export function planIssues(plan: RolloutPlan, language: Language): Map<string, string> {
  const parsed = RolloutPlan.safeParse(plan, inLanguage(language));
  if (parsed.success) return new Map();
  return new Map(parsed.error.issues.map((issue) => [issue.path.join("."), issue.message]));
}
