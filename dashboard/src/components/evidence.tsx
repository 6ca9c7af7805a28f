/** The telemetry as it was at detection, and a way to take it along. */
import { useSignal } from "@preact/signals";
import { useApp } from "../stores/context.ts";
import { ScrollBox } from "./scroll-box.tsx";

export function Evidence({ snapshot }: { snapshot: Record<string, unknown> }) {
  const { t } = useApp();
  const copied = useSignal<"no" | "yes" | "refused">("no");
  const text = JSON.stringify(snapshot, null, 2);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        copied.value = "yes";
      },
      () => {
        copied.value = "refused";
      },
    );
  };
  return (
    <section class="card" aria-labelledby="evidence">
      <h2 id="evidence">{t("evidence.title")}</h2>
      <div class="buttons">
        <button type="button" class="button" onClick={copy}>
          {t("evidence.copy")}
        </button>
        <span role="status">
          {copied.value === "yes" && t("evidence.copied")}
          {copied.value === "refused" && t("evidence.notCopied")}
        </span>
      </div>
      <ScrollBox label={t("evidence.title")}>
        <pre class="json-block untrusted">{text}</pre>
      </ScrollBox>
    </section>
  );
}
