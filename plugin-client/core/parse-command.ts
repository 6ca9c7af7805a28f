/** Reads commands, commits and replies, after their signature has been verified. Pure; throws `ShapeError`. */
import type { Command, Commit, SignedCommand, SignedCommit } from "../../src/contract/command.ts";
import type { SignedRelease } from "../../src/contract/release.ts";
import * as shape from "./shape.ts";
import { isVersion } from "./version.ts";

const COMMAND_ID = /^cmd_[A-Za-z0-9_-]{27}_[0-9]{1,9}$/;
const ATTEMPT_ID = /^att_[A-Za-z0-9_-]{27}_[0-9]{1,9}$/;
const PLUGIN_ID = /^plg_[A-Za-z0-9_-]{27}$/;

/** The head that every command has, readable even when this client does not know its type. */
export interface CommandHead {
  id: string;
  plugin_id: string;
  number: number;
  type: string;
  expires_at: number;
}

export function isCommandId(id: unknown): id is string {
  return typeof id === "string" && COMMAND_ID.test(id);
}

export function parseHead(from: shape.Fields): CommandHead {
  return {
    id: shape.text(from, "id", 64, COMMAND_ID),
    plugin_id: shape.text(from, "plugin_id", 64, PLUGIN_ID),
    number: shape.whole(from, "number", 1, Number.MAX_SAFE_INTEGER),
    type: shape.text(from, "type", 32),
    expires_at: shape.instant(from, "expires_at"),
  };
}

/** The whole command; `ShapeError("type")` when this client knows no such type. */
export function parseCommand(from: shape.Fields): Command {
  const head = parseHead(from);
  const payload = shape.fields(from.payload, "payload");
  const base = {
    id: head.id,
    plugin_id: head.plugin_id,
    number: head.number,
    issued_at: shape.text(from, "issued_at", 40),
    expires_at: shape.text(from, "expires_at", 40),
    policy_revision: shape.whole(from, "policy_revision", 0, Number.MAX_SAFE_INTEGER),
  };
  switch (head.type) {
    case "update":
      return {
        ...base,
        type: "update",
        payload: {
          attempt_id: shape.text(payload, "attempt_id", 64, ATTEMPT_ID),
          release: parseSignedRelease(payload.release),
          artifact_url: parseArtifactUrl(payload),
          commit_within_s: shape.whole(payload, "commit_within_s", 5, 86_400),
          allow_downgrade:
            shape.optional(payload, "allow_downgrade", () => shape.flag(payload, "allow_downgrade")) ?? false,
        },
      };
    case "rollback": {
      const release = shape.optional(payload, "release", () => parseSignedRelease(payload.release));
      const artifact_url = shape.optional(payload, "artifact_url", () => parseArtifactUrl(payload));
      return {
        ...base,
        type: "rollback",
        payload: {
          attempt_id: shape.text(payload, "attempt_id", 64, ATTEMPT_ID),
          to_version: parseVersion(payload, "to_version"),
          reason: shape.text(payload, "reason", 500),
          ...(release && { release }),
          ...(artifact_url && { artifact_url }),
        },
      };
    }
    case "config": {
      const restore = shape.optional(payload, "restore", () =>
        shape.text(payload, "restore", 64, COMMAND_ID),
      );
      const within = shape.optional(payload, "commit_within_s", () =>
        shape.whole(payload, "commit_within_s", 5, 86_400),
      );
      return {
        ...base,
        type: "config",
        payload: {
          attempt_id: shape.text(payload, "attempt_id", 64, ATTEMPT_ID),
          ...(restore === undefined ? { set: parseSettings(payload.set) } : { set: {}, restore }),
          ...(within !== undefined && { commit_within_s: within }),
        },
      };
    }
    case "probe":
      return {
        ...base,
        type: "probe",
        payload: {
          probes: shape.list(payload, "probes", 0, 16).map((probe) => {
            if (typeof probe !== "string" || probe.length > 64) throw new shape.ShapeError("probes");
            return probe;
          }),
        },
      };
    default:
      throw new shape.ShapeError("type");
  }
}

export function parseCommit(signed: string): Commit {
  const from = shape.parseFields(signed, "commit", 4096);
  if (from.type !== "commit") throw new shape.ShapeError("type");
  shape.instant(from, "expires_at");
  return {
    type: "commit",
    command_id: shape.text(from, "command_id", 64, COMMAND_ID),
    attempt_id: shape.text(from, "attempt_id", 64, ATTEMPT_ID),
    plugin_id: shape.text(from, "plugin_id", 64, PLUGIN_ID),
    version: parseVersion(from, "version"),
    issued_at: shape.text(from, "issued_at", 40),
    expires_at: shape.text(from, "expires_at", 40),
  };
}

/** A heartbeat's answer. What is malformed in it is left out: a reply must never stop the heart. */
export interface Reply {
  nextHeartbeatS: number | null;
  serverTime: number | null;
  commands: SignedCommand[];
  commit: SignedCommit | null;
}

export function parseReply(body: unknown): Reply {
  const reply: Reply = { nextHeartbeatS: null, serverTime: null, commands: [], commit: null };
  if (typeof body !== "object" || body === null) return reply;
  const from = body as shape.Fields; // an object with unknown values is exactly this
  if (typeof from.next_heartbeat_s === "number" && Number.isFinite(from.next_heartbeat_s))
    reply.nextHeartbeatS = from.next_heartbeat_s;
  if (typeof from.server_time === "string") reply.serverTime = Date.parse(from.server_time) || null;
  for (const item of Array.isArray(from.commands) ? from.commands.slice(0, 8) : []) {
    const command = attempt(() => {
      const one = shape.fields(item, "command");
      return {
        id: shape.text(one, "id", 64, COMMAND_ID),
        signed: shape.text(one, "signed", 16_384),
        signature: shape.text(one, "signature", 128),
      };
    });
    if (command !== null) reply.commands.push(command);
  }
  if (from.commit !== undefined)
    reply.commit = attempt(() => {
      const one = shape.fields(from.commit, "commit");
      return { signed: shape.text(one, "signed", 4096), signature: shape.text(one, "signature", 128) };
    });
  return reply;
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function parseVersion(from: shape.Fields, name: string): string {
  const version = from[name];
  if (!isVersion(version)) throw new shape.ShapeError(name);
  return version;
}

/** A path on the API's own origin, or an http(s) URL. */
function parseArtifactUrl(from: shape.Fields): string {
  return shape.text(from, "artifact_url", 512, /^(https?:\/\/|\/(?!\/))[^\s\\]+$/);
}

function parseSignedRelease(value: unknown): SignedRelease {
  const from = shape.fields(value, "release");
  return {
    manifest: shape.text(from, "manifest", 4096),
    signatures: shape.list(from, "signatures", 1, 8).map((item) => {
      const one = shape.fields(item, "signatures");
      return { key_id: shape.text(one, "key_id", 64), signature: shape.text(one, "signature", 128) };
    }),
  };
}

function parseSettings(value: unknown): Record<string, string | number | boolean> {
  const entries = Object.entries(shape.fields(value, "set"));
  if (entries.length < 1 || entries.length > 32) throw new shape.ShapeError("set");
  return Object.fromEntries(
    entries.map(([name, setting]) => {
      const fits =
        typeof setting === "boolean" ||
        (typeof setting === "number" && Number.isFinite(setting)) ||
        (typeof setting === "string" && setting.length <= 1024);
      if (!fits || name.length < 1 || name.length > 64 || name === "__proto__")
        throw new shape.ShapeError("set");
      return [name, setting];
    }),
  );
}
