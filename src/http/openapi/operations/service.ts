/** What the decision service's clients and the platform call. */
import { json, type Operation, SIRA } from "./operation.ts";

export const serviceOperations = {
  "POST /api/sira/decide": {
    summary: "Choose among the candidates for an incident",
    security: "sira",
    body: "DecideRequest",
    replies: json("DecideReply"),
    refusals: SIRA,
  },
  "POST /api/sira/votes": {
    summary: "Learn what a person thinks of an incident; the latest vote of each counts",
    security: "sira",
    body: "VoteRequest",
    replies: json("FeedbackReply"),
    refusals: SIRA,
  },
  "POST /api/sira/feedback": {
    summary: "Learn from a finished attempt; once per attempt",
    security: "sira",
    body: "FeedbackRequest",
    replies: json("FeedbackReply"),
    refusals: SIRA,
  },
  "GET /openapi.json": {
    summary: "This document",
    security: "none",
    replies: { 200: { text: "OpenAPI 3.1" } },
    refusals: [],
  },
  "GET /healthz": { summary: "The process answers", security: "none", replies: json("Health"), refusals: [] },
  "GET /readyz": {
    summary: "What the Worker needs answers",
    security: "none",
    replies: { 200: { schema: "Readiness" }, 503: { schema: "Readiness" } },
    refusals: [],
  },
} as const satisfies Readonly<Record<string, Operation>>;
