-- What may be done by itself, and with which releases.

-- One row. The document is written by the policy authority; the flat columns are derived from it, so that the two
-- cannot disagree. Setting a flat column by hand is an error instead of a switch that nothing obeys.
CREATE TABLE ops_policy (
  id                     integer PRIMARY KEY CHECK (id = 1),
  revision               integer NOT NULL CHECK (revision >= 0),
  document               jsonb NOT NULL,
  autopatch_enabled      boolean NOT NULL GENERATED ALWAYS AS
                         (document -> 'kill_switch' = 'false'::jsonb AND document ->> 'mode' <> 'off') STORED,
  autopatch_whitelist    jsonb NOT NULL GENERATED ALWAYS AS
                         (CASE WHEN document #> '{whitelist,all}' = 'true'::jsonb THEN '["*"]'::jsonb
                               ELSE document #> '{whitelist,merchants}' END) STORED,
  autopatch_max_severity text NOT NULL GENERATED ALWAYS AS (document ->> 'max_severity') STORED
                         CHECK (autopatch_max_severity IN ('low', 'medium', 'high', 'critical')),
  updated_at             timestamptz(3) NOT NULL,
  updated_by             text NOT NULL,
  reason                 text NOT NULL
);

CREATE TABLE ops_policy_history (
  revision   integer PRIMARY KEY CHECK (revision >= 0),
  document   jsonb NOT NULL,
  changed_by text NOT NULL,
  reason     text NOT NULL,
  changed_at timestamptz(3) NOT NULL
);

CREATE TABLE plugin_releases (
  revision     integer NOT NULL CHECK (revision > 0),
  product      text NOT NULL,
  version      text NOT NULL,
  sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  size         integer NOT NULL CHECK (size > 0),
  min_from     text NOT NULL,
  reversible   boolean NOT NULL,
  expires      timestamptz(3) NOT NULL,
  status       text NOT NULL CHECK (status IN ('active', 'halted', 'blocked')),
  signed       jsonb NOT NULL,
  notes        text NOT NULL,
  published_by text NOT NULL,
  published_at timestamptz(3) NOT NULL,
  PRIMARY KEY (product, version)
);

CREATE INDEX plugin_releases_page ON plugin_releases (published_at DESC, product, version);

-- Everything that the publishers signed is final, not only the digest: what a release may be applied to and until when is
-- as much a part of it as its file. `revision`, `status` and `notes` are its standing.
CREATE FUNCTION release_content_is_final() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF (NEW.product, NEW.version, NEW.sha256, NEW.size, NEW.min_from, NEW.reversible, NEW.expires, NEW.signed,
      NEW.published_by, NEW.published_at)
     IS DISTINCT FROM
     (OLD.product, OLD.version, OLD.sha256, OLD.size, OLD.min_from, OLD.reversible, OLD.expires, OLD.signed,
      OLD.published_by, OLD.published_at) THEN
    RAISE EXCEPTION 'release %@% is published and its content never changes', OLD.product, OLD.version
      USING ERRCODE = 'check_violation', CONSTRAINT = 'release_content_is_final', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER release_content_is_final BEFORE UPDATE ON plugin_releases
  FOR EACH ROW EXECUTE FUNCTION release_content_is_final();
