/** Pure. The role a refusal asks for. */
import { Role } from "../../../src/contract/ops.ts";

/** The first role named in the server's sentence that the person does not have; null when it names none. */
export function missingRole(message: string, held: readonly Role[]): Role | null {
  const named: readonly string[] = message.toLowerCase().match(/[a-z]+/g) ?? [];
  return Role.options.find((role) => named.includes(role) && !held.includes(role)) ?? null;
}
