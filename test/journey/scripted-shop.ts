/** A shop that lives by script over a scripted plugin: it counts webhooks, verifies commands with WebCrypto alone, switches versions. */
import { setTimeout as pace } from "node:timers/promises";
import type { Stack } from "../../local/stack.ts";
import { Command, Commit, type FailCode, type SignedCommand } from "../../src/contract/command.ts";
import { type HeartbeatData, HeartbeatReply } from "../../src/contract/heartbeat.ts";
import { ReleaseManifest } from "../../src/contract/release.ts";
import { type EnrolOptions, enrolPlugin, type ScriptedPlugin } from "./scripted-plugin.ts";

const COMMAND_WAIT_MS = 120_000;
const COMMAND_PACE_MS = 300;
const FAULTY_VERSION = "1.2.2";

export interface Life {
  /** One per beat: the HTTP status, or null when nobody answered. */
  answers: (number | null)[];
  stop(): Promise<void>;
}

export interface LifeOptions {
  everyMs?: number;
  /** How many of the 5 webhooks between two beats fail; by default 3 on 1.2.2 and none otherwise. */
  failing?: (version: string) => number;
}

export class ScriptedShop {
  version: string;
  state: HeartbeatData["state"] = "running";
  readonly counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
  /** Ids of the commands that changed something here, in order. */
  readonly carriedOut: string[] = [];
  readonly #plugin: ScriptedPlugin;
  readonly #controlKey: CryptoKey;
  #lastCommand: HeartbeatData["last_command"];

  private constructor(plugin: ScriptedPlugin, version: string, controlKey: CryptoKey) {
    this.#plugin = plugin;
    this.version = version;
    this.#controlKey = controlKey;
  }

  static async enrol(stack: Stack, options: EnrolOptions & { version: string }): Promise<ScriptedShop> {
    const plugin = await enrolPlugin(stack, options);
    const raw = Buffer.from(plugin.enrolment.control_public_key, "base64");
    const controlKey = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
    return new ScriptedShop(plugin, options.version, controlKey);
  }

  get id(): string {
    return this.#plugin.id;
  }

  /** Counts webhooks and beats. @throws when nobody answers, or not with 200; what was counted goes with the next beat */
  beat(sent = 0, failed = 0): Promise<HeartbeatReply> {
    this.counters.webhooks_sent += sent;
    this.counters.webhooks_failed += failed;
    return this.#plugin.beat(this.#vitals());
  }

  /** Webhooks went well, and begin to fail: 12 of 20. */
  async breakDown(): Promise<void> {
    await this.beat(20);
    await this.beat(20, 12);
  }

  /** Beats, its webhooks still failing, until a reply carries a command. */
  async takeCommand(): Promise<Command> {
    const deadline = Date.now() + COMMAND_WAIT_MS;
    while (Date.now() < deadline) {
      const [signed] = (await this.beat(5, 3)).commands;
      if (signed) return this.#open(signed);
      await pace(COMMAND_PACE_MS);
    }
    throw new Error(`${this.id}: no command within ${COMMAND_WAIT_MS / 1000} s`);
  }

  /** Runs what the command names, without a word to anybody; once, however often it comes. */
  switchTo(command: Command): void {
    if (this.carriedOut.includes(command.id)) return;
    this.carriedOut.push(command.id);
    if (command.type === "update") {
      this.version = ReleaseManifest.parse(JSON.parse(command.payload.release.manifest)).version;
      this.state = "probation";
      this.#lastCommand = { id: command.id, outcome: "applied" };
    } else if (command.type === "rollback") {
      this.version = command.payload.to_version;
      this.state = "running";
      this.#lastCommand = { id: command.id, outcome: "rolled_back" };
    }
  }

  ack(commandId: string): Promise<Response> {
    return this.#plugin.report(commandId, "ack", { result: { version: this.version } });
  }

  fail(commandId: string, code: FailCode, message: string): Promise<Response> {
    return this.#plugin.report(commandId, "fail", { error: { code, message }, version: this.version });
  }

  async carryOut(command: Command): Promise<void> {
    this.switchTo(command);
    const answer = await this.ack(command.id);
    if (answer.status !== 200) throw new Error(`ack: ${answer.status} ${await answer.text()}`);
  }

  /** Lives by itself until stopped: beats, carries out commands, leaves probation on commit, says again what was not answered. */
  live({ everyMs = 1000, failing = failsOnFaulty }: LifeOptions = {}): Life {
    const stopped = new AbortController();
    const answers: Life["answers"] = [];
    const unanswered = new Set<string>();
    const liveOn = async () => {
      while (!stopped.signal.aborted) {
        this.counters.webhooks_sent += 5;
        this.counters.webhooks_failed += failing(this.version);
        const body = this.#plugin.envelope("heartbeat", this.#plugin.beatData(this.#vitals()));
        const answer = await this.#plugin.post("/api/plugins/heartbeat", body).catch(() => null);
        answers.push(answer?.status ?? null);
        if (answer?.status === 200) {
          const reply = HeartbeatReply.parse(await answer.json());
          if (reply.commit) await this.#settle(reply.commit);
          for (const signed of reply.commands) {
            this.switchTo(await this.#open(signed));
            unanswered.add(signed.id);
          }
        }
        for (const id of unanswered) {
          const said = await this.ack(id).catch(() => null);
          if (said?.status === 200) unanswered.delete(id);
        }
        await pace(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
      }
    };
    const life = liveOn();
    life.catch(() => {}); // rethrown by stop()
    return {
      answers,
      async stop() {
        stopped.abort();
        await life;
      },
    };
  }

  #vitals(): Partial<HeartbeatData> {
    const { version, state } = this;
    const last = this.#lastCommand && { last_command: this.#lastCommand };
    return { version, state, counters: { ...this.counters }, ...last };
  }

  /** Verifies before it parses, as a client must. */
  async #open(command: SignedCommand): Promise<Command> {
    await this.#verify(command);
    const opened = Command.parse(JSON.parse(command.signed));
    if (opened.plugin_id !== this.id || opened.id !== command.id) throw new Error("a foreign command");
    if (Date.parse(opened.expires_at) <= Date.now()) throw new Error("an expired command");
    return opened;
  }

  /** Takes the commit: what runs now is final. */
  async #settle(commit: NonNullable<HeartbeatReply["commit"]>): Promise<void> {
    await this.#verify(commit);
    const { plugin_id, version, command_id } = Commit.parse(JSON.parse(commit.signed));
    if (plugin_id !== this.id || version !== this.version) throw new Error("a foreign commit");
    this.state = "running";
    this.#lastCommand = { id: command_id, outcome: "committed" };
  }

  async #verify({ signed, signature }: { signed: string; signature: string }): Promise<void> {
    const proof = Buffer.from(signature, "base64");
    const bytes = new TextEncoder().encode(signed);
    if (!(await crypto.subtle.verify("Ed25519", this.#controlKey, proof, bytes)))
      throw new Error("not signed by the control plane");
  }
}

function failsOnFaulty(version: string): number {
  return version === FAULTY_VERSION ? 3 : 0;
}
