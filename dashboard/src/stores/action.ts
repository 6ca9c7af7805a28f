/** One request a person makes (approve, kill, save): busy while it runs, the failure kept until the next try. */
import { signal } from "@preact/signals";
import type { Answer, Failure } from "../api/call.ts";

export type Action<A extends unknown[], T> = ReturnType<typeof createAction<A, T>>;

/**
 * A second press while the first is under way does nothing: a slow answer must not become two approvals.
 * @param done told what was answered, and to which request
 */
export function createAction<A extends unknown[], T>(
  run: (...input: A) => Promise<Answer<T>>,
  done: (value: T, ...input: A) => void,
) {
  const busy = signal(false);
  const failure = signal<Failure | null>(null);
  return {
    busy,
    failure,
    async run(...input: A): Promise<boolean> {
      if (busy.value) return false;
      busy.value = true;
      failure.value = null;
      const answer = await run(...input);
      busy.value = false;
      if (answer.ok) done(answer.value, ...input);
      else failure.value = answer.failure;
      return answer.ok;
    },
    /** What failed is not asked any more: its message would be taken for one about what is asked now. */
    forget(): void {
      failure.value = null;
    },
  };
}
