/**
 * Runs the plugin as a child process and talks JSON lines with it: ready, request, webhook, error and probe results come in
 * on its stdout; `probe` and `stop` go out on its stdin. A process of its own, so that the agent outlives whatever the
 * plugin does.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import type { ProbeReport } from "../../src/contract/heartbeat.ts";
import { HostError } from "../core/host.ts";
import { parseChildMessage } from "./child-message.ts";
import { LineReader } from "./line-reader.ts";
import type { PluginRunner, Running, StartRequest } from "./runner.ts";

export interface ProcessRunnerOptions {
  /** Program and leading arguments; the entry module is appended. By default the runtime that runs the agent. */
  command?: readonly string[];
  /** Variables for the plugin beside `VIGIE_*`. The agent's own environment, where its secrets may be, is not passed on. */
  env?: Record<string, string>;
  /** From spawn to `ready`. */
  bootTimeoutMs?: number;
  /** From the polite request to the kill. */
  stopTimeoutMs?: number;
  probeTimeoutMs?: number;
  /** Other output of the plugin, line by line. */
  onLog?: (line: string) => void;
}

/** What a program needs from the agent's environment to run at all. */
const PASSED_ON = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LANG", "LC_ALL", "TZ", "DENO_DIR"];
/** After the last probe result, when nobody knows how many will come. */
const PROBE_QUIET_MS = 150;
const LOG_TAIL_LINES = 20;
const LOG_LINE_CHARS = 500;

interface ProbeInHand {
  names: readonly string[];
  reports: ProbeReport[];
  progress(): void;
}

export class ProcessRunner implements PluginRunner {
  readonly #options: ProcessRunnerOptions;

  constructor(options: ProcessRunnerOptions = {}) {
    this.#options = options;
  }

  async start(request: StartRequest): Promise<Running> {
    const child = new PluginProcess(request, this.#options);
    try {
      await child.ready(this.#options.bootTimeoutMs ?? 10_000);
      return child;
    } catch (error) {
      await child.stop();
      throw error;
    }
  }
}

class PluginProcess implements Running {
  readonly exited: Promise<string>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #options: ProcessRunnerOptions;
  readonly #expected: string;
  readonly #ready = Promise.withResolvers<void>();
  readonly #probes = new Map<number, ProbeInHand>();
  readonly #tail: string[] = [];
  #nextProbe = 1;
  #gone = false;

  constructor(request: StartRequest, options: ProcessRunnerOptions) {
    this.#options = options;
    this.#expected = request.packageFile.version;
    const [program, ...args] = options.command ?? defaultCommand();
    this.#child = spawn(program ?? process.execPath, [...args, request.packageFile.main], {
      cwd: request.dir,
      env: {
        ...Object.fromEntries(PASSED_ON.flatMap((name) => entryOf(name, process.env[name]))),
        ...options.env,
        VIGIE_SETTINGS: request.settingsPath,
        VIGIE_DATA: request.dataDir,
        VIGIE_VERSION: request.packageFile.version,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdin.on("error", () => {}); // it may be gone before it reads
    this.#read(this.#child.stdout, (line) => this.#onLine(line, request));
    this.#read(this.#child.stderr, (line) => this.#log(line));
    this.exited = new Promise((resolve) => {
      const gone = (how: string) => {
        this.#gone = true;
        const last = this.#tail.at(-1);
        this.#ready.reject(
          new HostError("boot_failed", `${how} before it was ready${last ? `: ${last}` : ""}`),
        );
        for (const probe of this.#probes.values()) probe.progress();
        resolve(how);
      };
      this.#child.once("error", (error) => gone(`could not be run: ${error.message}`));
      this.#child.once("close", (code, signal) =>
        gone(signal ? `killed by ${signal}` : `exited with code ${code}`),
      );
    });
    this.#ready.promise.catch(() => {}); // awaited in ready(); an exit may come first
  }

  async ready(timeoutMs: number): Promise<void> {
    const late = () => this.#ready.reject(new HostError("boot_failed", `not ready within ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    await this.#ready.promise.finally(() => clearTimeout(timer));
  }

  probe(names: readonly string[]): Promise<ProbeReport[]> {
    if (this.#gone) return Promise.resolve(names.map(unanswered));
    const id = this.#nextProbe++;
    return new Promise((resolve) => {
      const reports: ProbeReport[] = [];
      let quiet: NodeJS.Timeout | undefined;
      const finish = () => {
        clearTimeout(limit);
        clearTimeout(quiet);
        this.#probes.delete(id);
        const missing = names.filter((name) => !reports.some((report) => report.name === name));
        resolve([...reports, ...missing.map(unanswered)]);
      };
      const limit = setTimeout(finish, this.#options.probeTimeoutMs ?? 6_000);
      const progress = () => {
        clearTimeout(quiet);
        const complete =
          names.length > 0 && names.every((name) => reports.some((report) => report.name === name));
        if (this.#gone || complete) finish();
        else if (names.length === 0) quiet = setTimeout(finish, PROBE_QUIET_MS);
      };
      this.#probes.set(id, { names, reports, progress });
      this.#send({ vigie: "probe", id, names });
    });
  }

  async stop(): Promise<void> {
    if (!this.#gone) {
      this.#send({ vigie: "stop" });
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), this.#options.stopTimeoutMs ?? 2_000);
      await this.exited;
      clearTimeout(timer);
    }
  }

  #onLine(line: string, request: StartRequest): void {
    const message = parseChildMessage(line);
    if (message === null) return this.#log(line);
    switch (message.type) {
      case "ready":
        if (message.version === this.#expected) return this.#ready.resolve();
        return this.#ready.reject(
          new HostError(
            "boot_failed",
            `says that it is ${message.version.slice(0, 40)}, not ${this.#expected}`,
          ),
        );
      case "event":
        return request.onEvent(message.event);
      case "probe": {
        const probe = this.#probes.get(message.id);
        if (probe === undefined || probe.reports.length >= 16) return;
        probe.reports.push(message.report);
        return probe.progress();
      }
      default:
        message satisfies never;
    }
  }

  #read(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
    const reader = new LineReader();
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => reader.push(chunk).forEach(onLine));
  }

  #log(line: string): void {
    const text = line.slice(0, LOG_LINE_CHARS).trimEnd();
    if (text === "") return;
    this.#tail.push(text);
    if (this.#tail.length > LOG_TAIL_LINES) this.#tail.shift();
    this.#options.onLog?.(text);
  }

  #send(message: object): void {
    if (!this.#child.stdin.writableEnded && !this.#child.stdin.destroyed)
      this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }
}

function unanswered(name: string): ProbeReport {
  return { name, ok: false, ms: 0 };
}

function entryOf(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

function defaultCommand(): readonly string[] {
  return "Deno" in globalThis ? [process.execPath, "run", "--allow-all", "--no-prompt"] : [process.execPath];
}
