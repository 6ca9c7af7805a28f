/** The built-in decision service; one object per product, named by it. */
import { DurableObject } from "cloudflare:workers";
import type {
  DecideReply,
  DecideRequest,
  FeedbackReply,
  FeedbackRequest,
} from "../../src/contract/decision.ts";
import type { SiraRpc } from "../../src/contract/rpc.ts";
import { decide } from "../../src/core/sira/decide.ts";
import type { Env } from "../../src/env.ts";
import { migrate } from "../migrations.ts";
import { SIRA_MIGRATIONS, SiraStore } from "./sira-store.ts";

export class SiraObject extends DurableObject<Env> implements SiraRpc {
  readonly #store: SiraStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, SIRA_MIGRATIONS);
    this.#store = new SiraStore(ctx.storage);
  }

  async decide(request: DecideRequest): Promise<DecideReply> {
    return decide(request, this.#store.records(request.incident.signature));
  }

  async learn(feedback: FeedbackRequest): Promise<FeedbackReply> {
    return { status: this.#store.learn(feedback) ? "learned" : "known" };
  }
}
