/** Whom emergency actions talk to. */
import type { PluginRpc } from "../../src/contract/rpc/plugin.ts";
import type { PolicyRpc } from "../../src/contract/rpc/policy.ts";

export interface EmergencyPorts {
  plugin(id: string): Pick<PluginRpc, "order">;
  policy(): Pick<PolicyRpc, "read">;
}
