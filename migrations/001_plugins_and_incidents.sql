-- Merchants, their plugins, and what went wrong with them.
--
-- Rows come from the outboxes of many objects, each in its own order. So there are no foreign keys: a row must never
-- have to wait for a row of another outbox. Instants have millisecond precision, as the wire has, so that a cursor made
-- from a row's text names exactly that row.

CREATE TABLE merchants (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  created_at  timestamptz(3) NOT NULL
);

CREATE TABLE merchant_plugins (
  id              text PRIMARY KEY,
  revision        integer NOT NULL CHECK (revision > 0),
  merchant_id     text NOT NULL,
  product         text NOT NULL,
  version         text NOT NULL,
  status          text NOT NULL
                  CHECK (status IN ('learning', 'healthy', 'degraded', 'healing', 'silent', 'goodbye')),
  site_url        text,
  env             jsonb NOT NULL,
  cadence         text NOT NULL CHECK (cadence IN ('resident', 'page-view')),
  telemetry       jsonb NOT NULL,
  open_incidents  integer NOT NULL CHECK (open_incidents >= 0),
  enrolled_at     timestamptz(3) NOT NULL,
  last_seen_at    timestamptz(3),
  credential_kind text CHECK (credential_kind IN ('hmac', 'ed25519')),
  -- AES-256-GCM, sealed by the Worker; Postgres never sees the secret itself.
  sealed_secret   text,
  public_key      text,
  CONSTRAINT merchant_plugins_credential CHECK (
    (credential_kind IS NULL AND sealed_secret IS NULL AND public_key IS NULL)
    OR (credential_kind = 'hmac' AND sealed_secret IS NOT NULL AND public_key IS NULL)
    OR (credential_kind = 'ed25519' AND sealed_secret IS NULL AND public_key IS NOT NULL)
  )
);

CREATE INDEX merchant_plugins_page ON merchant_plugins (enrolled_at DESC, id DESC);
CREATE INDEX merchant_plugins_by_product ON merchant_plugins (product, version);
CREATE INDEX merchant_plugins_by_merchant ON merchant_plugins (merchant_id);
CREATE INDEX merchant_plugins_by_status ON merchant_plugins (status);

CREATE TABLE plugin_incidents (
  id                 text PRIMARY KEY,
  revision           integer NOT NULL CHECK (revision > 0),
  plugin_id          text NOT NULL,
  merchant_id        text NOT NULL,
  product            text NOT NULL,
  version            text NOT NULL,
  type               text NOT NULL
                     CHECK (type IN ('webhook_fail_rate', 'webhook_disabled', 'error_spike', 'new_error', 'heartbeat_missed')),
  dedupe_key         text NOT NULL,
  signature          text NOT NULL,
  severity           text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
  status             text NOT NULL
                     CHECK (status IN ('open', 'healing', 'escalated', 'baking', 'resolved', 'dismissed')),
  signal             jsonb NOT NULL,
  telemetry_snapshot jsonb NOT NULL,
  decision           jsonb,
  onset_at           timestamptz(3),
  detected_at        timestamptz(3) NOT NULL,
  decided_at         timestamptz(3),
  acknowledged_by    text,
  acknowledged_at    timestamptz(3),
  resolved_at        timestamptz(3),
  resolution         text,
  reopened           integer NOT NULL CHECK (reopened >= 0)
);

-- A dedupe key need only be unique within its plugin.
CREATE UNIQUE INDEX plugin_incidents_one_open ON plugin_incidents (plugin_id, dedupe_key)
  WHERE status IN ('open', 'healing', 'escalated', 'baking');
CREATE INDEX plugin_incidents_page ON plugin_incidents (detected_at DESC, id DESC);
CREATE INDEX plugin_incidents_by_plugin ON plugin_incidents (plugin_id, detected_at DESC, id DESC);
CREATE INDEX plugin_incidents_by_merchant ON plugin_incidents (merchant_id, detected_at DESC, id DESC);
CREATE INDEX plugin_incidents_open_by_severity ON plugin_incidents (severity)
  WHERE status IN ('open', 'healing', 'escalated', 'baking');

-- The timeline: one line per thing that happened, never changed.
CREATE TABLE incident_events (
  id          text PRIMARY KEY,
  incident_id text NOT NULL,
  plugin_id   text NOT NULL,
  attempt_id  text,
  number      integer NOT NULL CHECK (number > 0),
  at          timestamptz(3) NOT NULL,
  kind        text NOT NULL,
  actor       text NOT NULL,
  text        text NOT NULL,
  data        jsonb NOT NULL
);

CREATE INDEX incident_events_timeline ON incident_events (incident_id, number);

CREATE TABLE notifications (
  id          text PRIMARY KEY,
  kind        text NOT NULL
              CHECK (kind IN ('incident_detected', 'approval_needed', 'patched', 'rolled_back', 'escalated', 'rollback_failed')),
  urgency     text NOT NULL CHECK (urgency IN ('page', 'notice')),
  incident_id text NOT NULL,
  plugin_id   text NOT NULL,
  title       text NOT NULL,
  text        text NOT NULL,
  at          timestamptz(3) NOT NULL
);

CREATE INDEX notifications_by_incident ON notifications (incident_id, at);
