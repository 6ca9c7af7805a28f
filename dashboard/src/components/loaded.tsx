/** The states every fetched thing has: loading, failed, empty, shown (with a failed refetch above it). */
import type { ComponentChildren } from "preact";
import { useApp } from "../stores/context.ts";
import type { Resource } from "../stores/resource.ts";
import { Trouble } from "./trouble.tsx";

interface LoadedProps<T> {
  of: Resource<T>;
  children: (value: T) => ComponentChildren;
}

export function Loaded<T>({ of, children }: LoadedProps<T>) {
  const { t } = useApp();
  const value = of.data.value;
  return (
    <>
      <Trouble failure={of.failure.value} onRetry={() => void of.refetch()} />
      {value !== null && children(value)}
      {value === null && of.failure.value === null && (
        <p class="loading" role="status">
          {t("state.loading")}
        </p>
      )}
    </>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
