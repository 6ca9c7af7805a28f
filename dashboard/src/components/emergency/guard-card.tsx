/** What holds automatic changes back at this moment, and the way to restore autonomy once a person has looked. */
import { useSignal } from "@preact/signals";
import type { Guard } from "../../../../src/contract/guard.ts";
import { useApp } from "../../stores/context.ts";
import { percent } from "../../view/figures.ts";
import { Fact, Facts } from "../facts.tsx";
import { Status, Word } from "../label.tsx";
import { ReasonDialog } from "../reason-dialog.tsx";
import { Time } from "../time.tsx";

export function GuardCard({ guard, onChanged }: { guard: Guard; onChanged: (guard: Guard) => void }) {
  const { api, t } = useApp();
  const asking = useSignal(false);
  const { autonomy } = guard;
  return (
    <section class="card" aria-labelledby="guard" data-testid="guard">
      <h2 id="guard">{t("guard.title")}</h2>
      <Facts>
        <Fact name={t("policy.mode")}>
          <Word of="mode" name={guard.mode} />
        </Fact>
        <Fact name={t("guard.storm")}>
          <Status of="guardStorm" status={guard.storm ? "storm" : "calm"} />
        </Fact>
        <Fact name={t("guard.actions")}>
          {guard.actions_last_hour} / {guard.actions_per_hour}
        </Fact>
        <Fact name={t("guard.waiting")}>{guard.attempts.waiting}</Fact>
        <Fact name={t("guard.handedOver")}>{guard.attempts.handed_over}</Fact>
        <Fact name={t("guard.watched")}>{guard.attempts.watched}</Fact>
        <Fact name={t("guard.autonomy")}>
          <Status of="autonomy" status={autonomy.state} testId="autonomy-state" />
        </Fact>
      </Facts>
      <p class="untrusted">{guard.storm_explanation}</p>
      <p class="untrusted">{autonomy.explanation}</p>
      <Budget guard={guard} />
      {autonomy.state === "degraded" && (
        <button
          type="button"
          class="button"
          aria-haspopup="dialog"
          data-testid="autonomy-restore"
          onClick={() => {
            asking.value = true;
          }}
        >
          {t("autonomy.restore")}
        </button>
      )}
      {asking.value && (
        <ReasonDialog
          title={t("autonomy.restore")}
          hint={t("autonomy.restoreHint")}
          submit={t("autonomy.restore")}
          testId="autonomy-confirm"
          send={(reason) => api.restoreAutonomy({ reason })}
          onDone={onChanged}
          onClose={() => {
            asking.value = false;
          }}
        />
      )}
    </section>
  );
}

/** The figures of the autonomy budget beside its bounds. */
function Budget({ guard: { autonomy } }: { guard: Guard }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  const share = (n: number) => percent(autonomy.finished === 0 ? null : n / autonomy.finished, language);
  return (
    <Facts>
      <Fact name={t("autonomy.finished")}>
        {autonomy.finished} ({t("autonomy.judgedFrom", { n: autonomy.min_finished })})
      </Fact>
      <Fact name={t("autonomy.success")}>
        {share(autonomy.success)} (≥ {percent(autonomy.min_success_share, language)})
      </Fact>
      <Fact name={t("autonomy.rolledBack")}>
        {share(autonomy.rolled_back)} (≤ {percent(autonomy.max_rollback_share, language)})
      </Fact>
      {autonomy.downgraded_at && (
        <Fact name={t("autonomy.downgraded")}>
          <Time at={autonomy.downgraded_at} />
        </Fact>
      )}
      {autonomy.restored && (
        <Fact name={t("autonomy.restored")}>
          {autonomy.restored.by} <Time at={autonomy.restored.at} /> <q>{autonomy.restored.reason}</q>
        </Fact>
      )}
    </Facts>
  );
}
