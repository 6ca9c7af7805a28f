/** The network between one shop and the control plane: requests and answers take time, and some are lost. */
import { AckEnvelope, FailEnvelope, HeartbeatEnvelope } from "../src/contract/envelope.ts";
import type { PluginObject } from "./plugin-object.ts";
import type { Random } from "./random.ts";
import type { VirtualRealm } from "./virtual-realm.ts";

/** The client gives a request up after this long. */
const LOST_MS = 9_900;

export interface LinkOptions {
  realm: VirtualRealm;
  random: Random;
  object: PluginObject;
  /** Share of requests, and of answers, that never arrive. */
  lossShare: number;
  /** One way, ms: uniform between the two. */
  delayMs: readonly [number, number];
  artifact(sha256: string): Uint8Array<ArrayBuffer> | undefined;
}

interface Reply {
  status: number;
  body: unknown;
}

export class ShopLink {
  readonly #options: LinkOptions;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  fetch(url: string, init?: RequestInit): Promise<Response> {
    const { realm, random } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const lost = (): void => {
      realm.queue.after(LOST_MS, () => {
        realm.touch();
        reject(new TypeError("connection reset"));
      });
    };
    const dropped = (): boolean => random() < this.#options.lossShare;
    realm.queue.after(this.#delay(), () => {
      if (dropped()) return lost();
      const path = new URL(url).pathname;
      const answered = this.#serve(path, typeof init?.body === "string" ? init.body : "").then((response) => {
        if (dropped()) return lost();
        realm.queue.after(this.#delay(), () => {
          realm.touch();
          resolve(response);
        });
      });
      realm.track(answered);
    });
    return promise;
  }

  #delay(): number {
    const [from, to] = this.#options.delayMs;
    return from + (to - from) * this.#options.random();
  }

  async #serve(path: string, body: string): Promise<Response> {
    const sha256 = /^\/artifacts\/([0-9a-f]{64})$/.exec(path)?.[1];
    if (sha256 !== undefined) {
      const file = this.#options.artifact(sha256);
      return file === undefined ? json({ status: 404, body: {} }) : response(200, file);
    }
    return json(await this.#call(path, body));
  }

  async #call(path: string, body: string): Promise<Reply> {
    const { object } = this.#options;
    const envelope: unknown = JSON.parse(body);
    if (path === "/api/plugins/heartbeat") {
      const { data } = HeartbeatEnvelope.parse(envelope);
      const answer = await object.heartbeat(data);
      if (answer.ok) return { status: 200, body: answer.value };
      const { refusal } = answer;
      const lastSeq = refusal.reason === "stale_seq" ? { last_seq: refusal.last_seq } : {};
      return {
        status: refusal.reason === "stale_seq" ? 409 : 400,
        body: { error: { code: refusal.reason, ...lastSeq } },
      };
    }
    const done = path.endsWith("/ack")
      ? object.report({ type: "ack", data: AckEnvelope.parse(envelope).data })
      : object.report({ type: "fail", data: FailEnvelope.parse(envelope).data });
    return done.ok
      ? { status: 200, body: { status: "acknowledged" } }
      : { status: 404, body: { error: { code: "not_found" } } };
  }
}

function json({ status, body }: Reply): Response {
  return response(status, new TextEncoder().encode(JSON.stringify(body)));
}

/** As much of a Response as the client reads, without a stream: reading one would take turns of the real event loop. */
function response(status: number, bytes: Uint8Array): Response {
  let read = false;
  const reader = {
    read: async () => {
      if (read) return { done: true, value: undefined };
      read = true;
      return { done: false, value: bytes };
    },
    cancel: async () => {},
  };
  const shape = {
    ok: status < 400,
    status,
    headers: { get: () => null },
    body: { getReader: () => reader, cancel: async () => {} },
  };
  return shape as unknown as Response; // the members above are all that `plugin-client/core` touches
}
