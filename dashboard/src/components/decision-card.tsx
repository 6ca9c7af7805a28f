/** What was decided, how sure the decider is, on whose word, and what else it considered. */
import type { Decision } from "../../../src/contract/decision.ts";
import { useApp } from "../stores/context.ts";
import { percent } from "../view/figures.ts";
import { Fact, Facts } from "./facts.tsx";
import { JsonText } from "./json-text.tsx";
import { Word } from "./label.tsx";
import { Time } from "./time.tsx";

export function DecisionCard({ decision }: { decision: Decision }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  return (
    <section class="card" aria-labelledby="decision">
      <h2 id="decision">
        {t("decision.title")} <Word of="action" name={decision.action} />{" "}
        <span class="untrusted">{decision.patch_version}</span>
      </h2>
      <p class="untrusted">{decision.explanation}</p>
      <Facts>
        <Fact name={t("decision.confidence")}>
          {percent(decision.confidence, language)}
          {decision.interval && ` (${decision.interval.map((p) => percent(p, language)).join(" – ")})`}
        </Fact>
        {decision.n !== undefined && <Fact name={t("decision.n")}>{decision.n}</Fact>}
        {decision.remedy && (
          <Fact name={t("remedy.title")}>
            <code>{decision.remedy}</code>
          </Fact>
        )}
        <Fact name={t("decision.source")}>
          <Word of="source" name={decision.source} />
        </Fact>
        <Fact name={t("decision.at")}>
          <Time at={decision.decided_at} />
        </Fact>
        {decision.fallback_reason && <Fact name={t("decision.fallback")}>{decision.fallback_reason}</Fact>}
        {decision.config && (
          <Fact name={t("decision.config")}>
            <JsonText value={decision.config} />
          </Fact>
        )}
      </Facts>
      {decision.explored && <p class="field-hint">{t("decision.explored")}</p>}
      {decision.evidence && decision.evidence.length > 0 && (
        <ul class="alternatives">
          {decision.evidence.map((one) => (
            <li key={one.scope}>
              {t("decision.evidence", { successes: one.successes, n: one.n })}{" "}
              <span class="untrusted">{one.scope}</span>
            </li>
          ))}
        </ul>
      )}
      {decision.alternatives.length > 0 && (
        <details>
          <summary>{t("decision.alternatives", { n: decision.alternatives.length })}</summary>
          <ul class="alternatives">
            {decision.alternatives.map((other, i) => (
              <li key={i}>
                <strong>
                  <Word of="action" name={other.action} />{" "}
                  <span class="untrusted">{other.patch_version}</span>
                </strong>{" "}
                {percent(other.confidence, language)}
                {other.n !== undefined && ` (n = ${other.n})`}{" "}
                <span class="untrusted">{other.explanation}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
