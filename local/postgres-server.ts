/** One server process of the local stack's PostgreSQL: from its start to its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { CommandError } from "./command-error.ts";
import { freePort } from "./free-port.ts";
import { type Account, findBinaries, launch } from "./postgres-binaries.ts";

export interface ServerOptions {
  /** 0 or absent: any free port. */
  port?: number;
  log: (line: string) => void;
  /** False only for throw-away tests: no fsync. */
  durable?: boolean;
}

const START_LIMIT_MS = 60_000;
export const STOP_LIMIT_MS = 20_000;
const PORT_TRIES = 3;
const LOOK_MS = 50;

class PortTaken extends CommandError {}
class StillEnding extends CommandError {}

/**
 * On the port asked for, or any free one: should that be gone by the time that Postgres wants it, on another. The processes of a server
 * that was killed see that it is gone a moment later, and have its memory until then.
 */
export async function runServer(cluster: string, account: Account | null, options: ServerOptions) {
  const limit = Date.now() + STOP_LIMIT_MS;
  for (let tries = 1; ; tries++) {
    const port = options.port || (await freePort());
    try {
      return { port, child: await run(cluster, port, account, options) };
    } catch (error) {
      const another = error instanceof PortTaken && !options.port && tries < PORT_TRIES;
      const again = error instanceof StillEnding && Date.now() < limit;
      if (!another && !again) throw error;
      if (again) await pause(LOOK_MS);
    }
  }
}

async function run(cluster: string, port: number, account: Account | null, options: ServerOptions) {
  const { postgres } = await findBinaries();
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "60",
    shared_buffers: "32MB",
    timezone: "UTC",
    log_timezone: "UTC",
    ...(options.durable === false && { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const started = await launch(account, postgres, ["-D", cluster, "-p", String(port), ...flags], [cluster]);
  // A process group of its own: Ctrl-C reaches us, and we end Postgres after those who still write to it.
  const child = spawn(started.command, started.args, {
    ...started.account,
    env: environment(),
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const endWithUs = () => child.kill("SIGINT");
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  await untilReady(child, port, options.log);
  return child;
}

/** Resolves when the server says that it accepts connections; rejects with its last words otherwise. */
function untilReady(child: ChildProcess, port: number, log: (line: string) => void): Promise<void> {
  const lines: string[] = [];
  return new Promise((ready, fail) => {
    const late = setTimeout(() => {
      child.kill("SIGQUIT");
      fail(
        new CommandError(`PostgreSQL was not ready within ${START_LIMIT_MS / 1000} s:\n${lines.join("\n")}`),
      );
    }, START_LIMIT_MS);
    let rest = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        lines.push(line);
        if (lines.length > 30) lines.shift();
        log(line);
        if (!line.includes("database system is ready to accept connections")) continue;
        clearTimeout(late);
        ready();
      }
    });
    child.once("error", fail);
    // Not "exit": its last words may come after that.
    child.once("close", (code) => {
      clearTimeout(late);
      const words = lines.join("\n");
      if (words.includes("Address already in use")) fail(new PortTaken(`port ${port} of 127.0.0.1 is taken`));
      else if (/shared memory block .* still in use/.test(words))
        fail(new StillEnding(`processes of an earlier PostgreSQL do not end:\n${words}`));
      else fail(new CommandError(`PostgreSQL ended with code ${code}:\n${words}`));
    });
  });
}

/** Ends the server: "fast" first (clients are cut off, data is written), at once when that takes too long. */
export async function endServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolved) => child.once("exit", () => resolved()));
  child.kill("SIGINT");
  const slow = setTimeout(() => child.kill("SIGQUIT"), STOP_LIMIT_MS);
  await gone;
  clearTimeout(slow);
}

/** Settings of the user's shell that would lead Postgres astray stay out. */
export function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("PG") && !name.startsWith("LC_"),
  );
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}
