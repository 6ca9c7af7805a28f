/** The product's floor: the oldest version that any change may bring a shop to. Shown, and set or removed with a reason. */
import { useSignal } from "@preact/signals";
import { Version } from "../../../../src/contract/ids.ts";
import type { FloorReply, Floor as FloorStanding } from "../../../../src/contract/rollout.ts";
import { useAction, useApp, useResource } from "../../stores/context.ts";
import { Dialog } from "../dialog.tsx";
import { CheckField, TextField } from "../field.tsx";
import { Loaded } from "../loaded.tsx";
import { ReasonForm } from "../reason-form.tsx";
import { Time } from "../time.tsx";
import { Notes } from "./notes.tsx";

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
  const reach = useSignal<FloorReply | null>(null);
  const barsAll = useSignal(false);
  const look = useAction(
    (version: string | null, reason: string) =>
      api.setFloor(floor.product, { version, reason, dry_run: true }),
    (reply) => {
      reach.value = reply;
    },
  );
  const save = useAction(
    (version: string | null, reason: string) =>
      api.setFloor(floor.product, { version, reason, ...(barsAll.value ? { bars_all: true } : {}) }),
    (changed) => {
      onClose();
      onChanged(changed);
    },
  );
  const withVersion = (use: (version: string | null) => unknown) => {
    const version = typed.value.trim();
    isWrong.value = version !== "" && !Version.safeParse(version).success;
    if (!isWrong.value) use(version === "" ? null : version);
  };
  const failure = save.failure.value ?? look.failure.value;
  const mustBeMeant =
    (reach.value !== null && reach.value.left.length === 0) ||
    (failure?.kind === "refused" && failure.error.code === "conflict");
  return (
    <Dialog title={t("floor.change")} onClose={onClose}>
      <ReasonForm
        busy={save.busy.value || look.busy.value}
        failure={failure}
        submit={t("floor.save")}
        testId="floor-confirm"
        onSubmit={(reason) => withVersion((version) => save.run(version, reason))}
        onCancel={onClose}
        others={(reason, isGiven) => (
          <button
            type="button"
            class="button"
            data-testid="floor-try"
            onClick={() =>
              withVersion((version) => look.run(version, isGiven ? reason : t("plan.dryReason")))
            }
          >
            {t("floor.try")}
          </button>
        )}
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
            // It was said of another version.
            reach.value = null;
            barsAll.value = false;
          }}
        />
        {reach.value && (
          <div role="status" data-testid="floor-reach">
            <p>
              {t("floor.reach", {
                shut: reach.value.shut.join(", ") || t("floor.none"),
                left: reach.value.left.join(", ") || t("floor.none"),
              })}
            </p>
            <Notes notes={reach.value.notes} />
          </div>
        )}
        {mustBeMeant && (
          <CheckField
            label={t("floor.barsAll")}
            checked={barsAll.value}
            onChange={(checked) => {
              barsAll.value = checked;
            }}
          />
        )}
      </ReasonForm>
    </Dialog>
  );
}
