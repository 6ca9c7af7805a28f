/** The shops that took it, newest first, and how each ended. */
import type { RolloutDetail, RolloutSlot } from "../../../../src/contract/rollout.ts";
import { useApp } from "../../stores/context.ts";
import { Status } from "../label.tsx";
import { Empty } from "../loaded.tsx";
import { ScrollBox } from "../scroll-box.tsx";
import { Time } from "../time.tsx";

export function Slots({ detail }: { detail: RolloutDetail }) {
  const { t } = useApp();
  return (
    <section class="card" aria-labelledby="slots">
      <h2 id="slots">{t("slot.title")}</h2>
      {detail.slots.length === 0 ? (
        <Empty>{t("slot.none")}</Empty>
      ) : (
        <ScrollBox label={t("slot.title")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("revert.shop")}</th>
                <th scope="col">{t("slot.stage")}</th>
                <th scope="col">{t("slot.environment")}</th>
                <th scope="col">{t("slot.outcome")}</th>
                <th scope="col">{t("slot.finished")}</th>
              </tr>
            </thead>
            <tbody>
              {detail.slots.map((slot) => (
                <SlotRow key={slot.attempt_id} slot={slot} stage={detail.rollout.stages[slot.stage]} />
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </section>
  );
}

function SlotRow({ slot, stage }: { slot: RolloutSlot; stage: string | undefined }) {
  return (
    <tr>
      <th scope="row">
        <a href={`/plugins/${slot.plugin_id}`}>{slot.plugin_id}</a>
      </th>
      <td class="untrusted">{stage ?? slot.stage + 1}</td>
      <td class="untrusted">{slot.environment ?? "–"}</td>
      <td>
        <Status of="slotOutcome" status={slot.outcome ?? "in_flight"} />
      </td>
      <td>
        <Time at={slot.finished_at} />
      </td>
    </tr>
  );
}
