/** What the staging runner tried, how long it took, and what the release printed. */
import type { SmokeCheck } from "../../../src/contract/staging.ts";
import { useApp } from "../stores/context.ts";
import { duration } from "../view/time.ts";
import { Status, Word } from "./label.tsx";
import { ScrollBox } from "./scroll-box.tsx";

export function StagingChecks({ checks }: { checks: readonly SmokeCheck[] }) {
  const { t, preferences } = useApp();
  const passed = checks.filter((check) => check.ok).length;
  return (
    <details open={passed < checks.length}>
      <summary>{t("staging.title", { passed, all: checks.length })}</summary>
      <ul class="checks">
        {checks.map((check) => (
          <li key={check.name}>
            <p>
              <Status of="check" status={check.ok ? "passed" : "failed"} />{" "}
              <strong>
                <Word of="smokeCheck" name={check.name} />
              </strong>{" "}
              {duration(check.ms / 1000, preferences.language.value)}{" "}
              {check.reason && <code class="untrusted">{check.reason}</code>}
            </p>
            {check.log !== "" && (
              <details>
                <summary>{t("staging.log", { name: check.name })}</summary>
                <ScrollBox label={t("staging.log", { name: check.name })}>
                  <pre class="log untrusted">{check.log}</pre>
                </ScrollBox>
              </details>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
