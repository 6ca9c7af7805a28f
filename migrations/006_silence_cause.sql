-- Why a plugin is silent, and the status of a silence that fell into a storm of silences: open, and judged by nobody yet.

ALTER TABLE plugin_incidents
  ADD COLUMN cause text CHECK (cause IN ('shop_down', 'plugin_silent', 'ingest', 'unknown'));

ALTER TABLE plugin_incidents DROP CONSTRAINT plugin_incidents_status_check;
ALTER TABLE plugin_incidents ADD CONSTRAINT plugin_incidents_status_check
  CHECK (status IN ('open', 'unknown', 'healing', 'escalated', 'baking', 'resolved', 'dismissed'));

DROP INDEX plugin_incidents_one_open;
CREATE UNIQUE INDEX plugin_incidents_one_open ON plugin_incidents (plugin_id, dedupe_key)
  WHERE status IN ('open', 'unknown', 'healing', 'escalated', 'baking');
DROP INDEX plugin_incidents_open_by_severity;
CREATE INDEX plugin_incidents_open_by_severity ON plugin_incidents (severity)
  WHERE status IN ('open', 'unknown', 'healing', 'escalated', 'baking');
