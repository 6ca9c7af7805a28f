/** Every attempt to heal, newest first as the API orders them. */
import { ATTEMPT_STATUSES, type Attempt } from "../../../src/contract/attempt.ts";
import { Status, Word } from "../components/label.tsx";
import { ListPage, type ListSpec, Rows, useList } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { useApp } from "../stores/context.ts";
import { questionOf } from "../view/question.ts";
import { duration, secondsBetween } from "../view/time.ts";

const LIST: ListSpec = {
  path: "/attempts",
  title: "nav.attempts",
  many: { status: ATTEMPT_STATUSES },
  one: ["product", "target_version", "plugin_id", "incident_id"],
  choices: [{ name: "status", label: "filter.status", of: "attemptStatus" }],
  texts: [
    { name: "product", label: "filter.product" },
    { name: "target_version", label: "filter.targetVersion" },
  ],
};

export function AttemptsPage() {
  const { api } = useApp();
  const list = useList(LIST, api.attempts, { topics: ["attempts"] });
  return (
    <ListPage spec={LIST} list={list}>
      {(items) => (
        <Rows
          items={items}
          none="state.noMatch"
          row={(attempt) => <AttemptRow key={attempt.id} attempt={attempt} />}
        />
      )}
    </ListPage>
  );
}

function AttemptRow({ attempt }: { attempt: Attempt }) {
  const { t, preferences } = useApp();
  const tookS = secondsBetween(attempt.created_at, attempt.finished_at);
  return (
    <li>
      <a class={`row edge-attempt-${attempt.status}`} href={`/incidents/${attempt.incident_id}`}>
        <span class="row-head">
          <span class="row-title">
            <Word of="action" name={attempt.action} />{" "}
            <bdi class="untrusted">
              {attempt.from_version} → {attempt.target_version ?? "–"}
            </bdi>
          </span>
          <Status of="attemptStatus" status={attempt.status} />
          {questionOf(attempt) === "keep" && (
            <span class="chip status-awaiting_approval">{t("keep.title")}</span>
          )}
        </span>
        <span class="row-facts">
          <bdi class="untrusted">{attempt.product}</bdi>
          <bdi class="untrusted">{attempt.merchant_id}</bdi>
          <bdi class="untrusted">{attempt.requested_by}</bdi>
          {attempt.remedy && (
            <span>
              {t("attempt.remedy")} <bdi class="untrusted">{attempt.remedy}</bdi>
            </span>
          )}
          {attempt.reverts && (
            <span>
              {t("attempt.reverts")} <bdi class="untrusted">{attempt.reverts}</bdi>
            </span>
          )}
          {tookS !== null && (
            <span>{t("attempt.took", { time: duration(tookS, preferences.language.value) })}</span>
          )}
          <Time at={attempt.created_at} />
        </span>
        {attempt.reason && <span class="row-note untrusted">{attempt.reason}</span>}
      </a>
    </li>
  );
}
