/** What a shop calls. */
import { created, json, type Operation, PLUGIN } from "./operation.ts";

export const pluginOperations = {
  "POST /api/plugins/enroll": {
    summary: "Turn a claim code into a plugin identity",
    security: "claim",
    body: "EnrollRequest",
    replies: created("EnrollReply"),
    refusals: [400, 401, 409, 413, 415, 429, 503],
  },
  "POST /api/plugins/heartbeat": {
    summary: "One beat; the answer may carry commands and a commit",
    security: "plugin",
    body: "HeartbeatEnvelope",
    replies: json("HeartbeatReply"),
    refusals: [...PLUGIN, 409],
  },
  "POST /api/plugins/commands/:id/ack": {
    summary: "The command was carried out; a repeat gets the same answer",
    security: "plugin",
    body: "AckEnvelope",
    replies: json("CommandReply"),
    refusals: [...PLUGIN, 404, 409],
  },
  "POST /api/plugins/commands/:id/fail": {
    summary: "The command was not carried out; a repeat gets the same answer",
    security: "plugin",
    body: "FailEnvelope",
    replies: json("CommandReply"),
    refusals: [...PLUGIN, 404, 409],
  },
  "GET /artifacts/:sha256": {
    summary: "A release file; ranges and conditional requests are honoured",
    security: "none",
    replies: {
      200: { text: "the whole file" },
      206: { text: "the range asked for" },
      304: { text: "not modified" },
      416: { text: "the range lies outside the file" },
    },
    refusals: [404],
  },
} as const satisfies Readonly<Record<string, Operation>>;
