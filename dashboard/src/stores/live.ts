/**
 * "Changed, fetch it again": the live feed with its reconnection, and polling while it is away. It carries no data;
 * whoever shows data subscribes and refetches.
 */
import { signal } from "@preact/signals";
import type { FeedMessage, FeedTopic } from "../../../src/contract/feed.ts";
import type { FeedHandlers } from "../api/feed.ts";
import { backoffMs } from "../view/backoff.ts";

const DEBOUNCE_MS = 150;
const POLL_MS = 15_000;

export type LiveState = "off" | "connecting" | "live" | "reconnecting";
export type Live = ReturnType<typeof createLive>;

/** `ids` is null when everything of the topic may have changed. */
type Listener = (ids: ReadonlySet<string> | null) => void;

export function createLive(open: (handlers: FeedHandlers) => () => void, random = Math.random) {
  const state = signal<LiveState>("off");
  const listeners = new Map<FeedTopic, Set<Listener>>();
  const changed = new Map<FeedTopic, Set<string> | null>();
  let close: (() => void) | null = null;
  let tries = 0;
  let debounce: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let poll: ReturnType<typeof setInterval> | undefined;

  function tell(topic: FeedTopic, ids: ReadonlySet<string> | null): void {
    for (const listener of listeners.get(topic) ?? []) listener(ids);
  }
  function tellEverybody(): void {
    const all = new Set([...listeners.values()].flatMap((set) => [...set]));
    for (const listener of all) listener(null);
  }

  function note(message: FeedMessage): void {
    const ids = changed.get(message.topic);
    if (message.id === undefined || ids === null) changed.set(message.topic, null);
    else changed.set(message.topic, new Set([...(ids ?? []), message.id]));
    debounce ??= setTimeout(() => {
      debounce = undefined;
      const batch = [...changed];
      changed.clear();
      for (const [topic, topicIds] of batch) tell(topic, topicIds);
    }, DEBOUNCE_MS);
  }

  function connect(): void {
    clearTimeout(retry);
    close?.();
    close = open({
      opened() {
        const wasAway = state.value === "reconnecting";
        state.value = "live";
        tries = 0;
        clearInterval(poll);
        poll = undefined;
        // What happened in between was not announced to us.
        if (wasAway) tellEverybody();
      },
      message: note,
      closed() {
        close = null;
        if (state.value === "off") return;
        state.value = "reconnecting";
        poll ??= setInterval(tellEverybody, POLL_MS);
        retry = setTimeout(connect, backoffMs(tries++, random()));
      },
    });
  }

  function stop(): void {
    state.value = "off";
    clearTimeout(retry);
    clearTimeout(debounce);
    clearInterval(poll);
    debounce = undefined;
    poll = undefined;
    changed.clear();
    close?.();
    close = null;
  }

  return {
    state,
    start(): void {
      if (state.value !== "off") return;
      state.value = "connecting";
      tries = 0;
      connect();
    },
    stop,
    /** The machine came back online, or the tab to the front: try at once instead of waiting. */
    nudge(): void {
      if (state.value === "reconnecting") connect();
      else if (state.value === "live") tellEverybody();
    },
    /** @returns the function that ends the subscription. */
    subscribe(topics: readonly FeedTopic[], listener: Listener): () => void {
      for (const topic of topics) {
        const set = listeners.get(topic) ?? new Set();
        set.add(listener);
        listeners.set(topic, set);
      }
      return () => {
        for (const topic of topics) listeners.get(topic)?.delete(listener);
      };
    },
  };
}
