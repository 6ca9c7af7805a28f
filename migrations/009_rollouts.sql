-- A release may be paused, says who brought it to its standing, and has settings beside it: remedies.

ALTER TABLE plugin_releases DROP CONSTRAINT plugin_releases_status_check;
ALTER TABLE plugin_releases
  ADD CONSTRAINT plugin_releases_status_check CHECK (status IN ('active', 'paused', 'halted', 'blocked')),
  -- { by, at, reason }; null while nobody has changed its status.
  ADD COLUMN standing jsonb;

CREATE TABLE plugin_remedies (
  id           text PRIMARY KEY CHECK (id ~ '^rmd_[A-Za-z0-9_-]{8,48}$'),
  revision     integer NOT NULL CHECK (revision > 0),
  product      text NOT NULL,
  title        text NOT NULL,
  -- Kinds of incidents that it answers.
  "for"        jsonb NOT NULL,
  "set"        jsonb NOT NULL,
  min_version  text,
  max_version  text,
  status       text NOT NULL CHECK (status IN ('active', 'paused', 'halted', 'blocked')),
  standing     jsonb,
  published_by text NOT NULL,
  published_at timestamptz(3) NOT NULL
);

CREATE INDEX plugin_remedies_page ON plugin_remedies (published_at DESC, id);

-- What a remedy sets is as final as the file of a release: what was approved, and what was learned of it, is about these settings.
CREATE FUNCTION remedy_content_is_final() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF (NEW.id, NEW.product, NEW.title, NEW."for", NEW."set", NEW.min_version, NEW.max_version, NEW.published_by,
      NEW.published_at)
     IS DISTINCT FROM
     (OLD.id, OLD.product, OLD.title, OLD."for", OLD."set", OLD.min_version, OLD.max_version, OLD.published_by,
      OLD.published_at) THEN
    RAISE EXCEPTION 'remedy % is published and its content never changes', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'remedy_content_is_final', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER remedy_content_is_final BEFORE UPDATE ON plugin_remedies
  FOR EACH ROW EXECUTE FUNCTION remedy_content_is_final();
