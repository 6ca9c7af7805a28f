/** Runs no process: remembers which version is up. */
import type { PluginEvent } from "../../../plugin-client/core/host.ts";
import type { PluginRunner, Running, StartRequest } from "../../../plugin-client/file-host/runner.ts";

export class FakeRunner implements PluginRunner {
  readonly started: string[] = [];
  running: string | null = null;
  readonly broken = new Set<string>();
  say: (event: PluginEvent) => void = () => {};
  /** Ends the running plugin as if it had crashed. */
  crash: () => void = () => {};

  async start(request: StartRequest): Promise<Running> {
    const { version } = request.packageFile;
    this.started.push(version);
    if (this.running !== null) throw new Error("two plugins at once");
    if (this.broken.has(version)) throw new Error("broken");
    this.running = version;
    this.say = request.onEvent;
    const exit = Promise.withResolvers<string>();
    const end = (how: string) => {
      this.running = null;
      exit.resolve(how);
    };
    this.crash = () => end("exited with code 1");
    return { exited: exit.promise, probe: async () => [], stop: async () => end("stopped") };
  }
}
