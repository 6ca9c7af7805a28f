-- Everything that the publishers signed is final, not only the digest: what a release may be applied to and until when is as
-- much a part of it as its file. `revision`, `status` and `notes` are its standing.
CREATE OR REPLACE FUNCTION release_content_is_final() RETURNS trigger
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
