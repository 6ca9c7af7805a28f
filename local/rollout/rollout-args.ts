/** Pure: what a person typed behind `npm run rollout --`, as an order. */
import { ProductName, RemedyId } from "../../src/contract/ids.ts";
import { ReleaseStatus } from "../../src/contract/release.ts";
import { RolloutPlan, SubjectKey } from "../../src/contract/rollout-plan.ts";
import { typedArgs } from "../typed-args.ts";
import { UsageError } from "../usage-error.ts";

export interface Target {
  product: string;
  /** Version or remedy id. */
  key: string;
}
const STATUS_OF = { pause: "paused", resume: "active", halt: "halted", block: "blocked" } as const;
type StatusVerb = keyof typeof STATUS_OF;

export type RolloutOrder =
  | { verb: "show"; product: string; key: string | null }
  | { verb: "plan"; target: Target; plan: unknown; reason: string; dryRun: boolean }
  | { verb: "cancel"; target: Target; reason: string }
  | {
      verb: "status";
      target: Target;
      status: (typeof STATUS_OF)[StatusVerb];
      /** Of a resumption: the status that the person saw. */
      from?: ReleaseStatus;
      reason: string;
    }
  | { verb: "hold"; target: Target; environment: string; held: boolean; reason: string }
  | { verb: "revert"; target: Target; reason: string; dryRun: boolean }
  /** `version`: undefined to show it, null to remove it. */
  | {
      verb: "floor";
      product: string;
      version: string | null | undefined;
      reason: string;
      dryRun: boolean;
      barsAll: boolean;
    };

export interface RolloutArgs {
  order: RolloutOrder;
  url: string | undefined;
  json: boolean;
}

/**
 * @param readFile gives the text of a plan file
 * @throws UsageError
 */
export function readRolloutArgs(args: string[], readFile: (path: string) => string): RolloutArgs {
  const { values, positionals } = parse(args);
  const [verb = "", product, key, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`"${more.join(" ")}" is too much`);
  const { url, json, reason, "dry-run": dryRun = false } = values;
  const common = { url, json: json ?? false };
  const why = () => reason ?? fail("--reason is missing: say why, in a few words");
  const target = (): Target => ({ product: productOf(product), key: keyOf(key) });
  const given = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  const only = (...allowed: string[]) => {
    const foreign = given.find((name) => ![...allowed, "url", "json"].includes(name));
    if (foreign) throw new UsageError(`--${foreign} means nothing to ${verb}`);
  };
  switch (verb) {
    case "show":
      only();
      return {
        ...common,
        order: { verb, product: productOf(product), key: key === undefined ? null : keyOf(key) },
      };
    case "plan":
      only("wave", "file", "reason", "dry-run");
      return {
        ...common,
        order: {
          verb,
          target: target(),
          plan: planOf(values.wave, values.file, readFile),
          reason: reason ?? (dryRun ? "dry run" : why()),
          dryRun,
        },
      };
    case "cancel":
      only("reason");
      return { ...common, order: { verb, target: target(), reason: why() } };
    case "pause":
    case "halt":
    case "block":
      only("reason");
      return {
        ...common,
        order: { verb: "status", target: target(), status: STATUS_OF[verb], reason: why() },
      };
    case "resume":
      only("from", "reason");
      return {
        ...common,
        order: {
          verb: "status",
          target: target(),
          status: STATUS_OF[verb],
          from: stoppedAs(values.from),
          reason: why(),
        },
      };
    case "hold":
    case "lift": {
      only("environment", "reason");
      const environment = values.environment ?? fail('--environment is missing: "woocommerce 9.1 / php 8.2"');
      return {
        ...common,
        order: { verb: "hold", target: target(), environment, held: verb === "hold", reason: why() },
      };
    }
    case "revert":
      only("reason", "dry-run");
      return {
        ...common,
        order: { verb, target: target(), reason: reason ?? (dryRun ? "dry run" : why()), dryRun },
      };
    case "floor": {
      if (key === undefined) only();
      else only("reason", "dry-run", "bar-all");
      const version = key === undefined ? undefined : key === "none" ? null : versionOf(key);
      const given = reason ?? (version === undefined ? "" : dryRun ? "dry run" : why());
      const { "bar-all": barsAll = false } = values;
      return {
        ...common,
        order: { verb, product: productOf(product), version, reason: given, dryRun, barsAll },
      };
    }
    default:
      throw new UsageError(verb === "" ? "what shall be done?" : `"${verb}" is no verb of rollout`);
  }
}

function parse(args: string[]) {
  return typedArgs({
    args,
    allowPositionals: true,
    options: {
      url: { type: "string" },
      json: { type: "boolean" },
      reason: { type: "string" },
      "dry-run": { type: "boolean" },
      wave: { type: "string", multiple: true },
      file: { type: "string" },
      environment: { type: "string" },
      from: { type: "string" },
      "bar-all": { type: "boolean" },
    },
  });
}

function fail(message: string): never {
  throw new UsageError(message);
}

function productOf(text: string | undefined): string {
  if (text === undefined) throw new UsageError("which product?");
  return ProductName.safeParse(text).success ? text : fail(`"${text}" is not a product name`);
}
function keyOf(text: string | undefined): string {
  if (text === undefined) throw new UsageError("which version, or remedy?");
  return SubjectKey.safeParse(text).success ? text : fail(`"${text}" is neither a version nor a remedy id`);
}
/** Typed, not looked up: whoever resumes says what they saw. */
function stoppedAs(text: string | undefined): ReleaseStatus {
  const status = ReleaseStatus.exclude(["active"]).safeParse(text);
  return status.success
    ? status.data
    : fail("--from is missing: the status you saw, as show prints it (paused, halted or blocked)");
}
function versionOf(text: string): string {
  if (RemedyId.safeParse(text).success) throw new UsageError("a floor is a version");
  return keyOf(text);
}

function planOf(
  waves: readonly string[] | undefined,
  file: string | undefined,
  readFile: (path: string) => string,
): RolloutPlan {
  if ((waves === undefined) === (file === undefined))
    throw new UsageError("give the waves either as --wave, once for each, or as --file");
  const plan = RolloutPlan.safeParse(
    waves === undefined ? planFile(file ?? "", readFile) : { waves: waves.map(waveOf) },
  );
  if (plan.success) return plan.data;
  const [issue] = plan.error.issues;
  const [, index, ...rest] = issue?.path ?? [];
  const where = typeof index === "number" ? `wave ${[index + 1, ...rest].join(" ")}: ` : "";
  throw new UsageError(`${where}${issue?.message ?? "not a plan"}`);
}

function planFile(path: string, readFile: (path: string) => string): unknown {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${path} is not JSON`);
  }
}

/** `name=pilots; merchants=a,b; not-before=2026-12-01T08:00:00Z; bake=3600; successes=3; abort=any:10:20` */
function waveOf(text: string): Record<string, unknown> {
  const wave: Record<string, unknown> = {};
  const aborts: unknown[] = [];
  for (const part of text.split(";").map((piece) => piece.trim())) {
    if (part === "") continue;
    const [name = "", ...rest] = part.split("=");
    const value = rest.join("=").trim();
    if (rest.length === 0 || value === "") throw new UsageError(`"${part}" in a wave is not name=value`);
    if (name === "abort") aborts.push(abortOf(value));
    else Object.assign(wave, settingOf(name.trim(), value));
  }
  return aborts.length === 0 ? wave : { ...wave, abort: aborts };
}

function settingOf(name: string, value: string): Record<string, unknown> {
  switch (name) {
    case "name":
      return { name: value };
    case "merchants":
      return { merchants: value.split(",").map((merchant) => merchant.trim()) };
    case "shops":
    case "percent":
    case "successes":
      return { [name]: numberOf(name, value) };
    case "bake":
      return { bake_s: numberOf(name, value) };
    case "not-before":
      return { not_before: instantOf(value) };
    default:
      throw new UsageError(
        `a wave has no "${name}": it has name, merchants, shops, percent, not-before, successes, bake and abort`,
      );
  }
}

function abortOf(value: string): unknown {
  const [failure, percent, minFinished, ...more] = value.split(":");
  if (more.length > 0 || minFinished === undefined)
    throw new UsageError(`abort=${value}: write failure:percent:finished, such as any:20:5`);
  return {
    failure,
    percent: numberOf("abort", percent ?? ""),
    min_finished: numberOf("abort", minFinished),
  };
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new UsageError(`${name}=${text} is not a number`);
  return number;
}

/** A date alone, or an instant without a zone, would mean another moment on every machine. */
function instantOf(text: string): string {
  const at = /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new UsageError(`not-before=${text}: write an instant with its zone, such as 2026-12-01T08:00:00Z`);
  return new Date(at).toISOString();
}
