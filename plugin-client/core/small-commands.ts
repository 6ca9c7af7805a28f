/** `config` and `probe`: done and final within one step. */
import type { ConfigPayload, ProbePayload } from "../../src/contract/command.ts";
import type { Details } from "./outbox.ts";
import { asFailure, Refused, type Workbench } from "./workbench.ts";

/** Changes settings and boots the plugin with them; settings that keep it from booting are taken back. Throws `config_failed`. */
export async function applyConfig(bench: Workbench, id: string, payload: ConfigPayload): Promise<void> {
  const { host, outbox } = bench.parts;
  const failed = (error: unknown) =>
    new Refused({ code: "config_failed", message: asFailure(error).message });
  await host.applySettings(payload.set, id).catch((error) => Promise.reject(failed(error)));
  try {
    await host.stop();
    await host.start();
  } catch (error) {
    await host.stop();
    await host.revertSettings();
    await bench.startOrComplain();
    throw failed(error);
  }
  await bench.settle(outbox.ack(id, bench.version), "applied");
}

/** Answers with each probe's verdict and its milliseconds. */
export async function runProbes(bench: Workbench, id: string, payload: ProbePayload): Promise<void> {
  const { host, outbox } = bench.parts;
  const details: Details = {};
  for (const { name, ok, ms } of (await host.probe(payload.probes)).slice(0, 16)) {
    details[name] = ok;
    details[`${name.slice(0, 60)}_ms`] = ms;
  }
  await bench.settle(outbox.ack(id, bench.version, details), "applied");
}
