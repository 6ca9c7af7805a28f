/**
 * Pure: changes of the ops policy. Every change raises the revision by one and carries who, when and why; a change made
 * against an older revision is refused, except the kill switch, which must work while somebody else edits.
 */
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { Person } from "../../contract/ops.ts";
import {
  defaultPolicyDocument,
  type KillRequest,
  type Policy,
  PolicyDocument,
  type PolicyPatch,
  type PolicyPut,
} from "../../contract/policy.ts";
import { ok, type Refusal, type Result, refuse } from "../../contract/refusal.ts";
import { mayLetGo } from "./let-go.ts";
import { mergePatch } from "./merge-patch.ts";
import { settleQuiet } from "./settle-quiet.ts";

export interface Author {
  /** Person id. */
  by: string;
  /** Milliseconds since epoch. */
  now: number;
}

export interface PolicyChange {
  policy: Policy;
  /** For Postgres: the row with its history, and the audit line. */
  records: LedgerRecord[];
  /** No command may leave under the new policy: whoever changes it waits for the leases that are out. */
  stops: boolean;
}

/** The policy of an installation that nobody has configured: acts only after approval, and on no merchant. */
export function firstPolicy(now: number): Policy {
  return {
    revision: 0,
    document: defaultPolicyDocument(),
    updated_at: new Date(now).toISOString(),
    updated_by: "vigie",
    reason: "defaults",
  };
}

/** True when the policy lets no command out at all. */
export function stopsCommands(document: PolicyDocument): boolean {
  return document.kill_switch || document.mode === "off";
}

/** True when commands that left by themselves do no longer: once such a change has answered, none is on its way. */
function stopsAutomation(before: PolicyDocument, after: PolicyDocument): boolean {
  if (before.mode === after.mode) return false;
  return after.mode === "shadow" || (before.mode === "auto" && after.mode === "approve-only");
}

/** Why the policy lets no command out, for people; null when it does not stop them. */
export function stopReason(document: PolicyDocument): string | null {
  if (document.kill_switch) return "the kill switch is engaged";
  if (document.mode === "off") return "the mode is off";
  return null;
}

/** Replaces the document. Refuses `stale_revision`, and `invalid` naming the first wrong field. */
export function putPolicy(current: Policy, input: PolicyPut, author: Author): Result<PolicyChange> {
  if (input.revision !== current.revision) return stale(current);
  return edit(current, input.document, input.reason, "policy.put", author);
}

/** Merges into the document (RFC 7396) and validates the result whole. Refusals as for `putPolicy`. */
export function patchPolicy(current: Policy, input: PolicyPatch, author: Author): Result<PolicyChange> {
  if (input.revision !== current.revision) return stale(current);
  return edit(current, mergePatch(current.document, input.patch), input.reason, "policy.patch", author);
}

/** Engages or releases the kill switch, whatever the revision. Refuses `forbidden` to release it for whoever may only stop. */
export function killPolicy(
  current: Policy,
  input: KillRequest,
  by: Person,
  now: number,
): Result<PolicyChange> {
  if (!input.engaged && !mayLetGo(by))
    return refuse({
      reason: "forbidden",
      message: "only an approver or an admin may release the kill switch",
    });
  const author = { by: by.id, now };
  const document = { ...current.document, kill_switch: input.engaged };
  const action = input.engaged ? "policy.kill_switch_engaged" : "policy.kill_switch_released";
  return change(current, document, input.reason, action, author);
}

/** A person's edit: what it silences is bounded in time, and says who silenced it. */
function edit(
  current: Policy,
  candidate: unknown,
  reason: string,
  action: string,
  author: Author,
): Result<PolicyChange> {
  const parsed = PolicyDocument.safeParse(candidate);
  if (!parsed.success) return refuse(invalid(parsed.error.issues[0]));
  const settled = settleQuiet(current.document, parsed.data, author);
  return settled.ok ? change(current, settled.value, reason, action, author) : settled;
}

function change(
  current: Policy,
  candidate: unknown,
  reason: string,
  action: string,
  author: Author,
): Result<PolicyChange> {
  const parsed = PolicyDocument.safeParse(candidate);
  if (!parsed.success) return refuse(invalid(parsed.error.issues[0]));
  const at = new Date(author.now).toISOString();
  const policy: Policy = {
    revision: current.revision + 1,
    document: parsed.data,
    updated_at: at,
    updated_by: author.by,
    reason,
  };
  return ok({
    policy,
    stops: stopsCommands(policy.document) || stopsAutomation(current.document, policy.document),
    records: [
      { kind: "policy", row: policy },
      {
        kind: "audit",
        row: {
          // With the instant: an authority that began again from nothing counts its revisions anew.
          id: `policy:${policy.revision}:${at}`,
          stream: "policy",
          at,
          actor: author.by,
          action,
          subject: "policy",
          data: {
            revision: policy.revision,
            reason,
            changed: changedFields(current.document, policy.document),
          },
        },
      },
    ],
  });
}

/** Dotted names of the fields that differ, with both values; lists are compared and shown whole. */
export function changedFields(
  before: unknown,
  after: unknown,
  path = "",
): { field: string; from: unknown; to: unknown }[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) =>
      changedFields(before[name], after[name], path === "" ? name : `${path}.${name}`),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after)
    ? []
    : [{ field: path, from: before ?? null, to: after ?? null }];
}

function stale(current: Policy): Result<PolicyChange> {
  return refuse({ reason: "stale_revision", revision: current.revision });
}

type Issue = { path: readonly PropertyKey[]; message: string; code?: string; keys?: readonly string[] };

function invalid(issue: Issue | undefined): Refusal {
  const path = (issue?.path ?? []).map(String);
  // An unknown key is reported at its parent; name the key itself.
  if (issue?.code === "unrecognized_keys" && issue.keys?.[0] !== undefined) path.push(issue.keys[0]);
  return {
    reason: "invalid",
    message: issue?.message ?? "not a policy",
    ...(path.length === 0 ? {} : { field: ["document", ...path].join(".") }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
