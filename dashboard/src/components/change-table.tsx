import { useApp } from "../stores/context.ts";
import type { Change } from "../view/changes.ts";
import { ScrollBox } from "./scroll-box.tsx";

/** Changes between two documents: where, from what, to what. */
export function ChangeTable({ changes, label }: { changes: readonly Change[]; label: string }) {
  const { t } = useApp();
  return (
    <ScrollBox label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("change.field")}</th>
            <th scope="col">{t("change.before")}</th>
            <th scope="col">{t("change.after")}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={change.path.join(".")}>
              <th scope="row">
                <code>{change.path.join(".")}</code>
              </th>
              <td>
                <code class="untrusted">{JSON.stringify(change.before)}</code>
              </td>
              <td>
                <code class="untrusted">{JSON.stringify(change.after)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
