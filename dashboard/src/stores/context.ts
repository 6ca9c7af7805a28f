/** How components reach the application's stores. */
import { createContext } from "preact";
import { useContext, useEffect, useMemo } from "preact/hooks";
import type { FeedTopic } from "../../../src/contract/feed.ts";
import type { Answer } from "../api/call.ts";
import { concerns } from "../view/concerns.ts";
import { createAction } from "./action.ts";
import type { App } from "./app.ts";
import { createResource, type Resource } from "./resource.ts";

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error("no application around this component");
  return app;
}

export interface Freshness {
  topics: readonly FeedTopic[];
  /** Only changes that concern this id; without it, every change of the topics. */
  id?: string;
  /** Fetch again every so often besides, for what changes without an announcement. */
  everyMs?: number;
}

/** A resource that lives as long as the component, fetched anew when `key` changes and whenever the feed says so. */
export function useResource<T>(key: string, load: () => Promise<Answer<T>>, fresh: Freshness): Resource<T> {
  const { live } = useApp();
  // The key stands for everything that `load` closes over.
  const resource = useMemo(() => createResource(load), [key]);
  useEffect(() => {
    void resource.refetch();
    const leave = live.subscribe(fresh.topics, (ids) => {
      if (concerns(ids, fresh.id)) void resource.refetch();
    });
    const timer = fresh.everyMs && setInterval(() => void resource.refetch(), fresh.everyMs);
    return () => {
      leave();
      if (timer) clearInterval(timer);
    };
  }, [resource]);
  return resource;
}

/** An action that lives as long as the component. */
export function useAction<A extends unknown[], T>(
  run: (...input: A) => Promise<Answer<T>>,
  done: (value: T, ...input: A) => void,
) {
  // Made once: it must keep its busy state.
  return useMemo(() => createAction(run, done), []);
}

/** The current time in milliseconds, ticking while the component is shown. */
export function useNow(): number {
  const { clock } = useApp();
  useEffect(() => clock.watch(), [clock]);
  return clock.now.value;
}

/** Names the page in the tab and in the browser's history. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Vigie`;
  }, [title]);
}
