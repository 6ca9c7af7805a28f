/** What is around every page: skip link, navigation, live indicator, preferences, kill switch banner. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { Key } from "../i18n/i18n.ts";
import { useApp } from "../stores/context.ts";
import { KillBanner } from "./kill-banner.tsx";
import { LiveIndicator } from "./live-indicator.tsx";
import { PreferenceSwitches } from "./preference-switches.tsx";

const SECTIONS: readonly (readonly [string, Key])[] = [
  ["/", "nav.overview"],
  ["/incidents", "nav.incidents"],
  ["/attempts", "nav.attempts"],
  ["/plugins", "nav.plugins"],
  ["/releases", "nav.releases"],
  ["/policy", "nav.policy"],
  ["/safety", "nav.safety"],
  ["/notices", "nav.notices"],
];

export function Frame({ children }: { children: ComponentChildren }) {
  const { t, session, me } = useApp();
  const { path } = useLocation();
  const main = useFocusOnNavigation(path);
  return (
    <div class="frame">
      <a class="skip-link" href="#main">
        {t("nav.skip")}
      </a>
      <header class="topbar">
        <a class="brand" href="/">
          Vigie
        </a>
        <nav class="sections" aria-label={t("nav.label")}>
          {SECTIONS.map(([href, key]) => (
            <a key={href} href={href} aria-current={isWithin(path, href) ? "page" : undefined}>
              {t(key)}
            </a>
          ))}
        </nav>
        <div class="topbar-tools">
          <LiveIndicator />
          <PreferenceSwitches />
          {me.data.value && (
            <span class="person" title={me.data.value.roles.join(", ")}>
              {me.data.value.name}
            </span>
          )}
          <button type="button" class="button quiet" onClick={session.signOut}>
            {t("session.signOut")}
          </button>
        </div>
      </header>
      <KillBanner />
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function isWithin(path: string, section: string): boolean {
  return section === "/" ? path === "/" : path === section || path.startsWith(`${section}/`);
}

/** A new page takes the focus, as a page load would; the first one leaves it where the browser put it. */
function useFocusOnNavigation(path: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [path]);
  return main;
}
