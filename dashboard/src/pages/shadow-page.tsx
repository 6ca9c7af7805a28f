/** What Vigie would have done in mode shadow, newest first, and what became of each incident without it. */
import { SHADOW_OUTCOMES, SHADOW_VERDICTS, type ShadowDecision } from "../../../src/contract/shadow.ts";
import { Status, Word } from "../components/label.tsx";
import { ListPage, type ListSpec, Rows, useList } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { useApp } from "../stores/context.ts";
import { percent } from "../view/figures.ts";

const LIST: ListSpec = {
  path: "/shadow",
  title: "shadow.title",
  many: {},
  one: ["would", "outcome", "product", "incident_id"],
  choices: [],
  texts: [{ name: "product", label: "filter.product" }],
  selects: [
    { name: "would", label: "shadow.would", of: "shadowVerdict", values: SHADOW_VERDICTS },
    { name: "outcome", label: "shadow.outcome", of: "shadowOutcome", values: SHADOW_OUTCOMES },
  ],
};

export function ShadowPage() {
  const { api, t } = useApp();
  const list = useList(LIST, api.shadowDecisions, { topics: ["incidents"], everyMs: 30_000 });
  return (
    <>
      <p class="breadcrumb">
        <a href="/policy">{t("nav.policy")}</a>
      </p>
      <ListPage spec={LIST} list={list}>
        {(items) => (
          <Rows
            items={items}
            none={list.isPlain ? "shadow.none" : "state.noMatch"}
            row={(decision) => <ShadowRow key={decision.id} decision={decision} />}
          />
        )}
      </ListPage>
    </>
  );
}

function ShadowRow({ decision: shown }: { decision: ShadowDecision }) {
  const { t, preferences } = useApp();
  return (
    <li>
      <a class="row" href={`/incidents/${shown.incident_id}`} data-testid={`shadow-${shown.id}`}>
        <span class="row-head">
          <span class="row-title">
            <Word of="action" name={shown.action} />{" "}
            <bdi class="untrusted">
              {shown.from_version} → {shown.target_version ?? shown.decision.remedy ?? "–"}
            </bdi>
          </span>
          <Status of="shadowVerdict" status={shown.would} />
          <Status of="shadowOutcome" status={shown.outcome ?? "open"} />
        </span>
        <span class="row-facts">
          <bdi class="untrusted">{shown.product}</bdi>
          <bdi class="untrusted">{shown.merchant_id}</bdi>
          <span>
            {t("decision.confidence")} {percent(shown.decision.confidence, preferences.language.value)}
          </span>
          {shown.approvals_needed > 0 && (
            <span>{t("backtest.approvals", { n: shown.approvals_needed })}</span>
          )}
          <span>{t("policy.revision", { n: String(shown.policy_revision) })}</span>
          <Time at={shown.at} />
        </span>
        <span class="row-note untrusted">{shown.decision.explanation}</span>
        {shown.why && <span class="row-note untrusted">{shown.why}</span>}
        {shown.outcome_text && <span class="row-note untrusted">{shown.outcome_text}</span>}
      </a>
    </li>
  );
}
