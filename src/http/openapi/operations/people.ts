/** Who may do what, claims, figures, and the feed. */

import type { OpsRoute } from "../../ops/ops-roles.ts";
import { created, json, LIST, type Operation, WRITE } from "./operation.ts";

export const peopleOperations = {
  "GET /api/ops/me": {
    summary: "Who the token is, and which roles it has",
    security: "ops",
    replies: json("Person"),
    refusals: [401, 403],
  },
  "POST /api/ops/claims": {
    summary: "Mint a claim code for a merchant's plugin",
    security: "ops",
    body: "ClaimRequest",
    replies: created("ClaimReply"),
    refusals: WRITE,
  },
  "GET /api/ops/kpis": {
    summary: "Success and rollback rates, times to detect and repair",
    security: "ops",
    query: "KpiQuery",
    replies: json("Kpis"),
    refusals: LIST,
  },
  "GET /api/ops/feed": {
    summary: "WebSocket of FeedMessage; offer the subprotocols `vigie.v1, bearer.<token>`",
    security: "ops",
    replies: { 101: { text: "the upgrade, with subprotocol vigie.v1" } },
    refusals: [400, 401, 403, 503],
  },
} as const satisfies Partial<Record<OpsRoute, Operation>>;
