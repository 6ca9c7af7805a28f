/** Pure. Filters live in the address bar: a list can be linked to, and Back undoes a filter. */
import { SEVERITIES } from "../../../src/contract/ids.ts";
import { INCIDENT_TYPES } from "../../../src/contract/incident.ts";
import type { Query } from "../api/call.ts";

/** The filters of one list: those that take several values, and those that take one. */
export interface FilterSpec {
  many: Readonly<Record<string, readonly string[]>>;
  one: readonly string[];
  /** Of those that take one: what they take, where it is not any text. */
  selects?: readonly { name: string; values: readonly string[] }[];
}
export type Filters = Record<string, string[]>;

/** Reads the known filters; unknown names and values are dropped, so a mangled link shows a list, not an error. */
export function readFilters(spec: FilterSpec, query: Readonly<Record<string, string>>): Filters {
  const filters: Filters = {};
  for (const [name, allowed] of Object.entries(spec.many)) {
    const chosen = (query[name] ?? "").split(",").filter((value) => allowed.includes(value));
    if (chosen.length > 0) filters[name] = [...new Set(chosen)];
  }
  for (const name of spec.one) {
    const value = query[name]?.trim();
    const select = spec.selects?.find((one) => one.name === name);
    if (value && (select?.values.includes(value) ?? true)) filters[name] = [value];
  }
  return filters;
}

/** Adds the value if it is not there, takes it out if it is. */
export function toggle(filters: Filters, name: string, value: string): Filters {
  const before = filters[name] ?? [];
  const after = before.includes(value) ? before.filter((v) => v !== value) : [...before, value];
  return withValues(filters, name, after);
}

/** Replaces the values of one filter; none removes it. */
export function withValues(filters: Filters, name: string, values: string[]): Filters {
  const rest = Object.fromEntries(Object.entries(filters).filter(([other]) => other !== name));
  return values.length === 0 ? rest : { ...rest, [name]: values };
}

/** As the API wants it: several values comma-separated. */
export function toQuery(filters: Filters, cursor?: string): Query {
  const query: Query = {};
  for (const [name, values] of Object.entries(filters)) query[name] = values.join(",");
  if (cursor) query.cursor = cursor;
  return query;
}

/** The address of the list with these filters. */
export function hrefWith(path: string, filters: Filters, cursor?: string): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(toQuery(filters, cursor))) if (value) params.set(name, value);
  const text = params.toString().replaceAll("%2C", ",");
  return text === "" ? path : `${path}?${text}`;
}

/** Which filter of the incidents list a count's name belongs to, and the dictionary of its words. */
export function incidentFilterOf(name: string): { filter: string; words: string } {
  if (SEVERITIES.some((severity) => severity === name)) return { filter: "severity", words: "severity" };
  if (INCIDENT_TYPES.some((type) => type === name)) return { filter: "type", words: "incidentType" };
  return { filter: "status", words: "incidentStatus" };
}
