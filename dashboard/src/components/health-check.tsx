/** The health check after a patch: the countdown while it watches, then the verdict and the value that decided it. */
import type { Attempt, HealthVerdict } from "../../../src/contract/attempt.ts";
import { useApp, useNow } from "../stores/context.ts";
import { figure } from "../view/figures.ts";
import { watchOf } from "../view/stepper.ts";
import { duration } from "../view/time.ts";
import { Fact, Facts } from "./facts.tsx";
import { Status } from "./label.tsx";
import { Time } from "./time.tsx";

export function HealthCheck({ attempt }: { attempt: Attempt }) {
  return (
    <>
      {attempt.status === "verifying" && <Countdown attempt={attempt} />}
      {attempt.health && <Verdict verdict={attempt.health} />}
    </>
  );
}

function Countdown({ attempt }: { attempt: Attempt }) {
  const { t, policy, preferences } = useApp();
  const now = useNow();
  const intervals = policy.data.value?.document.intervals;
  const watch = intervals ? watchOf(attempt, now, intervals) : null;
  if (watch === null) return null;
  if (watch.phase === "overdue") return <p class="countdown">{t("watch.overdue")}</p>;
  const left = duration(watch.leftS, preferences.language.value);
  if (watch.phase === "asked")
    return (
      <p class="countdown">
        <span role="timer">{t("watch.asked", { left })}</span>
      </p>
    );
  return (
    <p class="countdown">
      <span role="timer">{t(watch.phase === "watching" ? "watch.left" : "watch.onLeft", { left })}</span>
      <progress max={1} value={watch.share} aria-label={t("watch.progress")} />
    </p>
  );
}

function Verdict({ verdict }: { verdict: HealthVerdict }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  return (
    <div class="verdict">
      <p>
        <Status of="verdict" status={verdict.verdict} testId="health-verdict" />{" "}
        <span class="untrusted">{verdict.explanation}</span>
      </p>
      <Facts>
        <Fact name={t("fact.rule")}>{verdict.rule}</Fact>
        {verdict.metric && <Fact name={t("fact.metric")}>{verdict.metric}</Fact>}
        <Fact name={t("fact.value")}>{figure(verdict.value, language)}</Fact>
        <Fact name={t("fact.bound")}>{figure(verdict.bound, language)}</Fact>
        <Fact name={t("fact.window")}>{duration(verdict.window_s, language)}</Fact>
        <Fact name={t("fact.at")}>
          <Time at={verdict.at} />
        </Fact>
      </Facts>
    </div>
  );
}
