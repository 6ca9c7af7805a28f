/** The frame of a list: its title, its filters in the address bar, its states, its rows and its pager. */
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso/router";
import type { Answer, Query } from "../api/call.ts";
import type { Key } from "../i18n/i18n.ts";
import { type Freshness, useApp, useResource, useTitle } from "../stores/context.ts";
import type { Resource } from "../stores/resource.ts";
import { type FilterSpec, type Filters, hrefWith, readFilters, toQuery } from "../view/filters.ts";
import { ClearFilters, FilterChoice, FilterSelect, FilterText, Pager } from "./filter-bar.tsx";
import { Empty, Loaded } from "./loaded.tsx";

export interface ListSpec extends FilterSpec {
  path: string;
  title: Key;
  /** Of each filter that takes several values: its label and the dictionary prefix of its values. */
  choices: readonly { name: string; label: Key; of: string }[];
  texts: readonly { name: string; label: Key }[];
  /** Filters that take one of a few values. */
  selects?: readonly { name: string; label: Key; of: string; values: readonly string[] }[];
}

/** One page of a list as the API answers it. */
export interface ListPart<T> {
  items: T[];
  next_cursor: string | null;
}

export interface List<T> {
  filters: Filters;
  cursor: string | undefined;
  resource: Resource<ListPart<T>>;
  /** Neither filtered nor leafed through. */
  isPlain: boolean;
}

/** The list that the address asks for, kept fresh; names the page too. */
export function useList<T>(
  spec: ListSpec,
  load: (query: Query) => Promise<Answer<ListPart<T>>>,
  fresh: Freshness,
): List<T> {
  const { t } = useApp();
  const { query } = useLocation();
  const filters = readFilters(spec, query);
  const cursor = query.cursor;
  const resource = useResource(
    hrefWith(spec.path, filters, cursor),
    () => load(toQuery(filters, cursor)),
    fresh,
  );
  useTitle(t(spec.title));
  return {
    filters,
    cursor,
    resource,
    isPlain: Object.keys(filters).length === 0 && cursor === undefined,
  };
}

interface ListPageProps<T> {
  spec: ListSpec;
  list: List<T>;
  /** What is shown of a page: its rows, or whatever stands for them. */
  children: (items: T[]) => ComponentChildren;
}

export function ListPage<T>({ spec, list, children }: ListPageProps<T>) {
  const { t } = useApp();
  const { path } = spec;
  const { filters, cursor } = list;
  return (
    <>
      <h1>{t(spec.title)}</h1>
      <div class="filters">
        {spec.choices.map((choice) => (
          <FilterChoice
            key={choice.name}
            path={path}
            filters={filters}
            values={spec.many[choice.name] ?? []}
            {...choice}
          />
        ))}
        {spec.selects?.map((select) => (
          <FilterSelect key={select.name} path={path} filters={filters} {...select} />
        ))}
        {spec.texts.map((text) => (
          <FilterText key={text.name} path={path} filters={filters} {...text} />
        ))}
        <ClearFilters path={path} filters={filters} />
      </div>
      <Loaded of={list.resource}>
        {(page) => (
          <>
            {children(page.items)}
            <Pager path={path} filters={filters} cursor={cursor} next={page.next_cursor} />
          </>
        )}
      </Loaded>
    </>
  );
}

interface RowsProps<T> {
  items: T[];
  /** Said when there are none. */
  none: Key;
  row: (item: T) => ComponentChildren;
}

/** Rows of a list, or a word that there are none. */
export function Rows<T>({ items, none, row }: RowsProps<T>) {
  const { t } = useApp();
  return items.length === 0 ? <Empty>{t(none)}</Empty> : <ul class="rows">{items.map(row)}</ul>;
}
