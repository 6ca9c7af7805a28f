/** One emergency action: what it would touch or has touched, its confirmation while it is a plan, its end while it runs. */
import { useSignal } from "@preact/signals";
import type { Emergency } from "../../../../src/contract/emergency.ts";
import { useAction, useApp, useNow } from "../../stores/context.ts";
import { isConfirmable, settledShare } from "../../view/emergency-draft.ts";
import { percent } from "../../view/figures.ts";
import { Fact, Facts } from "../facts.tsx";
import { Status, Word } from "../label.tsx";
import { ReasonDialog } from "../reason-dialog.tsx";
import { Time } from "../time.tsx";
import { Trouble } from "../trouble.tsx";
import { EmergencyTargets } from "./emergency-targets.tsx";

export function EmergencyCard({ emergency, onChanged }: { emergency: Emergency; onChanged: () => void }) {
  const { t, preferences } = useApp();
  const { counts, scope } = emergency;
  const meant = [scope.product, scope.version, scope.merchant_id].filter((part) => part !== undefined);
  return (
    <article class="card" aria-label={emergency.id} data-testid={`emergency-${emergency.id}`}>
      <h3>
        <Word of="emergencyKind" name={emergency.kind} />{" "}
        <Status of="emergencyStatus" status={emergency.status} testId="emergency-status" />
      </h3>
      <p>
        <bdi class="untrusted">{emergency.planned_by}</bdi> <Time at={emergency.planned_at} />{" "}
        <q class="untrusted">{emergency.reason}</q>
      </p>
      <Facts>
        <Fact name={t("emergency.scope")}>
          {meant.length === 0 ? t("emergency.wholeFleet") : meant.join(" ")}
          {emergency.minutes !== null && `, ${t("emergency.lastMinutes", { n: emergency.minutes })}`}
        </Fact>
        {emergency.kind === "rollback_since" && (
          <Fact name={t("emergency.waves")}>
            {t("emergency.wavesOf", {
              n: emergency.wave_size,
              growth: emergency.wave_growth,
              pause: emergency.pause_s,
              stop: emergency.stop_failed_percent,
            })}
          </Fact>
        )}
        <Fact name={t("emergency.targets")}>{counts.targets}</Fact>
        {emergency.status !== "planned" && (
          <Fact name={t("emergency.settled")}>
            {percent(settledShare(emergency), preferences.language.value)} (
            {t("emergency.counts", {
              done: counts.done,
              failed: counts.failed,
              skipped: counts.skipped,
            })}
            )
          </Fact>
        )}
        {emergency.confirmed_by && (
          <Fact name={t("emergency.confirmedBy")}>
            {emergency.confirmed_by} <Time at={emergency.confirmed_at} />
          </Fact>
        )}
        {emergency.ended_because && <Fact name={t("emergency.ended")}>{emergency.ended_because}</Fact>}
      </Facts>
      {emergency.held && (
        <p class="trouble untrusted" role="alert">
          {emergency.held}
        </p>
      )}
      {emergency.warnings.map((warning) => (
        <p key={warning} class="trouble untrusted">
          {warning}
        </p>
      ))}
      <Changes emergency={emergency} />
      <Confirm emergency={emergency} onChanged={onChanged} />
      {emergency.status === "running" && <Abort emergency={emergency} onChanged={onChanged} />}
      <EmergencyTargets emergency={emergency} />
    </article>
  );
}

function Changes({ emergency: { changes } }: { emergency: Emergency }) {
  const { t } = useApp();
  if (changes.length === 0) return null;
  return (
    <ul class="counts">
      {changes.map((change) => (
        <li key={`${change.product} ${change.action} ${change.version}`}>
          <span>
            <Word of="action" name={change.action} />{" "}
            <bdi class="untrusted">
              {change.product} {change.version ?? ""}
            </bdi>
          </span>
          <span>{t("emergency.shops", { n: change.shops })}</span>
        </li>
      ))}
    </ul>
  );
}

/** The second step: exactly this plan, as long as it is fresh. */
function Confirm({ emergency, onChanged }: { emergency: Emergency; onChanged: () => void }) {
  const { api, t } = useApp();
  const now = useNow();
  const action = useAction(
    () =>
      api.confirmEmergency(emergency.id, {
        digest: emergency.digest,
        targets: emergency.counts.targets,
      }),
    onChanged,
  );
  if (!isConfirmable(emergency, now)) return null;
  return (
    <>
      <Trouble failure={action.failure.value} />
      <p>
        {t("emergency.confirmUntil")} <Time at={emergency.expires_at} />
      </p>
      <button
        type="button"
        class="button danger"
        disabled={action.busy.value}
        data-testid="emergency-confirm"
        onClick={() => void action.run()}
      >
        {t(`emergency.confirm.${emergency.kind}`, { n: emergency.counts.targets })}
      </button>
    </>
  );
}

function Abort({ emergency, onChanged }: { emergency: Emergency; onChanged: () => void }) {
  const { api, t } = useApp();
  const asking = useSignal(false);
  return (
    <>
      <button
        type="button"
        class="button"
        aria-haspopup="dialog"
        data-testid="emergency-abort"
        onClick={() => {
          asking.value = true;
        }}
      >
        {t("emergency.abort")}
      </button>
      {asking.value && (
        <ReasonDialog
          title={t("emergency.abort")}
          hint={t("emergency.abortHint")}
          submit={t("emergency.abort")}
          tone="danger"
          testId="emergency-abort-confirm"
          send={(reason) => api.abortEmergency(emergency.id, { reason })}
          onDone={onChanged}
          onClose={() => {
            asking.value = false;
          }}
        />
      )}
    </>
  );
}
