/** One plugin's reducer, driven by a virtual clock: beats go in, states come out. Refusals are bugs of the simulation, and throw. */
import type { HeartbeatData } from "../src/contract/heartbeat.ts";
import type { PolicyDocument } from "../src/contract/policy.ts";
import type { PluginEvent } from "../src/core/plugin/event.ts";
import { newPlugin, type PluginState } from "../src/core/plugin/state.ts";
import { type Step, step } from "../src/core/plugin/step.ts";

export interface PluginLife {
  state: PluginState;
  now: number;
  apply(event: PluginEvent): Step;
  /** The command that left with the last hand-over. */
  handed: Step["handOver"];
  beat(beat: HeartbeatData, at: number): Step;
}

const ASKED_S = 120;

export function aPluginLife(id: string, version: string, policy: PolicyDocument, now: number): PluginLife {
  const life: PluginLife = {
    now,
    handed: null,
    state: newPlugin(
      {
        id,
        merchantId: "merchant-of-an-ordinary-shop",
        product: "molam-woocommerce",
        version,
        env: {
          platform: "woocommerce",
          platform_version: "9.4.1",
          runtime: "php",
          runtime_version: "8.3.12",
        },
        siteUrl: "https://shop.example/checkout",
        // As long as a sealed secret is.
        credential: { kind: "hmac", sealed: "v1.".padEnd(160, "x") },
      },
      ASKED_S,
      now,
    ),
    apply(event) {
      const result = step(life.state, event, { now: life.now, policy });
      if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.refusal)}`);
      life.state = result.value.state;
      if (result.value.handOver !== null) life.handed = result.value.handOver;
      return result.value;
    },
    beat(beat, at) {
      life.now = at;
      return life.apply({ type: "beat", beat });
    },
  };
  return life;
}
