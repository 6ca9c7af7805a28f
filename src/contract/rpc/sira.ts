/** The verbs of a product's built-in decision service. */
import type { DecideReply, DecideRequest, FeedbackReply, FeedbackRequest } from "../decision.ts";
import type { Person } from "../ops.ts";
import type { Result } from "../refusal.ts";
import type { RebuildReply, RebuildRequest, VoteRequest } from "../sira-memory.ts";

/** A page of the records, oldest first. */
export interface RebuildPage {
  feedback: FeedbackRequest[];
  votes: VoteRequest[];
}

export interface SiraRpc {
  decide(request: DecideRequest): Promise<DecideReply>;
  learn(feedback: FeedbackRequest): Promise<FeedbackReply>;
  vote(vote: VoteRequest): Promise<FeedbackReply>;
  /** Begins a memory beside the one in use, dropping one that was begun before; returns its number for the pages. */
  beginRebuild(): Promise<number>;
  /** Refuses `conflict` when another rebuild has begun since. */
  rebuildPage(rebuild: number, page: RebuildPage): Promise<Result<{ taken: number }>>;
  /** Puts the new memory in the place of the old one, at once and whole; a dry run throws the new one away. */
  finishRebuild(rebuild: number, request: RebuildRequest, by: Person): Promise<Result<RebuildReply>>;
}
