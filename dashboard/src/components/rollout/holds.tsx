/** Environments that do not get it: learned from failures there, or set by a person; each can be lifted. */
import { useSignal } from "@preact/signals";
import type { EnvironmentHold, HoldReply, RolloutState } from "../../../../src/contract/rollout.ts";
import { useApp } from "../../stores/context.ts";
import { type Subject, subjectName } from "../../view/rollout.ts";
import { TextField } from "../field.tsx";
import { Status } from "../label.tsx";
import { Empty } from "../loaded.tsx";
import { ReasonDialog } from "../reason-dialog.tsx";
import { ScrollBox } from "../scroll-box.tsx";
import { Time } from "../time.tsx";

interface HoldsProps {
  subject: Subject;
  holds: RolloutState["holds"];
  onChanged: () => void;
}

export function Holds({ subject, holds, onChanged }: HoldsProps) {
  const { t } = useApp();
  /** A new hold, or the environment whose hold is lifted; null while nothing is asked. */
  const asked = useSignal<{ lift: string | null } | null>(null);
  /** The one set last, with how many shops it concerns: none is likely a slip of the pen. */
  const held = useSignal<HoldReply | null>(null);
  return (
    <section class="card" aria-labelledby="holds" data-testid="rollout-holds">
      <h2 id="holds">{t("hold.title")}</h2>
      <p class="field-hint">{t("hold.hint")}</p>
      {holds.length === 0 ? (
        <Empty>{t("hold.none")}</Empty>
      ) : (
        <ScrollBox label={t("hold.title")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("hold.environment")}</th>
                <th scope="col">{t("hold.source")}</th>
                <th scope="col">{t("hold.failures")}</th>
                <th scope="col">{t("hold.reason")}</th>
                <th scope="col">{t("hold.state")}</th>
              </tr>
            </thead>
            <tbody>
              {holds.map((hold) => (
                <HoldRow
                  key={`${hold.environment} ${hold.at}`}
                  hold={hold}
                  onLift={() => {
                    asked.value = { lift: hold.environment };
                  }}
                />
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
      {held.value && (
        <p role="status" data-testid="hold-reach">
          {held.value.shops === null
            ? t("hold.reachUnknown", { environment: held.value.hold.environment })
            : t("hold.reach", { environment: held.value.hold.environment, n: held.value.shops })}
        </p>
      )}
      <button
        type="button"
        class="button"
        aria-haspopup="dialog"
        data-testid="hold-add"
        onClick={() => {
          asked.value = { lift: null };
        }}
      >
        {t("hold.add")}
      </button>
      {asked.value && (
        <HoldDialog
          subject={subject}
          lift={asked.value.lift}
          onClose={() => {
            asked.value = null;
          }}
          onChanged={(reply) => {
            held.value = reply.hold.lifted === null ? reply : null;
            onChanged();
          }}
        />
      )}
    </section>
  );
}

function HoldRow({ hold, onLift }: { hold: EnvironmentHold; onLift: () => void }) {
  const { t } = useApp();
  return (
    <tr>
      <th scope="row" class="untrusted">
        {hold.environment}
      </th>
      <td>
        <Status of="holdSource" status={hold.source} /> <bdi class="untrusted">{hold.by}</bdi>
      </td>
      <td>
        {hold.failures} / {hold.finished}
      </td>
      <td class="untrusted">
        {hold.reason} <Time at={hold.at} />
      </td>
      <td>
        {hold.lifted === null ? (
          <button
            type="button"
            class="button"
            aria-haspopup="dialog"
            aria-label={t("hold.liftOf", { environment: hold.environment })}
            onClick={onLift}
          >
            {t("hold.lift")}
          </button>
        ) : (
          <>
            {t("hold.lifted")} <bdi class="untrusted">{hold.lifted.by}</bdi> <Time at={hold.lifted.at} />{" "}
            <q class="untrusted">{hold.lifted.reason}</q>
          </>
        )}
      </td>
    </tr>
  );
}

interface HoldDialogProps {
  subject: Subject;
  /** The environment whose hold is lifted; null to set a new one. */
  lift: string | null;
  onClose: () => void;
  onChanged: (reply: HoldReply) => void;
}

function HoldDialog({ subject, lift, onClose, onChanged }: HoldDialogProps) {
  const { api, t } = useApp();
  const environment = useSignal(lift ?? "");
  const held = lift === null;
  return (
    <ReasonDialog
      title={held ? t("hold.addOf", { name: subjectName(subject) }) : t("hold.liftOf", { environment: lift })}
      hint={t(held ? "hold.addHint" : "hold.liftHint")}
      submit={t(held ? "hold.add" : "hold.lift")}
      testId="hold-confirm"
      send={(reason) => api.hold(subject, { environment: environment.value, held, reason })}
      onDone={onChanged}
      onClose={onClose}
      fields={
        held && (
          <TextField
            label={t("hold.environment")}
            hint={t("hold.environmentHint")}
            value={environment.value}
            testId="hold-environment"
            onInput={(typed) => {
              environment.value = typed;
            }}
          />
        )
      }
    />
  );
}
