-- Attempts to heal, the people who approved them, the commands they sent, what was learned.

CREATE TABLE plugin_autopatch_attempts (
  id               text PRIMARY KEY,
  revision         integer NOT NULL CHECK (revision > 0),
  incident_id      text NOT NULL,
  plugin_id        text NOT NULL,
  merchant_id      text NOT NULL,
  product          text NOT NULL,
  action           text NOT NULL
                   CHECK (action IN ('patch', 'rollback', 'config', 'resubscribe', 'escalate', 'monitor')),
  from_version     text NOT NULL,
  target_version   text,
  sha256           text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  step             text CHECK (step IN ('patch', 'minor', 'major', 'downgrade')),
  status           text NOT NULL
                   CHECK (status IN ('pending', 'awaiting_approval', 'staging', 'applying', 'verifying', 'rolling_back',
                                     'success', 'rolled_back', 'rollback_failed', 'failed', 'expired', 'rejected', 'cancelled')),
  requested_by     text NOT NULL,
  decision         jsonb NOT NULL,
  evidence_hash    text NOT NULL CHECK (evidence_hash ~ '^[0-9a-f]{64}$'),
  approvals_needed integer NOT NULL CHECK (approvals_needed >= 0),
  approvals        jsonb NOT NULL,
  gate             jsonb NOT NULL,
  handover_gate    jsonb,
  staging          jsonb,
  health           jsonb,
  command_id       text,
  rollback_reason  text GENERATED ALWAYS AS
                   (CASE WHEN status IN ('rolling_back', 'rolled_back', 'rollback_failed') THEN reason END) STORED,
  reason           text,
  reverts          text,
  created_at       timestamptz(3) NOT NULL,
  staged_at        timestamptz(3),
  handed_over_at   timestamptz(3),
  executed_at      timestamptz(3),
  rolled_back_at   timestamptz(3),
  finished_at      timestamptz(3),
  CONSTRAINT plugin_autopatch_attempts_end CHECK (
    (finished_at IS NOT NULL)
    = (status IN ('success', 'rolled_back', 'rollback_failed', 'failed', 'expired', 'rejected', 'cancelled'))
  )
);

CREATE UNIQUE INDEX plugin_autopatch_attempts_one_in_flight ON plugin_autopatch_attempts (plugin_id)
  WHERE status IN ('pending', 'awaiting_approval', 'staging', 'applying', 'verifying', 'rolling_back');
CREATE INDEX plugin_autopatch_attempts_page ON plugin_autopatch_attempts (created_at DESC, id DESC);
CREATE INDEX plugin_autopatch_attempts_by_incident ON plugin_autopatch_attempts (incident_id, created_at);
CREATE INDEX plugin_autopatch_attempts_by_plugin ON plugin_autopatch_attempts (plugin_id, created_at DESC, id DESC);
CREATE INDEX plugin_autopatch_attempts_by_release ON plugin_autopatch_attempts (product, target_version);
CREATE INDEX plugin_autopatch_attempts_finished ON plugin_autopatch_attempts (finished_at) WHERE finished_at IS NOT NULL;

-- The arrows, as data that a test compares with the core's own table.
CREATE FUNCTION attempt_may_move(old_status text, new_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT new_status = ANY (CASE old_status
    WHEN 'pending'           THEN ARRAY['awaiting_approval', 'staging', 'failed', 'expired', 'rejected', 'cancelled']
    WHEN 'awaiting_approval' THEN ARRAY['staging', 'failed', 'expired', 'rejected', 'cancelled']
    WHEN 'staging'           THEN ARRAY['applying', 'failed', 'expired', 'cancelled']
    WHEN 'applying'          THEN ARRAY['verifying', 'rolling_back', 'failed', 'expired', 'cancelled']
    WHEN 'verifying'         THEN ARRAY['success', 'rolling_back', 'rolled_back', 'rollback_failed', 'failed', 'cancelled']
    WHEN 'rolling_back'      THEN ARRAY['rolled_back', 'rollback_failed']
    ELSE ARRAY[]::text[]
  END)
$$;

CREATE FUNCTION attempt_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- The step that opens an attempt may already have taken its first move.
    IF NEW.status = 'pending' OR public.attempt_may_move('pending', NEW.status) THEN
      RETURN NULL;
    END IF;
    RAISE EXCEPTION 'attempt % may not begin as %', NEW.id, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_moves', TABLE = TG_TABLE_NAME;
  END IF;
  IF OLD.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'attempt % is finished (%) and never changes', OLD.id, OLD.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_moves', TABLE = TG_TABLE_NAME;
  END IF;
  IF NEW.revision <= OLD.revision THEN
    RAISE EXCEPTION 'attempt % is at revision % already', OLD.id, OLD.revision
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_moves', TABLE = TG_TABLE_NAME;
  END IF;
  IF (NEW.id, NEW.plugin_id, NEW.incident_id, NEW.created_at)
     IS DISTINCT FROM (OLD.id, OLD.plugin_id, OLD.incident_id, OLD.created_at) THEN
    RAISE EXCEPTION 'attempt % may not change what it is about', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_moves', TABLE = TG_TABLE_NAME;
  END IF;
  IF NEW.status <> OLD.status AND NOT public.attempt_may_move(OLD.status, NEW.status) THEN
    RAISE EXCEPTION 'attempt % may not move from % to %', OLD.id, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_moves', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END
$$;

-- AFTER, because an upsert fires BEFORE INSERT triggers also for the row that it then turns into an update.
CREATE TRIGGER attempt_begins AFTER INSERT ON plugin_autopatch_attempts
  FOR EACH ROW EXECUTE FUNCTION attempt_moves();
CREATE TRIGGER attempt_moves BEFORE UPDATE ON plugin_autopatch_attempts
  FOR EACH ROW EXECUTE FUNCTION attempt_moves();

-- One vote per person and evidence: when the evidence changes, the vote is void and may be given anew.
CREATE TABLE approvals (
  attempt_id    text NOT NULL,
  person        text NOT NULL,
  evidence_hash text NOT NULL CHECK (evidence_hash ~ '^[0-9a-f]{64}$'),
  decision      text NOT NULL CHECK (decision IN ('approve', 'reject')),
  reason        text NOT NULL,
  at            timestamptz(3) NOT NULL,
  -- One person may answer twice: to begin a change, and later whether to keep it.
  PRIMARY KEY (attempt_id, person, evidence_hash, at)
);

CREATE TABLE plugin_agent_commands (
  id              text PRIMARY KEY,
  revision        integer NOT NULL CHECK (revision > 0),
  plugin_id       text NOT NULL,
  attempt_id      text,
  number          integer NOT NULL CHECK (number > 0),
  type            text NOT NULL CHECK (type IN ('update', 'rollback', 'config', 'probe')),
  status          text NOT NULL
                  CHECK (status IN ('queued', 'handed_over', 'acknowledged', 'failed', 'expired', 'cancelled', 'superseded')),
  payload         jsonb NOT NULL,
  policy_revision integer,
  tries           integer NOT NULL CHECK (tries >= 0),
  created_at      timestamptz(3) NOT NULL,
  handed_over_at  timestamptz(3),
  finished_at     timestamptz(3),
  expires_at      timestamptz(3) NOT NULL,
  error           text
);

CREATE INDEX plugin_agent_commands_by_plugin ON plugin_agent_commands (plugin_id, number DESC);
CREATE INDEX plugin_agent_commands_by_attempt ON plugin_agent_commands (attempt_id) WHERE attempt_id IS NOT NULL;

-- One row per finished attempt: what SIRA was told.
CREATE TABLE sira_learning_feedback (
  attempt_id     text PRIMARY KEY,
  incident_id    text NOT NULL,
  plugin_id      text NOT NULL,
  product        text NOT NULL,
  signature      text NOT NULL,
  env            jsonb NOT NULL,
  from_version   text NOT NULL,
  action         text NOT NULL
                 CHECK (action IN ('patch', 'rollback', 'config', 'resubscribe', 'escalate', 'monitor')),
  target_version text,
  confidence     double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  outcome        text NOT NULL CHECK (outcome IN ('success', 'rolled_back', 'failed', 'inconclusive')),
  reason         text NOT NULL,
  finished_at    timestamptz(3) NOT NULL
);

CREATE INDEX sira_learning_feedback_by_fix ON sira_learning_feedback (product, signature, target_version);
