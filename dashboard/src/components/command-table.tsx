/** The commands to a plugin, newest first. */
import type { AgentCommand } from "../../../src/contract/agent-command.ts";
import { useApp } from "../stores/context.ts";
import { newestFirst } from "../view/order.ts";
import { Status, Word } from "./label.tsx";
import { Empty } from "./loaded.tsx";
import { ScrollBox } from "./scroll-box.tsx";
import { Time } from "./time.tsx";

export function CommandTable({ commands }: { commands: readonly AgentCommand[] }) {
  const { t } = useApp();
  if (commands.length === 0) return <Empty>{t("command.none")}</Empty>;
  return (
    <ScrollBox label={t("plugin.commands")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("command.number")}</th>
            <th scope="col">{t("command.type")}</th>
            <th scope="col">{t("filter.status")}</th>
            <th scope="col">{t("command.tries")}</th>
            <th scope="col">{t("command.created")}</th>
            <th scope="col">{t("command.error")}</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst(commands).map((command) => (
            <tr key={command.id}>
              <th scope="row">{command.number}</th>
              <td>
                <Word of="commandType" name={command.type} />
              </td>
              <td>
                <Status of="commandStatus" status={command.status} />
              </td>
              <td>{command.tries}</td>
              <td>
                <Time at={command.created_at} compact />
              </td>
              <td class="untrusted">{command.error ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
