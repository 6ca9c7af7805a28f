/**
 * Carries commands out on a host, and finishes what a crash left. The caller makes the calls one at a time. Each step is
 * written to the journal before it is taken. Only the download of a release needs the network.
 */
import type { Command, Commit, FailCode } from "../../src/contract/command.ts";
import type { Vitals } from "./heart.ts";
import { recovery } from "./probation.ts";
import { applyRollback, finishRollback } from "./rollback-command.ts";
import { applyConfig, runProbes } from "./small-commands.ts";
import { applyUpdate, bootOnProbation, commitUpdate, restoreSnapshot } from "./update-command.ts";
import { asFailure, Workbench, type WorkbenchParts } from "./workbench.ts";

/** Codes that say that the command was judged and not even tried. */
const REJECTIONS: ReadonlySet<FailCode> = new Set([
  "bad_release",
  "min_from",
  "downgrade",
  "digest_mismatch",
]);

export class Executor {
  readonly #bench: Workbench;

  constructor(parts: WorkbenchParts) {
    this.#bench = new Workbench(parts);
  }

  vitals(): Vitals {
    return { version: this.#bench.version, state: this.#bench.state };
  }

  /**
   * Finishes or undoes what the journal holds. With `atStart`, boots the plugin as well; without, it is the dead-man's look
   * at the clock. Rejects only when the snapshot could not be put back: call again later.
   */
  async recover(atStart: boolean): Promise<void> {
    const bench = this.#bench;
    const { host, store, platform, outbox } = bench.parts;
    const current = await host.currentVersion();
    if (atStart) bench.version = current;
    const mark = store.journal.probation?.settings ? await host.settingsMark() : null;
    const step = recovery(store.journal, current, platform.now(), mark);
    if (step.do === "restore") return restoreSnapshot(bench, step.probation, step.ending);
    if (step.do === "finish_rollback") return finishRollback(bench, step.rollback);
    if (!atStart) return;
    if (step.do === "resume_probation") return bootOnProbation(bench, step.probation);
    if (step.do === "give_up" || step.do === "check_config") {
      const applied = step.do === "check_config" && (await host.settingsMark()) === step.id;
      const report = applied
        ? outbox.ack(step.id, current)
        : bench.fail(step.id, { code: "internal", message: "the client stopped before it was carried out" });
      await bench.settle(report, applied ? "applied" : "failed");
    }
    await bench.startOrComplain();
  }

  /** Carries one admitted command out. Rejects only when the snapshot could not be put back; everything else is reported. */
  async execute(command: Command): Promise<void> {
    const bench = this.#bench;
    try {
      await this.#apply(command);
    } catch (error) {
      const { probation, rollback } = bench.parts.store.journal;
      if (probation?.command_id === command.id || rollback?.command_id === command.id) throw error;
      const failure = asFailure(error);
      await bench.settle(
        bench.fail(command.id, failure),
        REJECTIONS.has(failure.code) ? "rejected" : "failed",
      );
      await bench.startOrComplain();
    }
  }

  /** Makes the update on probation final, if the commit is for it and in time. Returns why not, or null. */
  commit(commit: Commit): Promise<string | null> {
    return commitUpdate(this.#bench, commit);
  }

  /** Gives up what waits for the network. */
  stop(): void {
    this.#bench.stop();
  }

  #apply(command: Command): Promise<void> {
    switch (command.type) {
      case "update":
        return applyUpdate(this.#bench, command.id, command.payload);
      case "rollback":
        return applyRollback(this.#bench, command.id, command.payload);
      case "config":
        return applyConfig(this.#bench, command.id, command.payload);
      case "probe":
        return runProbes(this.#bench, command.id, command.payload);
      default:
        return command satisfies never;
    }
  }
}
