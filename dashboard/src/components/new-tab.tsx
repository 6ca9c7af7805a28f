import type { ComponentChildren } from "preact";
import { useApp } from "../stores/context.ts";

/**
 * A link inside the dashboard that leaves this page as it is, with whatever is being edited on it. The new tab has the session
 * from its opener.
 */
export function NewTab({ href, children }: { href: string; children: ComponentChildren }) {
  const { t } = useApp();
  return (
    // biome-ignore lint/security/noBlankTarget: the address is our own, and without its opener the tab would have no session
    <a href={href} target="_blank" rel="opener" title={t("link.newTab")}>
      {children}
    </a>
  );
}
