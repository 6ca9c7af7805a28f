/** A published release and the attempts that ask for it, one line for each thing that happens. */
import type { Outcome } from "../../../src/contract/decision.ts";
import type { Environment } from "../../../src/contract/heartbeat.ts";
import type { Person, ReleaseRecord } from "../../../src/contract/ops.ts";
import { defaultPolicyDocument, type PolicyDocument } from "../../../src/contract/policy.ts";
import type { AdmissionRequest } from "../../../src/contract/rpc/release.ts";
import { aRelease } from "../../builders/release.ts";
import { PRODUCT, releaseDesks } from "./release-desks.ts";

export const VERSION = "1.2.3";
export const T0 = Date.parse("2026-11-22T10:00:00.000Z");
export const ada: Person = { id: "ada", name: "Ada", roles: ["admin"] };
export const otto: Person = { id: "otto", name: "Otto", roles: ["operator"] };
export const MODERN = {
  platform: "woocommerce",
  platform_version: "9.1.4",
  runtime: "php",
  runtime_version: "8.2.1",
};
export const OLD = {
  platform: "woocommerce",
  platform_version: "9.1.4",
  runtime: "php",
  runtime_version: "7.4.3",
};
export const OLD_CLASS = "woocommerce 9.1 / php 7.4";

export function aRollout(
  overrides: Partial<PolicyDocument["canary"]> = {},
  release: Partial<ReleaseRecord> = {},
) {
  const canary: PolicyDocument["canary"] = {
    ...defaultPolicyDocument().canary,
    stages: [{ percent: 100 }],
    in_flight: 50,
    ...overrides,
  };
  const desks = releaseDesks();
  desks.catalogue.publish(
    aRelease({ product: PRODUCT, version: VERSION, expires: "2099-01-01T00:00:00.000Z", ...release }),
    T0,
  );
  const clock = { now: T0 };
  const request = (number: number, env: Environment = MODERN, key = VERSION): AdmissionRequest => ({
    version: key,
    plugin_id: `plg_${number}`,
    attempt_id: `att_${number}`,
    canary,
    env,
    merchant_id: "dakar-textiles",
  });
  const state = (key = VERSION) => {
    const found = desks.catalogue.rollouts(canary, key, clock.now)[key];
    if (!found) throw new Error(`no rollout of ${key}`);
    return found;
  };
  return {
    ...desks,
    canary,
    clock,
    state,
    status: (key = VERSION) => state(key).status,
    admit: (number: number, env?: Environment, key?: string) =>
      desks.rollouts.admit(request(number, env, key), clock.now),
    check: (number: number, over: Partial<AdmissionRequest> = {}) =>
      desks.rollouts.check({ ...request(number), ...over }, clock.now),
    finish: (number: number, outcome: Outcome | "cancelled", key = VERSION) =>
      desks.rollouts.finish(key, `att_${number}`, outcome, clock.now),
    relapse: (number: number) => desks.rollouts.relapse(VERSION, `att_${number}`, clock.now),
    set: (status: "active" | "paused" | "halted" | "blocked", by = ada, reason = "looked at it") =>
      desks.standing.setStatus(VERSION, status, reason, by, clock.now),
    /** Admits and ends attempts `from` to `to`. */
    run(from: number, to: number, outcome: Outcome, env?: Environment) {
      for (let number = from; number <= to; number++) {
        this.admit(number, env);
        this.finish(number, outcome);
      }
    },
  };
}
