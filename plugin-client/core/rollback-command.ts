/** `rollback`: to the snapshot while an update is on probation, otherwise to a version on disk or in the command. Final at once. */
import type { RollbackPayload } from "../../src/contract/command.ts";
import type { RollbackInHand } from "./journal.ts";
import type { Failure } from "./release.ts";
import { asFailure, Refused, type Workbench } from "./workbench.ts";

/** Throws while nothing has been switched. */
export async function applyRollback(bench: Workbench, id: string, payload: RollbackPayload): Promise<void> {
  const { host, store, outbox } = bench.parts;
  const { probation } = store.journal;
  const from = await host.currentVersion();
  const to = payload.to_version;
  if (probation === null && from === to)
    return bench.settle(outbox.ack(id, from, { already_running: true }), "applied");
  if (probation?.settings) throw new Refused({ code: "busy", message: "settings are on probation" });
  if (probation?.to === to)
    throw new Refused({ code: "rollback_failed", message: `${to} is the version on probation` });
  const restores = probation?.from === to;
  if (!restores && !(await host.holds(to))) {
    // The dead-man must not have to wait for a download.
    if (probation !== null) throw new Refused({ code: "busy", message: "an update is on probation" });
    await obtainFormer(bench, payload);
  }
  const rollback: RollbackInHand = { command_id: id, from: probation?.from ?? from, to, restores };
  await store.change((journal) => ({ ...journal, rollback, probation: null }));
  await finishRollback(bench, rollback);
}

async function obtainFormer(bench: Workbench, payload: RollbackPayload): Promise<void> {
  const { release, artifact_url, to_version } = payload;
  if (release === undefined || artifact_url === undefined)
    throw new Refused({
      code: "rollback_failed",
      message: `${to_version} is not on disk and no release came with it`,
    });
  const manifest = await bench.verified(release, true);
  if (manifest.version !== to_version)
    throw new Refused({ code: "bad_release", message: `release is ${manifest.version}, not ${to_version}` });
  await bench.obtain(manifest, artifact_url);
}

/** Idempotent: a crash anywhere in it is finished at the next start. Rejects when the snapshot could not be restored. */
export async function finishRollback(bench: Workbench, rollback: RollbackInHand): Promise<void> {
  const { host, outbox, emit } = bench.parts;
  const { command_id, from, to, restores, settings } = rollback;
  await host.stop();
  bench.state = "running";
  let failure: Failure | null = null;
  try {
    if (settings !== undefined) await bench.revertSettings(settings);
    else await (restores ? host.restore(to) : host.switchTo(to));
    bench.version = to;
    await host.start();
  } catch (error) {
    failure = { code: "rollback_failed", message: asFailure(error).message };
    bench.problem("rollback", error);
    // Either the snapshot itself does not boot, and the host goes on trying; or the version we came from still serves.
    if (!restores) {
      await host.stop();
      await host.restore(from);
      bench.version = from;
      await bench.startOrComplain();
    } else if ((await host.currentVersion()) !== to) throw error;
  }
  if (failure === null) emit({ type: "rolled_back", command_id, version: to });
  const report = failure === null ? outbox.ack(command_id, to) : bench.fail(command_id, failure);
  await bench.settle(report, failure === null ? "rolled_back" : "failed", { rollback: null });
}
