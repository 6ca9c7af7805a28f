/**
 * `update`: provisional from the switch on, as settings may be. Ends by `commit`, or by `restoreSnapshot`: the dead-man, a version that does not
 * boot, a switch that fails.
 */
import type { Commit, UpdatePayload } from "../../src/contract/command.ts";
import type { ProbeReport } from "../../src/contract/heartbeat.ts";
import type { Probation } from "./journal.ts";
import type { Details } from "./outbox.ts";
import { judgeCommit } from "./probation.ts";
import type { Failure } from "./release.ts";
import { asFailure, type Workbench } from "./workbench.ts";

/** Downloads, switches and boots into probation. Throws while nothing has been switched; later it restores by itself. */
export async function applyUpdate(bench: Workbench, id: string, payload: UpdatePayload): Promise<void> {
  const { host, platform, outbox } = bench.parts;
  const from = await host.currentVersion();
  const manifest = await bench.verified(payload.release, payload.allow_downgrade === true);
  if (manifest.version === from)
    return bench.settle(outbox.ack(id, from, { already_running: true }), "applied");
  await bench.obtain(manifest, payload.artifact_url);
  await host.snapshot(from);
  // Also lets the host learn which probes there are, to miss them later.
  const before = await host.probe([]).catch(() => []);
  await host.stop();
  const switchedAt = platform.now();
  const probation: Probation = {
    command_id: id,
    attempt_id: payload.attempt_id,
    from,
    to: manifest.version,
    switched_at: switchedAt,
    deadline_at: switchedAt + payload.commit_within_s * 1000,
  };
  await bench.beginProbation(probation);
  try {
    await host.switchTo(manifest.version);
  } catch (error) {
    return restoreSnapshot(bench, probation, asFailure(error));
  }
  await bootOnProbation(bench, probation, before);
}

/**
 * Boots what was switched to and acknowledges it, or puts the snapshot back. `before`: what the probes said just before the switch,
 * told with the acknowledgement, so that one that was broken all along is not held against the change.
 */
export async function bootOnProbation(
  bench: Workbench,
  probation: Probation,
  before: readonly ProbeReport[] = [],
): Promise<void> {
  const { host, store, outbox, emit } = bench.parts;
  try {
    await host.start();
  } catch (error) {
    const code = probation.settings ? "config_failed" : "boot_failed";
    return restoreSnapshot(bench, probation, { code, message: asFailure(error).message });
  }
  const { command_id, from, to, deadline_at } = probation;
  bench.version = to;
  bench.state = "probation";
  emit({ type: "probation", command_id, from, to, deadline_at });
  if (store.journal.in_hand?.id === command_id)
    await bench.settle(outbox.ack(command_id, to, { provisional: true, ...saidBefore(before) }), "applied");
}

function saidBefore(probes: readonly ProbeReport[]): Details {
  return Object.fromEntries(
    probes.slice(0, 16).map(({ name, ok }) => [`before_${name.slice(0, 57)}`, ok] as const),
  );
}

/** Idempotent: a crash anywhere in it is finished at the next start. Rejects when the host could not restore. */
export async function restoreSnapshot(
  bench: Workbench,
  probation: Probation,
  ending: Failure,
): Promise<void> {
  const { host, store, emit } = bench.parts;
  const { command_id, from } = probation;
  // A full disk must not keep the shop on a broken version: the restoration goes on without the note.
  await store
    .change((journal) => ({ ...journal, probation: { ...probation, ending } }))
    .catch((error) => bench.problem("journal", error));
  await host.stop();
  await (probation.settings ? bench.revertSettings(command_id) : host.restore(from));
  bench.version = from;
  bench.state = "running";
  const broken = await bench.startOrComplain();
  const failure: Failure = broken === null ? ending : { code: "rollback_failed", message: broken };
  emit({ type: "restored", command_id, version: from, ...failure });
  await bench.settle(bench.fail(command_id, failure), "restored", { probation: null });
  if (!probation.settings) await bench.prune([]);
}

/**
 * Makes the update on probation final, if the commit is for it and in time. Returns why not, or null. Throws when it could
 * not be made durable: then it is not final.
 */
export async function commitUpdate(bench: Workbench, commit: Commit): Promise<string | null> {
  const { store, pluginId, platform, transport, emit } = bench.parts;
  const { probation, last_command } = store.journal;
  const clock = { now: platform.now(), wall: transport.wallClock() };
  const verdict = judgeCommit(probation, commit, pluginId, clock);
  if (!verdict.final) return verdict.why;
  try {
    await store.change((journal) => ({
      ...journal,
      probation: null,
      last_command: { id: commit.command_id, outcome: "committed" },
    }));
  } catch (error) {
    // Not durable is not final: a restart would restore. The control plane repeats the commit.
    await store.change((journal) => ({ ...journal, probation, last_command })).catch(() => {});
    throw error;
  }
  bench.state = "running";
  emit({ type: "committed", command_id: commit.command_id, version: commit.version });
  if (probation !== null && !probation.settings) await bench.prune([probation.from]);
  return null;
}
