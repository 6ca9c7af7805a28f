/** The cron sweep: wakes the plugins whose turn it is, so that an alarm lost by the platform loses no plugin. */
import type { FleetRpc } from "../contract/rpc/fleet.ts";
import type { PluginRpc } from "../contract/rpc/plugin.ts";

export interface SweepPorts {
  fleet: Pick<FleetRpc, "sweepBatch">;
  /** The plugin's object. */
  plugin(id: string): Pick<PluginRpc, "sweep">;
}

export interface SweepReport {
  swept: number;
  failed: number;
}

const BATCH = 200;
/** Enough to finish a batch in seconds, few enough not to crowd out heartbeats. */
const CONCURRENCY = 10;

/** A plugin that fails is logged and left to the next sweep; the others are swept all the same. */
export async function sweep(ports: SweepPorts): Promise<SweepReport> {
  const queue = await ports.fleet.sweepBatch(BATCH);
  const report: SweepReport = { swept: 0, failed: 0 };
  const ids = queue.values();
  const worker = async () => {
    for (const id of ids) {
      try {
        await ports.plugin(id).sweep();
        report.swept++;
      } catch (error) {
        report.failed++;
        const why = error instanceof Error ? error.message : String(error);
        console.error(JSON.stringify({ event: "sweep_failed", plugin_id: id, why }));
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  console.log(JSON.stringify({ event: "sweep", ...report }));
  return report;
}
