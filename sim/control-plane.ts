/**
 * The Worker's objects, the real classes, on a virtual clock: policy, releases, fleet and SIRA with their stores, outboxes and
 * alarms. Plugins are not among them (see `plugin-object.ts`); Postgres is a sink, and every object without a part in healing
 * takes what it is told.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { DecideRequest } from "../src/contract/decision.ts";
import type { LedgerRecord } from "../src/contract/ledger.ts";
import type { PublisherKeys } from "../src/contract/release.ts";
import type { FleetRpc } from "../src/contract/rpc/fleet.ts";
import type { PluginRpc } from "../src/contract/rpc/plugin.ts";
import type { PolicyRpc } from "../src/contract/rpc/policy.ts";
import type { ReleaseRpc } from "../src/contract/rpc/release.ts";
import type { SiraRpc } from "../src/contract/rpc/sira.ts";
import type { OutboxMessage } from "../src/core/plugin/draft.ts";
import type { GateFacts, PluginEvent } from "../src/core/plugin/event.ts";
import type { CommandState, PluginState, Work } from "../src/core/plugin/state.ts";
import { onLedgerRecord } from "./ledger-sink.ts";
import { ObjectStorage, type StoredObject } from "./object-storage.ts";
import type { VirtualRealm } from "./virtual-realm.ts";

type ObjectClass = new (ctx: unknown, env: unknown) => StoredObject;
type Row = { kind: string; lane: string; body: string };
type Delivery = { status: string; why?: string };

/** What of `durable-objects/plugin/` is used as it is. */
interface PluginParts {
  perform(work: Work, state: PluginState, env: unknown): Promise<PluginEvent>;
  askLeave(
    state: PluginState,
    command: CommandState,
    env: unknown,
  ): Promise<{ facts: GateFacts; leaseId: string | null; validUntil: number } | null>;
  outboxRows(pluginId: string, messages: readonly OutboxMessage[]): Row[];
  pluginReceivers(
    env: unknown,
    pluginId: string,
  ): Record<string, (rows: readonly Row[]) => Promise<Delivery>>;
}

export interface ControlPlaneOptions {
  realm: VirtualRealm;
  onRecord(record: LedgerRecord): void;
  /** The object of one plugin, for orders to it. */
  plugin(id: string): Partial<PluginRpc>;
  publisherKeys: PublisherKeys;
  /** In place of the built-in SIRA's own choice: another one, or none. */
  decide?: (request: DecideRequest, builtin: SiraRpc) => ReturnType<SiraRpc["decide"]>;
}

/** Loads the classes by text, so that the Worker's types stay out of Node's. */
async function load(path: string): Promise<Record<string, unknown>> {
  return (await import(new URL(`../${path}`, import.meta.url).href)) as Record<string, unknown>;
}

export class ControlPlane {
  readonly env: Record<string, unknown>;
  readonly parts: PluginParts;
  readonly controlKey: string;
  readonly #signingKey: KeyObject;
  readonly #realm: VirtualRealm;
  readonly #objects = new Map<string, StoredObject>();
  readonly #classes: Record<string, ObjectClass>;

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const [policy, release, fleet, sira, runner, handOver, receivers] = await Promise.all([
      load("durable-objects/policy/policy-object.ts"),
      load("durable-objects/release/release-object.ts"),
      load("durable-objects/fleet/fleet-object.ts"),
      load("durable-objects/sira/sira-object.ts"),
      load("durable-objects/plugin/work-runner.ts"),
      load("durable-objects/plugin/hand-over.ts"),
      load("durable-objects/plugin/receivers.ts"),
    ]);
    const classes = {
      POLICY: policy.PolicyObject,
      RELEASE: release.ReleaseObject,
      FLEET: fleet.FleetObject,
      SIRA: sira.SiraObject,
    } as Record<string, ObjectClass>; // what those files export, checked where they are declared
    const parts = { ...runner, ...handOver, ...receivers } as unknown as PluginParts; // likewise
    return new ControlPlane(options, classes, parts);
  }

  private constructor(
    options: ControlPlaneOptions,
    classes: Record<string, ObjectClass>,
    parts: PluginParts,
  ) {
    this.#realm = options.realm;
    this.#classes = classes;
    this.parts = parts;
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.#signingKey = privateKey;
    this.controlKey = rawKey(publicKey);
    onLedgerRecord(options.onRecord);
    const real = (binding: string) => ({ getByName: (name: string) => this.#object(binding, name) });
    const { decide } = options;
    const taught = (name: string): SiraRpc => {
      const builtin = this.#object("SIRA", name) as unknown as SiraRpc;
      if (decide === undefined) return builtin;
      return {
        learn: (feedback) => builtin.learn(feedback),
        decide: (request) => decide(request, builtin),
      } as SiraRpc;
    };
    this.env = {
      POLICY: real("POLICY"),
      RELEASE: real("RELEASE"),
      FLEET: real("FLEET"),
      SIRA: { getByName: taught },
      PLUGIN: { getByName: (id: string) => options.plugin(id) },
      FEED: nobody(),
      NOTICES: nobody(),
      POLICY_CACHE: { put: async () => {}, get: async () => null },
      DATABASE_URL: "postgres://nowhere",
      PUBLIC_URL: "https://vigie.example",
      STAGING_RUNNER_URL: "https://staging.example",
      STAGING_RUNNER_TOKEN: "simulated",
      SIRA_API_TOKEN: "",
      PUBLISHER_KEYS: JSON.stringify(options.publisherKeys),
    };
  }

  get policy(): PolicyRpc {
    return this.#object("POLICY", "policy") as unknown as PolicyRpc;
  }
  get fleet(): FleetRpc {
    return this.#object("FLEET", "fleet") as unknown as FleetRpc;
  }
  releases(product: string): ReleaseRpc {
    return this.#object("RELEASE", product) as unknown as ReleaseRpc;
  }
  sira(product: string): SiraRpc {
    return this.#object("SIRA", product) as unknown as SiraRpc;
  }

  /** Ed25519 by the control key over the text, in base64. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#signingKey).toString("base64");
  }

  #object(binding: string, name: string): StoredObject {
    const key = `${binding}/${name}`;
    const known = this.#objects.get(key);
    if (known !== undefined) return known;
    const realm = this.#realm;
    const storage = new ObjectStorage(realm.queue, () => realm.track(object.alarm?.() ?? Promise.resolve()));
    const ctx = {
      storage,
      id: { name },
      waitUntil: (work: Promise<unknown>) => realm.track(work),
      blockConcurrencyWhile: <T>(work: () => Promise<T>) => work(),
    };
    const Class = this.#classes[binding];
    if (Class === undefined) throw new Error(`no class for ${binding}`);
    const object = new Class(ctx, this.env);
    this.#objects.set(key, object);
    return object;
  }
}

/** An object that takes whatever it is told. */
function nobody() {
  const stub = new Proxy({}, { get: () => async () => undefined });
  return { getByName: () => stub };
}

export function rawKey(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
}
