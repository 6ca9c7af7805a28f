/** The attempt as a row of steps, with the current one marked. */
import type { Attempt } from "../../../src/contract/attempt.ts";
import { useApp } from "../stores/context.ts";
import { stepsOf } from "../view/stepper.ts";
import { timeOfDay } from "../view/time.ts";

export function AttemptSteps({ attempt }: { attempt: Attempt }) {
  const { t, preferences } = useApp();
  return (
    <ol class="steps" aria-label={t("attempt.steps")}>
      {stepsOf(attempt).map((step) => (
        <li
          key={step.name}
          class={`step step-${step.state}`}
          aria-current={step.state === "current" ? "step" : undefined}
        >
          <span class="step-name">{t(`step.${step.name}`)}</span>
          <span class="step-state">{t(`stepState.${step.state}`)}</span>
          {step.at && step.state !== "skipped" && step.state !== "waiting" && (
            <time class="step-time" dateTime={step.at}>
              {timeOfDay(step.at, preferences.language.value)}
            </time>
          )}
        </li>
      ))}
    </ol>
  );
}
