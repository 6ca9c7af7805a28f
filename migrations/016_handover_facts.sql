-- What the gate was held against at hand-over, beside its verdicts there: storms and budgets differ from those before staging.

ALTER TABLE plugin_autopatch_attempts ADD COLUMN handover_facts jsonb;
