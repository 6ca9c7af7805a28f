/** What the kill switch would stop and what it would leave going on, as the fleet stands at this moment. */
import type { KillPreview as Preview } from "../../../src/contract/guard.ts";
import { useApp, useResource } from "../stores/context.ts";
import { Status, Word } from "./label.tsx";
import { Loaded } from "./loaded.tsx";
import { NewTab } from "./new-tab.tsx";
import { ScrollBox } from "./scroll-box.tsx";

/** Only informs: whoever pulls the switch never waits for it. Stands below the form in a dialog that grows downwards: it moves no button when it arrives. */
export function KillPreview() {
  const { api, t } = useApp();
  const preview = useResource("kill preview", api.killPreview, { topics: [] });
  return (
    <section aria-labelledby="kill-preview" data-testid="kill-preview">
      <h3 id="kill-preview">{t("killPreview.title")}</h3>
      <Loaded of={preview}>{(value) => <Shown preview={value} />}</Loaded>
    </section>
  );
}

function Shown({ preview: { counts, attempts } }: { preview: Preview }) {
  const { t } = useApp();
  const all = counts.waiting + counts.handed_over + counts.watched;
  return (
    <>
      <ul class="alternatives">
        <li>{t("killPreview.waiting", { n: counts.waiting })}</li>
        <li>{t("killPreview.goOn", { n: counts.handed_over + counts.watched })}</li>
      </ul>
      {attempts.length > 0 && (
        <details>
          <summary>{t("killPreview.attempts", { n: attempts.length, all })}</summary>
          <ScrollBox label={t("killPreview.title")}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("revert.shop")}</th>
                  <th scope="col">{t("emergency.change")}</th>
                  <th scope="col">{t("revert.state")}</th>
                </tr>
              </thead>
              <tbody>
                {attempts.map((attempt) => (
                  <tr key={attempt.attempt_id}>
                    <th scope="row">
                      <NewTab href={`/plugins/${attempt.plugin_id}`}>
                        <bdi class="untrusted">{attempt.merchant_id}</bdi>
                      </NewTab>
                    </th>
                    <td>
                      <Word of="action" name={attempt.action} />{" "}
                      <bdi class="untrusted">
                        {attempt.product} {attempt.version}
                      </bdi>
                    </td>
                    <td>
                      <Status of="attemptPhase" status={attempt.phase} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollBox>
        </details>
      )}
    </>
  );
}
