/** One thing fetched from the API and kept up to date: the data, the last failure, and whether a fetch is under way. */
import { batch, signal } from "@preact/signals";
import type { Answer, Failure } from "../api/call.ts";

export type Resource<T> = ReturnType<typeof createResource<T>>;

/**
 * Data survives a failed refetch: what was known stays on the screen, with the failure beside it. Answers that were
 * overtaken by a later fetch are dropped.
 */
export function createResource<T>(load: () => Promise<Answer<T>>) {
  const data = signal<T | null>(null);
  const failure = signal<Failure | null>(null);
  const loading = signal(false);
  let latest = 0;
  let shown = 0;

  async function refetch(): Promise<void> {
    const mine = ++latest;
    loading.value = true;
    const answer = await load();
    if (mine < shown) return;
    shown = mine;
    batch(() => {
      if (answer.ok) {
        data.value = answer.value;
        failure.value = null;
      } else {
        failure.value = answer.failure;
      }
      if (mine === latest) loading.value = false;
    });
  }

  /** Puts in what another answer has just told, and drops fetches that were begun before. */
  function put(value: T): void {
    shown = ++latest;
    batch(() => {
      data.value = value;
      failure.value = null;
      loading.value = false;
    });
  }

  return { data, failure, loading, refetch, put };
}
