-- What SIRA was told, by revision: a success that did not last is told again as a failure, and the highest revision counts.
-- Remedies are fixes without a version; the type spares reading it from the signature.

ALTER TABLE sira_learning_feedback
  ADD COLUMN revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
  ADD COLUMN remedy text,
  ADD COLUMN incident_type text,
  DROP CONSTRAINT sira_learning_feedback_pkey,
  ADD PRIMARY KEY (attempt_id, revision);

-- A rebuild reads a product's lessons in this order, page by page.
CREATE INDEX sira_learning_feedback_page ON sira_learning_feedback (product, finished_at, attempt_id, revision);
