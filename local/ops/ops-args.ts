/** Pure: what a person typed behind `npm run ops --`, as an order. */
import { EmergencyId, EmergencyScope, TARGET_STATES, TargetState } from "../../src/contract/emergency.ts";
import { Sha256 } from "../../src/contract/ids.ts";
import { typedArgs } from "../typed-args.ts";
import { UsageError } from "../usage-error.ts";

/** What a plan prints, and what confirms it: `emg_3/37/<digest>`. */
export interface PlanToken {
  id: string;
  targets: number;
  digest: string;
}

export type OpsOrder =
  | { verb: "status" }
  | { verb: "list" }
  | { verb: "show"; id: string; part: Part }
  | { verb: "kill"; engaged: boolean; reason: string; dryRun: boolean }
  | { verb: "autonomy"; reason: string }
  | { verb: "cancel-pending"; scope: EmergencyScope; reason: string; dryRun: boolean }
  | { verb: "rollback-since"; scope: EmergencyScope; minutes: number; waves: Waves; reason: string }
  | { verb: "confirm"; plan: PlanToken }
  | { verb: "abort"; id: string; reason: string };

/** As the API names them; what is absent is the API's default. */
export interface Waves {
  wave_size?: number;
  wave_growth?: number;
  pause_s?: number;
  stop_failed_percent?: number;
}

/** Which shops of an action to show; `after` is the number of the last one seen. */
export interface Part {
  state?: TargetState;
  after?: number;
}

export interface OpsArgs {
  order: OpsOrder;
  url: string | undefined;
  json: boolean;
  /** Stay until it is over. */
  follow: boolean;
}

const SCOPE = ["product", "version", "merchant"];
const WAVES = ["wave-size", "wave-growth", "pause", "stop-at"];

/** @throws UsageError */
export function readOpsArgs(args: string[]): OpsArgs {
  const { values, positionals } = parse(args);
  const [verb = "", first, ...more] = positionals;
  const { url, json = false, follow = false, reason, confirm, "dry-run": dryRun = false } = values;
  const done = (order: OpsOrder): OpsArgs => ({ order, url, json, follow });
  const why = () => reason ?? fail("--reason is missing: say why, in a few words");
  const only = (argument: "needs" | "takes" | "none", ...allowed: string[]) => {
    const extra = argument === "none" ? [first, ...more] : more;
    if (extra[0] !== undefined) throw new UsageError(`"${extra.join(" ")}" is too much`);
    if (argument === "needs" && first === undefined) throw new UsageError(`${verb} what? see --help`);
    const foreign = Object.keys(values).find((name) => ![...allowed, "url", "json"].includes(name));
    if (foreign) throw new UsageError(`--${foreign} means nothing to ${verb}${confirm ? " --confirm" : ""}`);
  };

  if ((verb === "cancel-pending" || verb === "rollback-since") && confirm !== undefined) {
    only("takes", "confirm", "follow");
    return done({ verb: "confirm", plan: planOf(confirm) });
  }
  switch (verb) {
    case "status":
    case "list":
      only("none");
      return done({ verb });
    case "show":
      only("needs", "follow", "state", "after");
      return done({ verb, id: idOf(first), part: partOf(values) });
    case "kill":
      only("needs", "reason", "dry-run");
      if (first !== "on" && first !== "off") throw new UsageError("kill on, or kill off?");
      return done({ verb, engaged: first === "on", reason: reason ?? (dryRun ? "dry run" : why()), dryRun });
    case "autonomy":
      only("needs", "reason");
      if (first !== "restore") throw new UsageError("autonomy can only be restored: autonomy restore");
      return done({ verb, reason: why() });
    case "cancel-pending":
      only("none", "reason", "dry-run", "follow", ...SCOPE);
      return done({ verb, scope: scopeOf(values), reason: reason ?? (dryRun ? "dry run" : why()), dryRun });
    case "rollback-since":
      only("needs", "reason", "dry-run", ...SCOPE, ...WAVES);
      return done({
        verb,
        scope: scopeOf(values),
        minutes: numberOf("minutes", first, 1, 10_080),
        waves: wavesOf(values),
        reason: why(),
      });
    case "abort":
      only("needs", "reason");
      return done({ verb, id: idOf(first), reason: why() });
    default:
      throw new UsageError(verb === "" ? "what shall be done?" : `"${verb}" is no verb of ops`);
  }
}

type Values = ReturnType<typeof parse>["values"];

function parse(args: string[]) {
  return typedArgs({
    args,
    allowPositionals: true,
    options: {
      url: { type: "string" },
      json: { type: "boolean" },
      reason: { type: "string" },
      product: { type: "string" },
      version: { type: "string" },
      merchant: { type: "string" },
      "dry-run": { type: "boolean" },
      confirm: { type: "string" },
      follow: { type: "boolean" },
      "wave-size": { type: "string" },
      "wave-growth": { type: "string" },
      pause: { type: "string" },
      "stop-at": { type: "string" },
      state: { type: "string" },
      after: { type: "string" },
    },
  });
}

function scopeOf({ product, version, merchant }: Values): EmergencyScope {
  if (version !== undefined && product === undefined)
    throw new UsageError("--version is one of a product: give --product too");
  const scope = EmergencyScope.safeParse({
    ...(product === undefined ? {} : { product }),
    ...(version === undefined ? {} : { version }),
    ...(merchant === undefined ? {} : { merchant_id: merchant }),
  });
  if (scope.success) return scope.data;
  const field = String(scope.error.issues[0]?.path[0] ?? "");
  const what = {
    product: "a product name",
    version: "a version or a remedy id",
    merchant_id: "a merchant id",
  };
  const given = { product, version, merchant_id: merchant };
  return fail(
    `"${given[field as keyof typeof given]}" is not ${what[field as keyof typeof what] ?? "what it should be"}`,
  );
}

function wavesOf(values: Values): Waves {
  const waves: Waves = {};
  if (values["wave-size"] !== undefined)
    waves.wave_size = numberOf("--wave-size", values["wave-size"], 1, 500);
  if (values["wave-growth"] !== undefined)
    waves.wave_growth = numberOf("--wave-growth", values["wave-growth"], 1, 4);
  if (values.pause !== undefined) waves.pause_s = numberOf("--pause", values.pause, 0, 3_600);
  if (values["stop-at"] !== undefined)
    waves.stop_failed_percent = numberOf("--stop-at", values["stop-at"], 0, 100);
  return waves;
}

function partOf({ state, after }: Values): Part {
  const known = TargetState.safeParse(state);
  if (state !== undefined && !known.success)
    throw new UsageError(`--state is one of ${TARGET_STATES.join(", ")}, not "${state}"`);
  return {
    ...(known.success ? { state: known.data } : {}),
    ...(after === undefined ? {} : { after: numberOf("--after", after, 0, 9_999_999) }),
  };
}

function numberOf(name: string, text: string | undefined, min: number, max: number): number {
  const number = Number(text);
  if (text?.trim() && Number.isInteger(number) && number >= min && number <= max) return number;
  return fail(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function idOf(text = ""): string {
  return EmergencyId.safeParse(text).success
    ? text
    : fail(`"${text}" is not an emergency action such as emg_3`);
}

function planOf(text: string): PlanToken {
  const [id = "", targets = "", digest = "", ...more] = text.split("/");
  const sound =
    EmergencyId.safeParse(id).success &&
    /^[1-9][0-9]{0,6}$/.test(targets) &&
    Sha256.safeParse(digest).success &&
    more.length === 0;
  if (!sound) throw new UsageError("--confirm takes what the plan printed: emg_3/37/ and 64 characters");
  return { id, targets: Number(targets), digest };
}

function fail(message: string): never {
  throw new UsageError(message);
}
