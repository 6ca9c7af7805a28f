/** The body of one beat, held to the contract's bounds whatever plugin and host say. Pure. */
import type { HeartbeatEnvelope } from "../../src/contract/envelope.ts";
import type { Environment, HeartbeatData, ProbeReport } from "../../src/contract/heartbeat.ts";
import { utf8 } from "./bytes.ts";
import { bounded } from "./text.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** The envelope as JSON text of at most 64 KiB. Empty lists are left out; what would not fit loses its optional parts. */
export function beatBody(data: HeartbeatData, timestampMs: number): string {
  const { env, errors = [], probes = [], ...rest } = data;
  const full: HeartbeatData = {
    ...rest,
    ...(env && { env: boundedEnvironment(env) }),
    ...(errors.length > 0 && { errors }),
    ...(probes.length > 0 && { probes: boundedProbes(probes) }),
  };
  const text = (part: HeartbeatData): string => {
    const timestamp = new Date(timestampMs).toISOString();
    const envelope: HeartbeatEnvelope = { type: "heartbeat", timestamp, data: part };
    return JSON.stringify(envelope);
  };
  const body = text(full);
  return utf8(body).length > MAX_BODY_BYTES ? text(rest) : body;
}

/** At most 16 entries with well-formed names, as the contract wants them. */
function boundedEnvironment(environment: Environment): Environment {
  const entries = Object.entries(environment)
    .filter(([name, value]) => /^[a-z][a-z0-9_]{0,31}$/.test(name) && typeof value === "string")
    .slice(0, 16);
  return Object.fromEntries(entries.map(([name, value]) => [name, bounded(value, 64)]));
}

function boundedProbes(probes: ProbeReport[]): ProbeReport[] {
  return probes
    .filter(({ name, ms }) => name.length > 0 && ms >= 0 && Number.isFinite(ms))
    .slice(0, 16)
    .map(({ name, ok, ms }) => ({ name: bounded(name, 64), ok, ms }));
}
