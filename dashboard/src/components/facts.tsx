import type { ComponentChildren } from "preact";

/** A strip of named facts. Facts without a value are left out. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="untrusted">{children}</dd>
    </div>
  );
}
