/** The signed envelope of every plugin request (Standard Webhooks 1.0.0: type, timestamp, data), and its header names. */
import { z } from "zod";
import { AckData, FailData } from "./command.ts";
import { HeartbeatData } from "./heartbeat.ts";
import { Instant } from "./ids.ts";

export const HEADER_ID = "webhook-id";
export const HEADER_TIMESTAMP = "webhook-timestamp";
export const HEADER_SIGNATURE = "webhook-signature";
export const HEADER_PLUGIN = "x-plugin-id";

/** Requests older or newer than this are refused (the tolerance of the Standard Webhooks libraries). */
export const TIMESTAMP_TOLERANCE_S = 300;

export const HeartbeatEnvelope = z.object({
  type: z.literal("heartbeat"),
  timestamp: Instant,
  data: HeartbeatData,
});
export const AckEnvelope = z.object({ type: z.literal("command.ack"), timestamp: Instant, data: AckData });
export const FailEnvelope = z.object({ type: z.literal("command.fail"), timestamp: Instant, data: FailData });
export type HeartbeatEnvelope = z.infer<typeof HeartbeatEnvelope>;
export type AckEnvelope = z.infer<typeof AckEnvelope>;
export type FailEnvelope = z.infer<typeof FailEnvelope>;
