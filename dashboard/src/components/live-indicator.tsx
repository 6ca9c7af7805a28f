import { useApp } from "../stores/context.ts";

/** Is what is shown live? In words and colour; announced when it changes. */
export function LiveIndicator() {
  const { live, t } = useApp();
  const state = live.state.value;
  return (
    <span class={`live live-${state}`} role="status" data-testid="live-indicator" data-state={state}>
      <span class="live-dot" aria-hidden="true" />
      {t(`live.${state}`)}
    </span>
  );
}
