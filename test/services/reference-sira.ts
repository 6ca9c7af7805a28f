/**
 * A remote decision service as somebody else might write it, on a loopback port: nothing of the built-in one's thinking, only the
 * contract. It counts what each fix came to, and takes the best share.
 */
import type { z } from "zod";
import { type DecideReply, DecideRequest, FeedbackRequest } from "../../src/contract/decision.ts";
import { VoteRequest } from "../../src/contract/sira-memory.ts";
import { json, listen, type Received } from "./loopback-server.ts";

const MAX_BYTES = 64 * 1024;

export async function startReferenceSira(token: string): Promise<{ url: string; close(): void }> {
  const lessons = new Map<string, FeedbackRequest>();
  const votes = new Map<string, VoteRequest>();
  const newer = <T extends { revision?: number | undefined }>(
    known: Map<string, T>,
    key: string,
    news: T,
  ) => {
    const fresh = (known.get(key)?.revision ?? (known.has(key) ? 1 : 0)) < (news.revision ?? 1);
    if (fresh) known.set(key, news);
    return { status: fresh ? "learned" : "known" };
  };
  const routes: Record<string, (request: Received) => { status: number; body: unknown }> = {
    "/api/sira/decide": parsed(DecideRequest, (request) => best(request, [...lessons.values()])),
    "/api/sira/feedback": parsed(FeedbackRequest, (lesson) =>
      newer(lessons, `${lesson.product}|${lesson.attempt_id}`, lesson),
    ),
    "/api/sira/votes": parsed(VoteRequest, (vote) =>
      newer(votes, `${vote.product}|${vote.incident_id}|${vote.person}`, vote),
    ),
  };
  return listen((request, response) => {
    const route = routes[request.url];
    if (route === undefined) return json(response, 404, {});
    if (request.headers.authorization !== `Bearer ${token}`) return json(response, 401, {});
    if (request.headers["content-type"] !== "application/json") return json(response, 415, {});
    if (request.body.length > MAX_BYTES) return json(response, 413, {});
    const { status, body } = route(request);
    json(response, status, body);
  });
}

function parsed<T>(schema: z.ZodType<T>, answer: (input: T) => unknown) {
  return ({ body }: Received): { status: number; body: unknown } => {
    let input: unknown;
    try {
      input = JSON.parse(body);
    } catch {
      return { status: 400, body: {} };
    }
    const result = schema.safeParse(input);
    return result.success ? { status: 200, body: answer(result.data) } : { status: 400, body: {} };
  };
}

function best(request: DecideRequest, lessons: readonly FeedbackRequest[]): DecideReply {
  const open = request.candidates.filter(
    (candidate) =>
      candidate.action !== "escalate" &&
      candidate.action !== "monitor" &&
      (candidate.action !== "rollback" || candidate.version === request.incident.changed_from) &&
      !request.excluded.some(
        (fix) =>
          fix.action === candidate.action &&
          (fix.version === undefined || fix.version === candidate.version) &&
          (fix.remedy === undefined || fix.remedy === candidate.remedy),
      ),
  );
  const [first] = open
    .map((candidate) => {
      const tried = lessons.filter(
        ({ product, action, target_version, remedy }) =>
          product === request.plugin.product &&
          action === candidate.action &&
          target_version === candidate.version &&
          remedy === candidate.remedy,
      );
      const healed = tried.filter(({ outcome }) => outcome === "success").length;
      return { candidate, share: (healed + 1) / (tried.length + 2) };
    })
    .sort((a, b) => b.share - a.share);
  if (first === undefined)
    return { action: "escalate", confidence: 1, explanation: "nothing to choose from", alternatives: [] };
  const { action, version, remedy } = first.candidate;
  return {
    action,
    ...(version === undefined ? {} : { patch_version: version }),
    ...(remedy === undefined ? {} : { remedy }),
    confidence: first.share,
    explanation: "the best share so far",
    alternatives: [],
  };
}
