/** Postgres runs in a process group of its own and would outlive a stack that is killed: a keeper ends it then. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../paths.ts";

/** @param postgresDir the data folder of `startPostgres`. @returns the function that dismisses the keeper */
export function keepPostgres(postgresDir: string): () => void {
  const script = join(ROOT, "local", "stack", "postgres-keeper.sh");
  const pidFile = join(postgresDir, "cluster", "postmaster.pid");
  // Its own group, so that Ctrl-C in the terminal does not take the keeper first.
  const keeper = spawn("sh", [script, pidFile], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  keeper.on("error", () => {});
  keeper.stdin.on("error", () => {});
  keeper.unref();
  return () => void keeper.kill("SIGKILL");
}
