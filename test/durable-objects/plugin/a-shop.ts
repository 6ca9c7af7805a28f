/** A plugin as its object sees it: signed requests over RPC, the clock under the test's control, staging answered by the test. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { PluginObject } from "../../../durable-objects/plugin/plugin-object.ts";
import { pluginOf, policyOf, releasesOf } from "../../../durable-objects/stubs.ts";
import type { Attempt } from "../../../src/contract/attempt.ts";
import { Command } from "../../../src/contract/command.ts";
import type { HeartbeatReply } from "../../../src/contract/heartbeat.ts";
import type { PluginAnswer, PluginRoute } from "../../../src/contract/rpc/plugin.ts";
import type { SmokeReply } from "../../../src/contract/staging.ts";
import { mintPluginId } from "../../../src/crypto/plugin-id.ts";
import { WEBHOOK_SECRET_PURPOSE } from "../../../src/crypto/vault.ts";
import { newSecret, signWebhook } from "../../../src/crypto/webhook-signature.ts";
import type { Env } from "../../../src/env.ts";
import { pluginIdKey, vault } from "../../../src/settings.ts";
import { PATIENCE } from "../../builders/patience.ts";
import { aPerson, aRelease } from "../../builders/release.ts";

// The test runner types `env` without this project's bindings (wrangler.toml), which the pool does provide.
export const bindings = env as unknown as Env;

// Whole healings, many in one test, and an object that is loaded in the first hook: minutes when the machine is busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** Far ahead of the real clock: the platform never fires an alarm by itself, the test does. */
export const T0 = Date.UTC(2035, 0, 1, 12);

let days = 0;

/** Each test a day later: objects outlive tests, and their time must not run backwards. */
export function startClock(): void {
  days += 1;
  vi.useFakeTimers({ toFake: ["Date"], now: T0 + days * 86_400_000 });
}

export function passTime(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

/** The outside: the staging runner answers as the test says; nothing else can be reached. */
export function answerStaging(ok = true): { calls: number } {
  const seen = { calls: 0 };
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.endsWith("/api/staging/smoke")) throw new TypeError("connection refused");
    seen.calls += 1;
    const { attempt_id } = JSON.parse(String(init?.body)) as { attempt_id: string };
    const reply: SmokeReply = {
      ok,
      attempt_id,
      checks: [{ name: "smoke", ok, ms: 5, log: "", ...(ok ? {} : { reason: "exit-code" }) }],
      total_ms: 5,
      runner: "test",
    };
    return Response.json(reply);
  });
  return seen;
}

/** The shop's own site as seen from outside; null when it does not answer. Nothing else can be reached. */
export function answerSite(siteUrl: string, status: number | null): { looks: number } {
  const seen = { looks: 0 };
  vi.stubGlobal("fetch", async (input: RequestInfo | URL) => {
    if (String(input instanceof Request ? input.url : input) !== siteUrl)
      throw new TypeError("connection refused");
    seen.looks += 1;
    if (status === null) throw new TypeError("connection refused");
    return new Response(null, { status });
  });
  return seen;
}

/** Changes the policy, and waits for the cache that the plugins' objects read: it is written after the answer. */
export async function changePolicy(patch: Record<string, unknown>): Promise<void> {
  const policy = policyOf(bindings);
  const { revision } = await policy.read();
  const changed = await policy.patch({ revision, reason: "test", patch }, aPerson("ada"));
  if (!changed.ok) throw new Error(JSON.stringify(changed.refusal));
  await vi.waitFor(async () => {
    const cached = await bindings.POLICY_CACHE.get<{ revision: number }>("policy", "json");
    if (cached?.revision !== changed.value.revision) throw new Error("the cache holds an older policy");
  }, PATIENCE);
}

/** Lets Vigie act alone on every shop, with one release to choose. */
export async function allowEverything(): Promise<void> {
  await changePolicy({
    mode: "auto",
    kill_switch: false,
    whitelist: { all: true },
    canary: { stages: [{ percent: 100 }] },
  });
  await releasesOf(bindings, "molam-woocommerce").publish(aRelease({ expires: "2039-01-01T00:00:00.000Z" }));
}

export class Shop {
  version = "1.2.2";
  state: "running" | "probation" = "running";
  readonly counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
  seq = 0;
  readonly id: string;
  readonly #secret: Uint8Array;

  private constructor(id: string, secret: Uint8Array) {
    this.id = id;
    this.#secret = secret;
  }

  static async enrolled(siteUrl?: string): Promise<Shop> {
    const id = await mintPluginId(pluginIdKey(bindings));
    const secret = newSecret();
    const shop = new Shop(id, secret.bytes);
    const sealed = await vault(bindings).seal(secret.bytes, {
      plugin_id: id,
      purpose: WEBHOOK_SECRET_PURPOSE,
    });
    await pluginOf(bindings, id).enroll({
      plugin_id: id,
      merchant_id: "shop-1",
      merchant_name: "Shop one",
      request: {
        claim_code: "-",
        product: "molam-woocommerce",
        version: shop.version,
        environment: {},
        ...(siteUrl === undefined ? {} : { site_url: siteUrl }),
      },
      credential: { kind: "hmac", sealed },
    });
    return shop;
  }

  get stub(): DurableObjectStub<PluginObject> {
    // The same object as `pluginOf`, under the type that the test tools take.
    return bindings.PLUGIN.getByName(this.id) as unknown as DurableObjectStub<PluginObject>;
  }

  async send(
    route: PluginRoute,
    data: Record<string, unknown>,
    change: Partial<{ body: string; commandId: string; signature: string }> = {},
  ): Promise<PluginAnswer> {
    const body = new TextEncoder().encode(
      change.body ?? JSON.stringify({ type: route, timestamp: new Date().toISOString(), data }),
    );
    const id = `msg_${crypto.randomUUID()}`;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature =
      change.signature ??
      (await signWebhook({ id, timestamp, body }, { kind: "hmac", secret: this.#secret }));
    const commandId = change.commandId ?? (data.command_id as string | undefined);
    return pluginOf(bindings, this.id).receive({
      route,
      plugin_id: this.id,
      ...(commandId === undefined ? {} : { command_id: commandId }),
      headers: { id, timestamp, signature },
      body,
    });
  }

  beatData(): Record<string, unknown> {
    return {
      plugin_id: this.id,
      seq: this.seq,
      boot_id: "boot-1",
      version: this.version,
      state: this.state,
      cadence: "resident",
      counters: { ...this.counters },
    };
  }

  async beat(seconds: number, sent = 0, failed = 0): Promise<HeartbeatReply> {
    passTime(seconds);
    this.counters.webhooks_sent += sent;
    this.counters.webhooks_failed += failed;
    this.seq += 1;
    const answer = await this.send("heartbeat", this.beatData());
    if (!answer.ok) throw new Error(`beat refused: ${JSON.stringify(answer.refusal)}`);
    return answer.value.reply as HeartbeatReply;
  }

  async ack(commandId: string): Promise<PluginAnswer> {
    return this.send("command.ack", {
      plugin_id: this.id,
      command_id: commandId,
      result: { version: this.version },
    });
  }

  async breakWebhooks(): Promise<void> {
    await this.beat(1, 20);
    await this.beat(120, 20);
    await this.beat(120, 20, 12);
    await this.beat(30, 20, 12);
  }

  async evict(): Promise<void> {
    await evictDurableObject(this.stub);
  }

  async detail() {
    const detail = await pluginOf(bindings, this.id).detail();
    if (detail === null) throw new Error("not enrolled");
    return detail;
  }

  /** Wakes the object until its attempt has this status. */
  async untilAttempt(status: Attempt["status"]): Promise<Attempt> {
    return vi.waitFor(
      async () => {
        const { attempt } = (await this.detail()).live;
        if (attempt?.status === status) return attempt;
        passTime(1);
        await runDurableObjectAlarm(this.stub);
        throw new Error(
          `the attempt is ${attempt?.status ?? "none"}, not ${status}: ${JSON.stringify(attempt?.gate.filter((verdict) => verdict.outcome !== "allow"))}`,
        );
      },
      { ...PATIENCE, interval: 5 },
    );
  }

  /** Beats until a reply carries a command, and returns it opened. */
  async takeCommand(): Promise<Command> {
    for (let i = 0; i < 5; i++) {
      const reply = await this.beat(15, 4, 2);
      const signed = reply.commands[0];
      if (signed) return Command.parse(JSON.parse(signed.signed));
    }
    throw new Error("no command came");
  }
}
