/** Pure. Does an announced change concern what is on the screen? */
import { pluginIdOf } from "../../../src/contract/ids.ts";

/**
 * @param ids what changed; null for "anything"
 * @param shown id of the incident, attempt or plugin that is shown; without one every change concerns it
 * @returns true also when both belong to the same plugin: its incident, attempts and commands change together
 */
export function concerns(ids: ReadonlySet<string> | null, shown: string | undefined): boolean {
  if (ids === null || shown === undefined) return true;
  const plugin = pluginIdOf(shown) ?? shown;
  return [...ids].some((id) => (pluginIdOf(id) ?? id) === plugin);
}
