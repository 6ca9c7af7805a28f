-- Mode `shadow`: what would have been done, and what became of the incident without it. And what each gate was held against.

CREATE TABLE shadow_decisions (
  id               text PRIMARY KEY,
  revision         integer NOT NULL CHECK (revision > 0),
  incident_id      text NOT NULL,
  plugin_id        text NOT NULL,
  merchant_id      text NOT NULL,
  product          text NOT NULL,
  action           text NOT NULL CHECK (action IN ('patch', 'rollback', 'config', 'resubscribe', 'escalate', 'monitor')),
  from_version     text NOT NULL,
  target_version   text,
  decision         jsonb NOT NULL,
  would            text NOT NULL CHECK (would IN ('go', 'wait_approval', 'wait_canary', 'forbid')),
  why              text,
  approvals_needed integer NOT NULL CHECK (approvals_needed >= 0),
  gate             jsonb NOT NULL,
  gate_facts       jsonb NOT NULL,
  policy_revision  integer NOT NULL CHECK (policy_revision >= 0),
  at               timestamptz(3) NOT NULL,
  outcome          text CHECK (outcome IN ('cleared', 'same_fix', 'other_fix', 'dismissed', 'superseded')),
  outcome_text     text,
  outcome_at       timestamptz(3)
);

CREATE INDEX shadow_decisions_page ON shadow_decisions (at DESC, id DESC);
CREATE INDEX shadow_decisions_by_incident ON shadow_decisions (incident_id);

ALTER TABLE plugin_autopatch_attempts
  ADD COLUMN gate_facts jsonb,
  -- The published settings that an attempt of action `config` applies.
  ADD COLUMN remedy     text;

-- In mode `shadow` nothing is patched automatically either. The expression of a generated column cannot be changed everywhere.
ALTER TABLE ops_policy DROP COLUMN autopatch_enabled;
ALTER TABLE ops_policy ADD COLUMN autopatch_enabled boolean NOT NULL GENERATED ALWAYS AS
  (document -> 'kill_switch' = 'false'::jsonb AND document ->> 'mode' NOT IN ('off', 'shadow')) STORED;
