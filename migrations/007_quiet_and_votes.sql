-- What keeps an incident quiet, that it comes and goes, and what people thought of it afterwards. A resolved incident that
-- comes back moves to an open status again under a higher revision: nothing here forbids that.

ALTER TABLE plugin_incidents
  ADD COLUMN flapping       boolean NOT NULL DEFAULT false,
  -- Each { by, reason, until }.
  ADD COLUMN snoozed        jsonb,
  ADD COLUMN muted          jsonb,
  ADD COLUMN in_maintenance jsonb;

-- One vote for each person; the latest counts. The audit log has them all.
CREATE TABLE incident_votes (
  incident_id text NOT NULL,
  plugin_id   text NOT NULL,
  person      text NOT NULL,
  revision    integer NOT NULL CHECK (revision > 0),
  vote        text NOT NULL CHECK (vote IN ('useful', 'not_actionable', 'false_positive')),
  reason      text NOT NULL,
  at          timestamptz(3) NOT NULL,
  PRIMARY KEY (incident_id, person)
);

CREATE INDEX incident_votes_by_time ON incident_votes (at);
