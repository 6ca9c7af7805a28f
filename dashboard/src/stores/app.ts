/** Everything that lives as long as the page: session, API, live feed, preferences, the person and the policy. */
import { effect, untracked } from "@preact/signals";
import type { Person } from "../../../src/contract/ops.ts";
import type { Policy } from "../../../src/contract/policy.ts";
import { createApi } from "../api/api.ts";
import { createTranslate } from "../i18n/i18n.ts";
import { createClock } from "./clock.ts";
import { createLive } from "./live.ts";
import { createPreferences } from "./preferences.ts";
import { createResource } from "./resource.ts";
import { createSession, takeToken } from "./session.ts";

export type App = ReturnType<typeof createApp>;

export function createApp(page: Window) {
  const session = createSession(page.sessionStorage);
  const preferences = createPreferences(
    page.localStorage,
    page.document.documentElement,
    page.navigator.languages,
  );
  const api = createApi({
    origin: page.location.origin,
    token: () => session.token.value,
    onUnauthorized: (message) => session.refused(message),
  });
  const live = createLive((handlers) => api.openFeed(handlers));
  const me = createResource<Person>(api.me);
  const policy = createResource<Policy>(api.policy);

  takeTokenFromAddress();
  page.addEventListener("hashchange", takeTokenFromAddress);
  page.addEventListener("online", () => live.nudge());
  page.document.addEventListener("visibilitychange", () => {
    if (page.document.visibilityState === "visible") live.nudge();
  });
  live.subscribe(["policy"], () => void policy.refetch());
  effect(() => {
    const isSignedIn = session.token.value !== null;
    // What follows reads other signals; only the token may start it again.
    untracked(() => (isSignedIn ? begin() : end()));
  });

  function begin(): void {
    live.stop();
    void me.refetch();
    void policy.refetch();
    live.start();
  }
  function end(): void {
    live.stop();
    me.data.value = null;
  }

  function takeTokenFromAddress(): void {
    const taken = takeToken(page.location);
    if (taken === null) return;
    page.history.replaceState(null, "", taken.path);
    session.signIn(taken.token);
  }

  return {
    session,
    preferences,
    api,
    live,
    me,
    policy,
    clock: createClock(),
    t: createTranslate(() => preferences.language.value),
  };
}
