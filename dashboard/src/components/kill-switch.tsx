/** The kill switch: two steps and a reason, so that it is never pulled by accident, and never without knowing why. */
import { useSignal } from "@preact/signals";
import { useApp } from "../stores/context.ts";
import { KillPreview } from "./kill-preview.tsx";
import { ReasonDialog } from "./reason-dialog.tsx";

export function KillSwitch({ engaged }: { engaged: boolean }) {
  const { t } = useApp();
  /** What the person pressed: the switch may be turned by somebody else while the dialog is open. */
  const asked = useSignal<{ engage: boolean } | null>(null);
  const close = () => {
    asked.value = null;
  };
  return (
    <section class={`card kill ${engaged ? "kill-on" : "kill-off"}`} aria-labelledby="kill-title">
      <div>
        <h2 id="kill-title">{t("kill.title")}</h2>
        <p data-testid="kill-state" data-state={engaged ? "engaged" : "released"}>
          {t(engaged ? "kill.isOn" : "kill.isOff")}
        </p>
      </div>
      <button
        type="button"
        class={`button big ${engaged ? "" : "danger"}`}
        aria-haspopup="dialog"
        data-testid="kill-switch"
        onClick={() => {
          asked.value = { engage: !engaged };
        }}
      >
        {t(engaged ? "kill.release" : "kill.engage")}
      </button>
      {asked.value && <KillDialog engage={asked.value.engage} onClose={close} />}
    </section>
  );
}

function KillDialog({ engage, onClose }: { engage: boolean; onClose: () => void }) {
  const { api, policy, t } = useApp();
  return (
    <ReasonDialog
      title={t(engage ? "kill.engage" : "kill.release")}
      hint={t(engage ? "kill.engageHint" : "kill.releaseHint")}
      submit={t(engage ? "kill.engageConfirm" : "kill.releaseConfirm")}
      tone={engage ? "danger" : "primary"}
      testId="kill-confirm"
      reasonTestId="kill-reason"
      send={(reason) => api.kill({ engaged: engage, reason })}
      onDone={policy.put}
      onClose={onClose}
    >
      {engage && <KillPreview />}
    </ReasonDialog>
  );
}
