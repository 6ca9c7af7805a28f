/** The product's floor: the oldest version that any change may bring a shop to. Shown, and set or removed with a reason. */
import { useSignal } from "@preact/signals";
import type { FloorReply, FloorRequest, Floor as FloorStanding } from "../../../../src/contract/floor.ts";
import { useAction, useApp, useResource } from "../../stores/context.ts";
import { floorOf, mustBeMeant } from "../../view/floor-draft.ts";
import { Dialog } from "../dialog.tsx";
import { CheckField, TextField } from "../field.tsx";
import { Loaded } from "../loaded.tsx";
import { Notes } from "../notes.tsx";
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
  const reach = useSignal<{ of: string | null; reply: FloorReply } | null>(null);
  const barsAll = useSignal(false);
  // A look and the order itself are one action: what failed last is what is shown.
  const action = useAction(
    (request: FloorRequest) => api.setFloor(floor.product, request),
    (reply, { version }) => {
      if (reply.dry_run) {
        reach.value = { of: version, reply };
        return;
      }
      onClose();
      onChanged(reply);
    },
  );
  const draft = floorOf(typed.value);
  const withVersion = (use: (version: string | null) => unknown) => {
    isWrong.value = draft === null;
    if (draft !== null) use(draft.version);
  };
  // An answer that came after further typing was said of another version.
  const shown = reach.value !== null && reach.value.of === draft?.version ? reach.value.reply : null;
  return (
    <Dialog title={t("floor.change")} onClose={onClose}>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t("floor.save")}
        testId="floor-confirm"
        onSubmit={(reason) =>
          withVersion((version) =>
            action.run({ version, reason, ...(barsAll.value ? { bars_all: true } : {}) }),
          )
        }
        onCancel={onClose}
        others={(reason, isGiven) => (
          <button
            type="button"
            class="button"
            disabled={action.busy.value}
            data-testid="floor-try"
            onClick={() =>
              withVersion((version) =>
                action.run({ version, reason: isGiven ? reason : t("plan.dryReason"), dry_run: true }),
              )
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
            barsAll.value = false;
            action.forget();
          }}
        />
        {shown && (
          <div role="status" data-testid="floor-reach">
            <p>
              {t("floor.reach", {
                shut: shown.shut.join(", ") || t("floor.none"),
                left: shown.left.join(", ") || t("floor.none"),
              })}
            </p>
            <Notes notes={shown.notes} />
          </div>
        )}
        {(barsAll.value || mustBeMeant(draft, shown, action.failure.value)) && (
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
