/** Every revision of the policy: who, when, why, and what it changed. */
import { useApp, useResource } from "../stores/context.ts";
import { historyOf } from "../view/policy-history.ts";
import { ChangeTable } from "./change-table.tsx";
import { Empty, Loaded } from "./loaded.tsx";
import { Time } from "./time.tsx";

export function PolicyHistory() {
  const { api, t } = useApp();
  const history = useResource("history", api.policyHistory, { topics: ["policy"] });
  return (
    <section class="card" aria-labelledby="history">
      <h2 id="history">{t("policy.history")}</h2>
      <Loaded of={history}>
        {({ items }) => (
          <>
            {items.length === 0 && <Empty>{t("policy.noHistory")}</Empty>}
            <ol class="timeline">
              {historyOf(items).map(({ item, changes }) => (
                <li key={item.revision}>
                  <p>
                    {t("policy.revision", { n: String(item.revision) })}{" "}
                    <span class="untrusted">
                      {item.changed_by}: {item.reason}
                    </span>{" "}
                    <Time at={item.changed_at} />
                  </p>
                  {changes.length > 0 && (
                    <details>
                      <summary>{t("policy.changes", { n: changes.length })}</summary>
                      <ChangeTable
                        changes={changes}
                        label={t("policy.revision", { n: String(item.revision) })}
                      />
                    </details>
                  )}
                </li>
              ))}
            </ol>
          </>
        )}
      </Loaded>
    </section>
  );
}
