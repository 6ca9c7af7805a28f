-- What goes wrong across shops: storms and cohorts, written by the fleet's object.

CREATE TABLE fleet_incidents (
  id               text PRIMARY KEY,
  revision         integer NOT NULL CHECK (revision > 0),
  kind             text NOT NULL CHECK (kind IN ('storm', 'cohort')),
  key              text NOT NULL,
  status           text NOT NULL CHECK (status IN ('open', 'resolved')),
  signal           jsonb NOT NULL,
  product          text,
  version          text,
  platform_version text,
  plugins          jsonb NOT NULL,
  plugin_count     integer NOT NULL CHECK (plugin_count >= 0),
  opened_at        timestamptz(3) NOT NULL,
  resolved_at      timestamptz(3),
  resolution       text,
  CONSTRAINT fleet_incidents_resolved CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
);

CREATE UNIQUE INDEX fleet_incidents_one_open ON fleet_incidents (key) WHERE status = 'open';
CREATE INDEX fleet_incidents_page ON fleet_incidents (opened_at DESC, id DESC);
