/** Many plugins that beat as fast as they are answered, while something is done to the policy. */
import { HeartbeatReply } from "../../src/contract/heartbeat.ts";
import type { ScriptedPlugin } from "./scripted-plugin.ts";

export interface Reply {
  pluginId: string;
  status: number;
  /** Milliseconds on the one clock of this process: the request was about to leave, the answer began to arrive. */
  startedAt: number;
  arrivedAt: number;
  commands: number;
}

export interface Race {
  replies: Reply[];
  /** Resolves when so many further replies have carried a command. */
  commandsSeen(n: number): Promise<void>;
  /** Every plugin has had a reply to a beat that began after this call. */
  oneMoreRound(): Promise<void>;
  stop(): Promise<void>;
}

/** `address`: the flood limit counts by it, so every race brings its own. @throws from `stop` when a beat could not be sent */
export function startRace(plugins: readonly ScriptedPlugin[], address: string): Race {
  const replies: Reply[] = [];
  const watchers = new Set<(reply: Reply) => void>();
  let isOver = false;

  async function beatOn(plugin: ScriptedPlugin): Promise<void> {
    while (!isOver) {
      const reply = await timedBeat(plugin, address);
      replies.push(reply);
      for (const watch of watchers) watch(reply);
    }
  }
  const running = Promise.all(plugins.map(beatOn));
  running.catch(() => {}); // rethrown by stop()

  /** Shows every further reply to `isEnough` until it says so. Rejects when a plugin's loop fails. */
  async function watch(isEnough: (reply: Reply) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const watcher = (reply: Reply) => {
      if (isEnough(reply)) resolve();
    };
    watchers.add(watcher);
    await Promise.race([promise, running]);
    watchers.delete(watcher);
  }

  return {
    replies,
    commandsSeen(n) {
      let seen = 0;
      return watch(({ commands }) => {
        if (commands > 0) seen++;
        return seen >= n;
      });
    },
    oneMoreRound() {
      const from = performance.now();
      const answered = new Set<string>();
      return watch(({ pluginId, startedAt }) => {
        if (startedAt > from) answered.add(pluginId);
        return answered.size === plugins.length;
      });
    },
    async stop() {
      isOver = true;
      await running;
    },
  };
}

async function timedBeat(plugin: ScriptedPlugin, address: string): Promise<Reply> {
  const body = plugin.envelope("heartbeat", plugin.beatData());
  const headers = plugin.headersFor(body, { "cf-connecting-ip": address });
  const startedAt = performance.now();
  const answer = await plugin.post("/api/plugins/heartbeat", body, headers);
  const arrivedAt = performance.now();
  const text = await answer.text();
  const commands = answer.status === 200 ? HeartbeatReply.parse(JSON.parse(text)).commands.length : 0;
  return { pluginId: plugin.id, status: answer.status, startedAt, arrivedAt, commands };
}
