/** Pure: when the policy lets no way back leave, neither an emergency's nor a release's. */
import type { PolicyDocument } from "../../contract/policy.ts";

/** Why no way back can leave under this policy, in words that say what to do; null when it can. */
export function holdReason(policy: PolicyDocument): string | null {
  if (policy.kill_switch)
    return 'The kill switch is engaged: no command leaves, so nothing is taken back. Release it, with mode "approve-only" so that nothing else leaves; shops not yet committed go back by themselves meanwhile.';
  if (policy.mode === "off")
    return 'The mode is "off": no command leaves, so nothing is taken back. Set it to "approve-only": then only what people allow leaves, and what is taken back.';
  return null;
}
