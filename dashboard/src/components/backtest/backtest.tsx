/** Trying a draft of the policy on the past, before it is saved: the days to replay, and what it would have said of them. */
import { useSignal } from "@preact/signals";
import type { BacktestReply } from "../../../../src/contract/backtest.ts";
import type { PolicyDocument } from "../../../../src/contract/policy.ts";
import { useAction, useApp } from "../../stores/context.ts";
import { BACKTEST_DAYS, type BacktestDays } from "../../view/backtest.ts";
import { sameJson } from "../../view/changes.ts";
import { SelectField } from "../field.tsx";
import { Trouble } from "../trouble.tsx";
import { BacktestReport } from "./backtest-report.tsx";

interface BacktestProps {
  document: PolicyDocument;
  /** False while a field is wrong: the server would refuse the draft. */
  isValid: boolean;
}

export function Backtest({ document, isValid }: BacktestProps) {
  const { api, t } = useApp();
  const days = useSignal<BacktestDays>("7");
  const result = useSignal<{ of: PolicyDocument; reply: BacktestReply } | null>(null);
  const action = useAction(
    (of: PolicyDocument, past: number) => api.backtest({ document: of, days: past }),
    (reply, of) => {
      result.value = { of, reply };
    },
  );
  return (
    <section class="backtest" aria-labelledby="backtest">
      <h3 id="backtest">{t("backtest.title")}</h3>
      <p class="field-hint">{t("backtest.hint")}</p>
      <SelectField
        label={t("backtest.days")}
        value={days.value}
        options={BACKTEST_DAYS.map((n) => [n, t("backtest.lastDays", { n })] as const)}
        onChange={(chosen) => {
          days.value = chosen;
        }}
      />
      <Trouble failure={action.failure.value} />
      <div class="buttons">
        <button
          type="button"
          class="button"
          disabled={action.busy.value || !isValid}
          data-testid="backtest-run"
          onClick={() => void action.run(document, Number(days.value))}
        >
          {t("backtest.run")}
        </button>
      </div>
      {action.busy.value && (
        <p class="loading" role="status">
          {t("backtest.running")}
        </p>
      )}
      {result.value && (
        <BacktestReport reply={result.value.reply} isOutdated={!sameJson(result.value.of, document)} />
      )}
    </section>
  );
}
