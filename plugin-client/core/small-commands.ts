/** `config` and `probe`. A probe is done within one step; so are settings, unless they are on probation until a commit. */
import type { ConfigPayload, ProbePayload } from "../../src/contract/command.ts";
import type { Probation } from "./journal.ts";
import type { Details } from "./outbox.ts";
import { finishRollback } from "./rollback-command.ts";
import { bootOnProbation, restoreSnapshot } from "./update-command.ts";
import { asFailure, Refused, type Workbench } from "./workbench.ts";

/** Changes settings, or puts the former ones back. Throws while nothing has been changed; later it restores by itself. */
export function applyConfig(bench: Workbench, id: string, payload: ConfigPayload): Promise<void> {
  const { restore, commit_within_s: withinS, set } = payload;
  if (restore !== undefined) return restoreConfig(bench, id, restore);
  if (withinS === undefined) return applyForGood(bench, id, set);
  return applyOnProbation(bench, id, payload, withinS);
}

/** The dead-man watches over settings as it does over an update: written down, with its deadline, before anything changes. */
async function applyOnProbation(
  bench: Workbench,
  id: string,
  { attempt_id, set }: ConfigPayload,
  withinS: number,
): Promise<void> {
  const { host, platform } = bench.parts;
  const version = await host.currentVersion();
  // Also lets the host learn which probes there are, to miss them later.
  const before = await host.probe([]).catch(() => []);
  const switchedAt = platform.now();
  const probation: Probation = {
    command_id: id,
    attempt_id,
    from: version,
    to: version,
    settings: true,
    switched_at: switchedAt,
    deadline_at: switchedAt + withinS * 1000,
  };
  await bench.beginProbation(probation);
  try {
    await host.applySettings(set, id);
    await host.stop();
  } catch (error) {
    return restoreSnapshot(bench, probation, { code: "config_failed", message: asFailure(error).message });
  }
  await bootOnProbation(bench, probation, before);
}

/** Back to the settings before that command; nothing to do when they are back already, refused when others came since. */
async function restoreConfig(bench: Workbench, id: string, mark: string): Promise<void> {
  const { host, store } = bench.parts;
  const { probation } = store.journal;
  if (probation !== null && probation.command_id !== mark)
    throw new Refused({ code: "busy", message: "another change is on probation" });
  const present = await host.settingsMark();
  if (present !== null && present !== mark)
    throw new Refused({
      code: "config_failed",
      message: `the settings have been changed since, by ${present}`,
    });
  const version = await host.currentVersion();
  const rollback = { command_id: id, from: version, to: version, restores: true, settings: mark };
  await store.change((journal) => ({ ...journal, rollback, probation: null }));
  await finishRollback(bench, rollback);
}

/** Boots the plugin with the settings; those that keep it from booting are taken back. Throws `config_failed`. */
async function applyForGood(bench: Workbench, id: string, set: ConfigPayload["set"]): Promise<void> {
  const { host, outbox } = bench.parts;
  const failed = (error: unknown) =>
    new Refused({ code: "config_failed", message: asFailure(error).message });
  await host.applySettings(set, id).catch((error) => Promise.reject(failed(error)));
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
