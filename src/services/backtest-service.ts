/** A draft policy as it was asked for, put over the past. */
import type { BacktestReply, BacktestRequest } from "../contract/backtest.ts";
import { PolicyDocument } from "../contract/policy.ts";
import { ok, type Result, refuse } from "../contract/refusal.ts";
import { backtest, type Past } from "../core/policy/backtest.ts";
import { mergePatch } from "../core/policy/merge-patch.ts";

/** The draft: the document given, or the patch over the policy in force. Refuses `invalid`, naming the first wrong field. */
export function draftOf(request: BacktestRequest, inForce: PolicyDocument): Result<PolicyDocument> {
  const parsed = PolicyDocument.safeParse(request.document ?? mergePatch(inForce, request.patch ?? {}));
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const path = ["patch", ...(issue?.path ?? []).map(String)];
  return refuse({ reason: "invalid", field: path.join("."), message: issue?.message ?? "not a policy" });
}

export function runBacktest(past: Past, draft: PolicyDocument, inForce: PolicyDocument): BacktestReply {
  return backtest(past, draft, inForce);
}
