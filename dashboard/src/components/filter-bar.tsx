/** The filters of a list as links and fields: every choice is an address of its own. */
import { useLocation } from "preact-iso/router";
import { type Key, keyOf } from "../i18n/i18n.ts";
import { useApp } from "../stores/context.ts";
import { type Filters, hrefWith, toggle, withValues } from "../view/filters.ts";

interface ChoiceProps {
  path: string;
  filters: Filters;
  name: string;
  label: Key;
  /** Dictionary prefix of the values. */
  of: string;
  values: readonly string[];
}

/** Any number of a few values. */
export function FilterChoice({ path, filters, name, label, of, values }: ChoiceProps) {
  const { t } = useApp();
  const chosen = filters[name] ?? [];
  return (
    <fieldset class="filter">
      <legend>{t(label)}</legend>
      {values.map((value) => {
        const key = keyOf(of, value);
        return (
          <a
            key={value}
            class="filter-value"
            href={hrefWith(path, toggle(filters, name, value))}
            aria-current={chosen.includes(value) ? "true" : undefined}
          >
            {key === null ? value : t(key)}
          </a>
        );
      })}
    </fieldset>
  );
}

/** At most one of a few values. */
export function FilterSelect({ path, filters, name, label, of, values }: ChoiceProps) {
  const { t } = useApp();
  const { route } = useLocation();
  const current = filters[name]?.[0] ?? "";
  return (
    <label class="filter filter-text">
      <span>{t(label)}</span>
      <select
        value={current}
        onChange={(event) => {
          const value = event.currentTarget.value;
          route(hrefWith(path, withValues(filters, name, value === "" ? [] : [value])));
        }}
      >
        <option value="">{t("filter.any")}</option>
        {values.map((value) => {
          const key = keyOf(of, value);
          return (
            <option key={value} value={value}>
              {key === null ? value : t(key)}
            </option>
          );
        })}
      </select>
    </label>
  );
}

interface TextFilterProps {
  path: string;
  filters: Filters;
  name: string;
  label: Key;
}

/** One value, typed; Enter or leaving the field applies it. */
export function FilterText({ path, filters, name, label }: TextFilterProps) {
  const { t } = useApp();
  const { route } = useLocation();
  const current = filters[name]?.[0] ?? "";
  const apply = (text: string) => {
    const value = text.trim();
    if (value !== current) route(hrefWith(path, withValues(filters, name, value === "" ? [] : [value])));
  };
  return (
    <label class="filter filter-text">
      <span>{t(label)}</span>
      <input
        type="text"
        key={current}
        defaultValue={current}
        spellcheck={false}
        autocomplete="off"
        onChange={(event) => apply(event.currentTarget.value)}
      />
    </label>
  );
}

export function ClearFilters({ path, filters }: { path: string; filters: Filters }) {
  const { t } = useApp();
  if (Object.keys(filters).length === 0) return null;
  return (
    <a class="filter-clear" href={path}>
      {t("filter.clear")}
    </a>
  );
}

interface PagerProps {
  path: string;
  filters: Filters;
  cursor: string | undefined;
  next: string | null;
}

/** The next page by cursor; the browser's Back is the previous one. */
export function Pager({ path, filters, cursor, next }: PagerProps) {
  const { t } = useApp();
  if (cursor === undefined && next === null) return null;
  return (
    <nav class="pager" aria-label={t("pager.label")}>
      {cursor !== undefined && <a href={hrefWith(path, filters)}>{t("pager.first")}</a>}
      {next !== null && <a href={hrefWith(path, filters, next)}>{t("pager.next")}</a>}
    </nav>
  );
}
