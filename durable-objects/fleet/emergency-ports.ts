/** Whom emergency actions talk to. */
import type { PluginRpc, PolicyRpc } from "../../src/contract/rpc.ts";

export interface EmergencyPorts {
  plugin(id: string): Pick<PluginRpc, "order">;
  policy(): Pick<PolicyRpc, "read">;
}
