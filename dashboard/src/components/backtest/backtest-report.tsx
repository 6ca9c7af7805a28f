/** What a draft would have said of the past: totals, rules, changes of course, the incidents one by one, and what stays unknown. */
import type { BacktestReply } from "../../../../src/contract/backtest.ts";
import { useApp } from "../../stores/context.ts";
import { busyRules, courseRows, endedWords } from "../../view/backtest.ts";
import { Fact, Facts } from "../facts.tsx";
import { Word } from "../label.tsx";
import { Empty } from "../loaded.tsx";
import { Notes } from "../notes.tsx";
import { ScrollBox } from "../scroll-box.tsx";
import { Time } from "../time.tsx";
import { BacktestItems } from "./backtest-items.tsx";

/** @param isOutdated the draft has been edited since it was replayed */
export function BacktestReport({ reply, isOutdated }: { reply: BacktestReply; isOutdated: boolean }) {
  const { t } = useApp();
  return (
    <div data-testid="backtest-report">
      {isOutdated && (
        <p class="trouble" role="status">
          {t("backtest.outdated")}
        </p>
      )}
      <p>
        <Time at={reply.from} /> – <Time at={reply.until} />
      </p>
      {reply.truncated && <p class="trouble">{t("backtest.truncated", { n: reply.incidents })}</p>}
      <Facts>
        <Fact name={t("backtest.incidents")}>{reply.incidents}</Fact>
        <Fact name={t("backtest.replayed")}>{reply.replayed}</Fact>
        <Fact name={t("backtest.changed")}>{reply.changed}</Fact>
        <Fact name={t("backtest.withoutAttempt")}>{reply.without_attempt}</Fact>
        <Fact name={t("backtest.withoutFacts")}>{reply.not_replayable.without_facts}</Fact>
        <Fact name={t("backtest.byPeople")}>{reply.not_replayable.by_people}</Fact>
      </Facts>
      {reply.replayed === 0 ? (
        <Empty>{t("backtest.nothing")}</Empty>
      ) : (
        <>
          <Courses reply={reply} />
          <Rules reply={reply} />
          <Moves reply={reply} />
          <Ended reply={reply} />
          <BacktestItems items={reply.items} changed={reply.changed} />
        </>
      )}
      {reply.unknown.length > 0 && (
        <>
          <h4>{t("backtest.unknown")}</h4>
          <Notes notes={reply.unknown} />
        </>
      )}
    </div>
  );
}

function Courses({ reply }: { reply: BacktestReply }) {
  const { t } = useApp();
  return (
    <ScrollBox label={t("backtest.courses")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("backtest.course")}</th>
            <th scope="col">{t("backtest.was")}</th>
            <th scope="col">{t("backtest.would")}</th>
          </tr>
        </thead>
        <tbody>
          {courseRows(reply).map(({ course, was, would }) => (
            <tr key={course} class={was === would ? undefined : "changed"}>
              <th scope="row">
                <Word of="course" name={course} />
              </th>
              <td>{was}</td>
              <td>{would}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function Rules({ reply }: { reply: BacktestReply }) {
  const { t } = useApp();
  const rules = busyRules(reply);
  if (rules.length === 0) return <p>{t("backtest.noRule")}</p>;
  return (
    <>
      <h4>{t("backtest.byRule")}</h4>
      <ScrollBox label={t("backtest.byRule")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("gate.rule")}</th>
              <th scope="col">{t("backtest.forbids")}</th>
              <th scope="col">{t("backtest.asks")}</th>
            </tr>
          </thead>
          <tbody>
            {rules.map(({ rule, forbids, asks }) => (
              <tr key={rule}>
                <th scope="row">
                  <Word of="gateRule" name={rule} />
                </th>
                <td>{forbids}</td>
                <td>{asks}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </>
  );
}

function Moves({ reply: { moves } }: { reply: BacktestReply }) {
  const { t } = useApp();
  if (moves.length === 0) return <p>{t("backtest.noMove")}</p>;
  return (
    <>
      <h4>{t("backtest.moves")}</h4>
      <ul class="alternatives">
        {moves.map((move) => (
          <li key={`${move.was} ${move.would}`}>
            {move.count} × <Word of="course" name={move.was} /> → <Word of="course" name={move.would} />
            <EndedCounts ended={move.ended} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** How those ended then that the draft would let go by themselves: the nearest there is to a success rate. */
function Ended({ reply }: { reply: BacktestReply }) {
  const { t } = useApp();
  if (Object.keys(reply.would_be_automatic_ended).length === 0) return null;
  return (
    <p>
      {t("backtest.automaticEnded")}
      <EndedCounts ended={reply.would_be_automatic_ended} />
    </p>
  );
}

function EndedCounts({ ended }: { ended: Readonly<Record<string, number>> }) {
  return (
    <span class="row-facts">
      {Object.entries(ended).map(([name, n]) => (
        <span key={name}>
          <Word of={endedWords(name)} name={name} />: {n}
        </span>
      ))}
    </span>
  );
}
