/** Pure. Which emergency action's shops the address asks for: `?shops=emg_3&state=failed&cursor=200`. */
import { TARGET_STATES, TargetState } from "../../../src/contract/emergency.ts";
import { type FilterSpec, type Filters, hrefWith, readFilters } from "./filters.ts";

const TARGET_FILTERS: FilterSpec = { many: { state: TARGET_STATES }, one: ["shops"] };

export interface ShownTargets {
  /** The action; null while none is open. */
  id: string | null;
  filters: Filters;
  cursor: string | undefined;
  /** What the API is asked for. */
  part: { state?: TargetState; after?: string };
}

/** What a mangled address does not say is left out: the first shops are shown, of every state. */
export function shownTargets(query: Readonly<Record<string, string>>): ShownTargets {
  const filters = readFilters(TARGET_FILTERS, query);
  const state = TargetState.safeParse(filters.state?.[0]).data;
  const cursor = /^[0-9]{1,9}$/.test(query.cursor ?? "") ? query.cursor : undefined;
  return {
    id: filters.shops?.[0] ?? null,
    filters,
    cursor,
    part: { ...(state === undefined ? {} : { state }), ...(cursor === undefined ? {} : { after: cursor }) },
  };
}

/** The address that shows an action's shops from the first on; null shows none. */
export function targetsHref(path: string, id: string | null): string {
  return hrefWith(path, id === null ? {} : { shops: [id] });
}
