-- After an inconclusive health check a person is asked whether to keep the change; until when is null at any other time.

ALTER TABLE plugin_autopatch_attempts ADD COLUMN asked_until timestamptz(3);

-- What awaits a person's answer, whatever the number of attempts on record.
CREATE INDEX plugin_autopatch_attempts_asking ON plugin_autopatch_attempts (created_at DESC, id DESC)
  WHERE status = 'awaiting_approval' OR (status = 'verifying' AND asked_until IS NOT NULL);
