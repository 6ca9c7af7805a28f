/** The product's floor: the oldest version that any change may bring a shop to. Shown, and set or removed with a reason. */
import { useSignal } from "@preact/signals";
import { Version } from "../../../../src/contract/ids.ts";
import type { Floor as FloorStanding } from "../../../../src/contract/rollout.ts";
import { useAction, useApp, useResource } from "../../stores/context.ts";
import { Dialog } from "../dialog.tsx";
import { TextField } from "../field.tsx";
import { Loaded } from "../loaded.tsx";
import { ReasonForm } from "../reason-form.tsx";
import { Time } from "../time.tsx";

/** Give it the product as its key: it is made for one product. */
export function Floor({ product }: { product: string }) {
  const { api, t } = useApp();
  const floor = useResource(`floor ${product}`, () => api.floor(product), { topics: ["releases"] });
  const asking = useSignal(false);
  const close = () => {
    asking.value = false;
  };
  return (
    <section class="card" aria-labelledby="floor" data-testid="floor">
      <h2 id="floor">{t("floor.title", { product })}</h2>
      <p class="field-hint">{t("floor.hint")}</p>
      <Loaded of={floor}>
        {(value) => (
          <>
            <p data-testid="floor-version">{value.version ?? t("floor.none")}</p>
            {value.standing && (
              <p class="untrusted">
                {value.standing.by} <Time at={value.standing.at} /> <q>{value.standing.reason}</q>
              </p>
            )}
            <button
              type="button"
              class="button"
              aria-haspopup="dialog"
              data-testid="floor-change"
              onClick={() => {
                asking.value = true;
              }}
            >
              {t("floor.change")}
            </button>
            {asking.value && <FloorDialog floor={value} onClose={close} onChanged={floor.put} />}
          </>
        )}
      </Loaded>
    </section>
  );
}

interface FloorDialogProps {
  floor: FloorStanding;
  onClose: () => void;
  onChanged: (floor: FloorStanding) => void;
}

function FloorDialog({ floor, onClose, onChanged }: FloorDialogProps) {
  const { api, t } = useApp();
  const typed = useSignal(floor.version ?? "");
  const isWrong = useSignal(false);
  const action = useAction(
    (version: string | null, reason: string) => api.setFloor(floor.product, { version, reason }),
    (changed) => {
      onClose();
      onChanged(changed);
    },
  );
  return (
    <Dialog title={t("floor.change")} onClose={onClose}>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t("floor.save")}
        testId="floor-confirm"
        onSubmit={(reason) => {
          const version = typed.value.trim();
          isWrong.value = version !== "" && !Version.safeParse(version).success;
          if (!isWrong.value) void action.run(version === "" ? null : version, reason);
        }}
        onCancel={onClose}
      >
        <TextField
          label={t("floor.version")}
          hint={t("floor.versionHint")}
          value={typed.value}
          message={isWrong.value ? t("manual.versionMissing") : undefined}
          testId="floor-input"
          onInput={(text) => {
            typed.value = text;
            isWrong.value = false;
          }}
        />
      </ReasonForm>
    </Dialog>
  );
}
