/** Where a rollout stands: its stages, its figures, who brought it to its standing, and what was let pass before. */
import type { RolloutState } from "../../../../src/contract/rollout.ts";
import { useApp } from "../../stores/context.ts";
import { failuresOf, stageMarks } from "../../view/rollout.ts";
import { duration } from "../../view/time.ts";
import { Fact, Facts } from "../facts.tsx";
import { Time } from "../time.tsx";

export function RolloutProgress({ rollout }: { rollout: RolloutState }) {
  const { t, preferences } = useApp();
  const { failures, finished } = failuresOf(rollout);
  return (
    <section class="card" aria-labelledby="progress" data-testid="rollout-progress">
      <h2 id="progress">{t("rollout.progress")}</h2>
      <Standing rollout={rollout} />
      <Stages rollout={rollout} />
      <Facts>
        <Fact name={t("rollout.inFlight")}>
          {rollout.in_flight} / {rollout.in_flight_limit}
        </Fact>
        <Fact name={t("rollout.success")}>
          {rollout.success} ({t("rollout.baked", { n: rollout.baked })})
        </Fact>
        <Fact name={t("rollout.failures")}>
          {failures} / {finished}
        </Fact>
        <Fact name={t("rollout.rolledBack")}>{rollout.rolled_back}</Fact>
        <Fact name={t("rollout.relapsed")}>{rollout.relapsed}</Fact>
        <Fact name={t("rollout.inconclusive")}>{rollout.inconclusive}</Fact>
        <Fact name={t("rollout.bake")}>{duration(rollout.bake_s, preferences.language.value)}</Fact>
        <Fact name={t("rollout.since")}>
          <Time at={rollout.stage_since} />
        </Fact>
        {rollout.not_before && (
          <Fact name={t("rollout.notBefore")}>
            <Time at={rollout.not_before} />
          </Fact>
        )}
      </Facts>
      <Acknowledgements rollout={rollout} />
    </section>
  );
}

function Standing({ rollout: { standing, status } }: { rollout: RolloutState }) {
  const { t } = useApp();
  if (standing === null) return null;
  return (
    <p>
      {t(`rollout.by.${status}`)} <bdi class="untrusted">{standing.by}</bdi> <Time at={standing.at} />{" "}
      <q class="untrusted">{standing.reason}</q>
    </p>
  );
}

/** The stages in order; the one that is open is the current step. */
export function Stages({ rollout }: { rollout: RolloutState }) {
  const { t } = useApp();
  return (
    <ol class="steps" aria-label={t("rollout.stages")}>
      {stageMarks(rollout).map(({ name, mark }, i) => (
        // A stage is its place in the list.
        <li key={i} class={`step step-${mark}`} aria-current={mark === "current" ? "step" : undefined}>
          <span class="step-name untrusted">{name}</span>
          <span class="step-state">{t(`rollout.stage.${mark}`)}</span>
        </li>
      ))}
    </ol>
  );
}

function Acknowledgements({ rollout: { acknowledgements } }: { rollout: RolloutState }) {
  const { t } = useApp();
  if (acknowledgements.length === 0) return null;
  return (
    <details>
      <summary>{t("rollout.acknowledged", { n: acknowledgements.length })}</summary>
      <ul class="alternatives">
        {acknowledgements.map((one) => (
          <li key={one.at}>
            <bdi class="untrusted">{one.by}</bdi> <Time at={one.at} />{" "}
            {t("rollout.acknowledgedFailures", { failures: one.failures, finished: one.finished })}{" "}
            <q class="untrusted">{one.reason}</q>
          </li>
        ))}
      </ul>
    </details>
  );
}
