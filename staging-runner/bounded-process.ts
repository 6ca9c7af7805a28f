/**
 * One Deno process with an environment of its own, ended when it exceeds its time, memory, output or disk.
 * It cannot outlive its bounds: the runner kills it, and the kernel holds its processor time.
 */
import { folderSize } from "./folder-size.ts";
import { type Bounds, CPU_S, DISK_WATCH_EVERY, WATCH_INTERVAL_MS } from "./limits.ts";

export type Limit = "time-limit" | "memory-limit" | "output-limit" | "disk-limit";

export interface Exit {
  code: number;
  signal: string | null;
  /** The bound that it broke, when that is what ended it. */
  limit: Limit | null;
}

export interface BoundedProcess {
  exited: Promise<Exit>;
  /** stdout and stderr so far, in order of arrival. */
  output(): string;
  /** Writes one line to its stdin; a process that has ended or does not read is no error. */
  send(line: string): void;
  kill(): void;
}

export interface ProcessStart {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** Whose size `bounds.diskBytes` limits. */
  diskFolder: string;
  bounds: Bounds;
  onStdoutLine?: (line: string) => void;
}

const running = new Set<() => void>();

/** Ends every process that is running; for shutdown. */
export function killAll(): void {
  for (const kill of running) kill();
}

export function startProcess(start: ProcessStart): BoundedProcess {
  const child = spawn(start);
  const stdin = child.stdin.getWriter();
  let limit: Limit | null = null;
  let output = "";
  let outputBytes = 0;
  let partialLine = "";

  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  const exceed = (which: Limit) => {
    limit ??= which;
    kill();
  };

  const collect = async (stream: ReadableStream<Uint8Array>, isStdout: boolean) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      outputBytes += chunk.byteLength;
      if (outputBytes > start.bounds.outputBytes) exceed("output-limit");
      // Read on until the pipe closes, but keep nothing more.
      if (limit !== null) continue;
      const text = decoder.decode(chunk, { stream: true });
      output += text;
      if (!isStdout || !start.onStdoutLine) continue;
      const lines = (partialLine + text).split("\n");
      partialLine = lines.pop() ?? "";
      for (const line of lines) start.onStdoutLine(line);
    }
  };

  const watch = watchProcess(child.pid, start, exceed);
  const reading = Promise.all([collect(child.stdout, true), collect(child.stderr, false)]);
  const exited = (async (): Promise<Exit> => {
    const status = await child.status;
    watch.stop();
    await reading;
    await stdin.close().catch(() => {});
    running.delete(kill);
    // V8 ends the process by itself when its heap is full.
    if (limit === null && !status.success && /out of memory/i.test(output.slice(0, 4096)))
      limit = "memory-limit";
    return { code: status.code, signal: status.signal, limit };
  })();

  running.add(kill);
  return {
    exited,
    output: () => output,
    send: (line) => void stdin.write(new TextEncoder().encode(`${line}\n`)).catch(() => {}),
    kill,
  };
}

function spawn({ args, env, cwd }: ProcessStart): Deno.ChildProcess {
  const options = {
    cwd,
    env: { ...env },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  } as const;
  if (Deno.build.os === "windows")
    return new Deno.Command(Deno.execPath(), { ...options, args: [...args] }).spawn();
  // The shell sets kernel limits and becomes the process: no core dump, a bound on processor time.
  const script = `ulimit -c 0; ulimit -t ${CPU_S}; exec "$0" "$@"`;
  return new Deno.Command("/bin/sh", { ...options, args: ["-c", script, Deno.execPath(), ...args] }).spawn();
}

function watchProcess(pid: number, { bounds, diskFolder }: ProcessStart, exceed: (limit: Limit) => void) {
  let rounds = 0;
  let looking = false;
  const timer = setTimeout(() => exceed("time-limit"), bounds.timeMs);
  const poll = setInterval(async () => {
    if (residentBytes(pid) > bounds.memoryBytes) exceed("memory-limit");
    rounds += 1;
    if (rounds % DISK_WATCH_EVERY !== 0 || looking) return;
    looking = true;
    if ((await folderSize(diskFolder, bounds.diskBytes).catch(() => 0)) > bounds.diskBytes)
      exceed("disk-limit");
    looking = false;
  }, WATCH_INTERVAL_MS);
  return {
    stop() {
      clearTimeout(timer);
      clearInterval(poll);
    },
  };
}

/** Resident set in bytes; 0 where there is no /proc or the process has ended. */
function residentBytes(pid: number): number {
  if (Deno.build.os !== "linux") return 0;
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
