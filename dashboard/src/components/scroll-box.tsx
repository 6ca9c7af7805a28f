import type { ComponentChildren } from "preact";

/** Scrolls what is larger than its place, by keyboard too, instead of widening the page. */
export function ScrollBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls, and a section would be one more landmark
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="scroll-box" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
