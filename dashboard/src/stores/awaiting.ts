/** Which incidents wait for a person's answer about one of their attempts. */
import type { AttemptPage } from "../../../src/contract/ops.ts";
import { awaitingAnswer } from "../view/attention.ts";
import { useApp, useResource } from "./context.ts";
import type { Resource } from "./resource.ts";

interface Awaiting {
  ids: ReadonlySet<string>;
  /** While it has failed, or has not been answered yet, "nothing waits" is not known. */
  resource: Resource<AttemptPage>;
}

export function useAwaiting(): Awaiting {
  const { api } = useApp();
  const resource = useResource("awaiting", () => api.attempts({ asking: "true", limit: "200" }), {
    topics: ["attempts"],
  });
  return { ids: awaitingAnswer(resource.data.value?.items ?? []), resource };
}
