/**
 * Pure: who may let Vigie go on after it was stopped. Whoever is there may stop it; that what it was stopped for is over, only
 * who answers for it may say.
 */
import type { Person } from "../../contract/ops.ts";

export function mayLetGo({ roles }: Pick<Person, "roles">): boolean {
  return roles.includes("approver") || roles.includes("admin");
}
