/** The shops of an emergency action, page by page. Which are shown, and of which state, is in the address. */
import { useLocation } from "preact-iso/router";
import { type Emergency, type EmergencyDetail, TARGET_STATES } from "../../../../src/contract/emergency.ts";
import { useApp, useResource } from "../../stores/context.ts";
import { shownTargets, targetsHref } from "../../view/emergency-targets.ts";
import { FilterSelect, Pager } from "../filter-bar.tsx";
import { Status, Word } from "../label.tsx";
import { Empty, Loaded } from "../loaded.tsx";
import { ScrollBox } from "../scroll-box.tsx";

const REFRESH_MS = 5_000;

/** Fetched when somebody wants to see them; one action's at a time. */
export function EmergencyTargets({ emergency }: { emergency: Emergency }) {
  const { t } = useApp();
  const { path, query, route } = useLocation();
  const open = shownTargets(query).id === emergency.id;
  return (
    <details
      open={open}
      data-testid="emergency-targets"
      onToggle={(event) => {
        const wanted = event.currentTarget.open;
        if (wanted !== open) route(targetsHref(path, wanted ? emergency.id : null));
      }}
    >
      <summary>{t("emergency.showTargets", { n: emergency.counts.targets })}</summary>
      {open && <TargetTable emergency={emergency} />}
    </details>
  );
}

function TargetTable({ emergency: { id, wave } }: { emergency: Emergency }) {
  const { api, t } = useApp();
  const { path, query } = useLocation();
  const { filters, cursor, part } = shownTargets(query);
  const detail = useResource(
    `${id} ${wave} ${part.state ?? ""} ${part.after ?? ""}`,
    () => api.emergency(id, part),
    { topics: [], everyMs: REFRESH_MS },
  );
  return (
    <>
      <FilterSelect
        path={path}
        filters={filters}
        name="state"
        label="revert.state"
        of="targetState"
        values={TARGET_STATES}
      />
      <Loaded of={detail}>
        {({ targets, next_after }) => (
          <>
            {targets.length === 0 ? <Empty>{t("state.noMatch")}</Empty> : <Targets targets={targets} />}
            <Pager
              path={path}
              filters={filters}
              cursor={cursor}
              next={next_after === null ? null : String(next_after)}
            />
          </>
        )}
      </Loaded>
    </>
  );
}

function Targets({ targets }: Pick<EmergencyDetail, "targets">) {
  const { t } = useApp();
  return (
    <ScrollBox label={t("emergency.targets")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("emergency.place")}</th>
            <th scope="col">{t("revert.shop")}</th>
            <th scope="col">{t("filter.merchant")}</th>
            <th scope="col">{t("emergency.change")}</th>
            <th scope="col">{t("revert.state")}</th>
            <th scope="col">{t("revert.text")}</th>
          </tr>
        </thead>
        <tbody>
          {targets.map((target) => (
            <tr key={target.number}>
              <td>{target.number}</td>
              <th scope="row">
                <a href={`/plugins/${target.plugin_id}`}>{target.plugin_id}</a>
              </th>
              <td class="untrusted">{target.merchant_id}</td>
              <td>
                <Word of="action" name={target.action} /> <bdi class="untrusted">{target.version ?? "–"}</bdi>
              </td>
              <td>
                <Status of="targetState" status={target.state} />
              </td>
              <td class="untrusted">{target.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
