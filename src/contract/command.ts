/** Commands to a plugin, their acknowledgements, and the commit that ends probation. */
import { z } from "zod";
import { AttemptId, Base64, CommandId, Instant, PluginId, Version } from "./ids.ts";
import { SignedRelease } from "./release.ts";

export const COMMAND_TYPES = ["update", "rollback", "config", "probe"] as const;
export const CommandType = z.enum(COMMAND_TYPES);
export type CommandType = z.infer<typeof CommandType>;

/** Path or absolute URL of the release file; a path is resolved against the API's own origin. */
export const ArtifactUrl = z.string().min(1).max(512);

export const UpdatePayload = z.object({
  attempt_id: AttemptId,
  release: SignedRelease,
  artifact_url: ArtifactUrl,
  /** Dead-man: seconds from the switch to the new version until the client restores the snapshot, unless committed. */
  commit_within_s: z.number().int().min(5).max(86_400),
  /** True only when the update deliberately names an older version. */
  allow_downgrade: z.boolean().optional(),
});
export type UpdatePayload = z.infer<typeof UpdatePayload>;

export const RollbackPayload = z.object({
  attempt_id: AttemptId,
  to_version: Version,
  reason: z.string().max(500),
  /** Present when the shop may no longer hold `to_version` on disk. */
  release: SignedRelease.optional(),
  artifact_url: ArtifactUrl.optional(),
});
export type RollbackPayload = z.infer<typeof RollbackPayload>;

export const SettingValue = z.union([z.string().max(1024), z.number().finite(), z.boolean()]);
export const ConfigPayload = z
  .object({
    attempt_id: AttemptId,
    set: z.record(z.string().min(1).max(64), SettingValue),
    /**
     * Dead-man: seconds until the client takes the settings back, unless committed. Without it they are final at once, as they
     * are with a client that does not know the field; one that does says `provisional` in its acknowledgement.
     */
    commit_within_s: z.number().int().min(5).max(86_400).optional(),
    /** Puts back what was set before this command, and sets nothing: the former values never leave the shop. */
    restore: CommandId.optional(),
  })
  .refine(({ set, restore }) => {
    const n = Object.keys(set).length;
    return restore === undefined ? n >= 1 && n <= 32 : n === 0;
  }, "between 1 and 32 settings, or none and the command to take back");
export type ConfigPayload = z.infer<typeof ConfigPayload>;

export const ProbePayload = z.object({ probes: z.array(z.string().max(64)).max(16) });
export type ProbePayload = z.infer<typeof ProbePayload>;

const commandBase = {
  id: CommandId,
  plugin_id: PluginId,
  /** Rises by plugin; a client refuses a number it has already passed. */
  number: z.number().int().positive(),
  issued_at: Instant,
  expires_at: Instant,
  /** Fencing token: the policy revision that allowed the command. */
  policy_revision: z.number().int().nonnegative(),
};

/** The content of `signed`, after its signature has been verified. */
export const Command = z.discriminatedUnion("type", [
  z.object({ ...commandBase, type: z.literal("update"), payload: UpdatePayload }),
  z.object({ ...commandBase, type: z.literal("rollback"), payload: RollbackPayload }),
  z.object({ ...commandBase, type: z.literal("config"), payload: ConfigPayload }),
  z.object({ ...commandBase, type: z.literal("probe"), payload: ProbePayload }),
]);
export type Command = z.infer<typeof Command>;

/** `signed` is JSON text; `signature` is Ed25519 by the control key over its UTF-8 bytes, base64. */
export const SignedCommand = z.object({
  id: CommandId,
  signed: z.string().max(16_384),
  signature: Base64.max(128),
});
export type SignedCommand = z.infer<typeof SignedCommand>;

/** Makes a provisional update final. Signed like a command, and repeated in replies until the plugin leaves probation. */
export const Commit = z.object({
  type: z.literal("commit"),
  command_id: CommandId,
  attempt_id: AttemptId,
  plugin_id: PluginId,
  version: Version,
  issued_at: Instant,
  expires_at: Instant,
});
export type Commit = z.infer<typeof Commit>;
export const SignedCommit = z.object({ signed: z.string().max(4096), signature: Base64.max(128) });
export type SignedCommit = z.infer<typeof SignedCommit>;

/** Why a client did not carry a command out. `restored` means that its own dead-man put the last good version back. */
export const FAIL_CODES = [
  "bad_signature",
  "expired",
  "foreign",
  "out_of_order",
  "busy",
  "unsupported",
  "min_from",
  "downgrade",
  "download_failed",
  "digest_mismatch",
  "bad_release",
  "unpack_failed",
  "boot_failed",
  "restored",
  "rollback_failed",
  "config_failed",
  "internal",
] as const;
export const FailCode = z.enum(FAIL_CODES);
export type FailCode = z.infer<typeof FailCode>;

export const AckData = z.object({
  plugin_id: PluginId,
  command_id: CommandId,
  result: z.object({
    version: Version,
    /** `before_<probe>`: whether that probe passed just before the switch; one that failed then is not held against the change. */
    details: z.record(z.string().max(64), z.union([z.string().max(512), z.number(), z.boolean()])).optional(),
  }),
});
export type AckData = z.infer<typeof AckData>;

export const FailData = z.object({
  plugin_id: PluginId,
  command_id: CommandId,
  error: z.object({ code: FailCode, message: z.string().max(1000) }),
  /** The version that runs now. */
  version: Version.optional(),
});
export type FailData = z.infer<typeof FailData>;

export const CommandReply = z.object({ status: z.enum(["acknowledged", "failed"]), command_id: CommandId });
export type CommandReply = z.infer<typeof CommandReply>;
