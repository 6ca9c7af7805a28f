-- Notices to ops and to merchants: what became of each, and where a merchant wants its own. Rows of before have no status.

ALTER TABLE notifications
  ALTER COLUMN incident_id DROP NOT NULL,
  ALTER COLUMN plugin_id DROP NOT NULL,
  DROP CONSTRAINT notifications_kind_check,
  ADD CONSTRAINT notifications_kind_check CHECK (kind IN (
    'incident_detected', 'approval_needed', 'patched', 'rolled_back', 'escalated', 'rollback_failed', 'incident_resolved',
    'fleet_incident_opened', 'fleet_incident_closed', 'autonomy_downgraded', 'autonomy_restored', 'release_halted',
    'address_disabled', 'digest', 'test'
  )),
  ADD COLUMN revision          integer NOT NULL DEFAULT 1 CHECK (revision > 0),
  ADD COLUMN audience          text NOT NULL DEFAULT 'ops' CHECK (audience IN ('ops', 'merchant')),
  ADD COLUMN merchant_id       text,
  ADD COLUMN fleet_incident_id text,
  ADD COLUMN attempt_id        text,
  ADD COLUMN status            text CHECK (status IN ('queued', 'sent', 'held', 'digested', 'failed', 'skipped')),
  -- Why it was held back, skipped or given up.
  ADD COLUMN detail            text,
  -- The digest that spoke of it instead.
  ADD COLUMN digest_id         text,
  ADD COLUMN sent_at           timestamptz(3);

CREATE INDEX notifications_page ON notifications (at DESC, id DESC);
CREATE INDEX notifications_by_merchant ON notifications (merchant_id, at DESC, id DESC);

ALTER TABLE merchants
  ADD COLUMN notify_revision     integer NOT NULL DEFAULT 0 CHECK (notify_revision >= 0),
  ADD COLUMN language            text CHECK (language IN ('en', 'fr')),
  -- As it may be shown; the address itself may hold a token and is sealed with the secret.
  ADD COLUMN notify_url          text,
  ADD COLUMN notify_format       text CHECK (notify_format IN ('vigie', 'slack')),
  ADD COLUMN notify_secret       text,
  -- Why nothing is sent there any more.
  ADD COLUMN notify_disabled     text,
  ADD COLUMN notify_updated_at   timestamptz(3);
