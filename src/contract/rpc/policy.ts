/** The verbs of the policy's authority. */
import type { Person } from "../ops.ts";
import type { KillRequest, Policy, PolicyPatch, PolicyPut } from "../policy.ts";
import type { Result } from "../refusal.ts";

/** Leave to hand one command over. The holder counts `lease_ms` from the moment it asked, so that clocks need not agree. */
export type Grant =
  | { granted: true; lease_id: string; lease_ms: number; policy: Policy }
  | { granted: false; why: string; policy: Policy };

export interface PolicyRpc {
  read(): Promise<Policy>;
  put(input: PolicyPut, by: Person): Promise<Result<Policy>>;
  patch(input: PolicyPatch, by: Person): Promise<Result<Policy>>;
  /** Answers only when no lease is outstanding: once it has answered, no command leaves. */
  kill(input: KillRequest, by: Person): Promise<Result<Policy>>;
  grant(request: { plugin_id: string; command_id: string }): Promise<Grant>;
  /** The command has left or was dropped: the lease need not be waited for. */
  release(leaseId: string): Promise<void>;
}
