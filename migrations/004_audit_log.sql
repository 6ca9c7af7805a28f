-- Who did what: insert-only, one hash chain per stream.
--
-- `seq` is set under the lock and is no identity column: an identity is drawn before the lock is held, so that under
-- concurrent writers the chain's order and the numbers' order would differ.

CREATE TABLE audit_log (
  stream    text NOT NULL,
  seq       bigint NOT NULL,
  id        text NOT NULL,
  at        timestamptz(3) NOT NULL,
  actor     text NOT NULL,
  action    text NOT NULL,
  subject   text NOT NULL,
  data      jsonb NOT NULL,
  prev_hash bytea NOT NULL,
  hash      bytea NOT NULL,
  PRIMARY KEY (stream, seq),
  CONSTRAINT audit_log_id UNIQUE (id),
  -- A fork of the chain cannot exist.
  CONSTRAINT audit_log_chain UNIQUE (stream, prev_hash)
);

CREATE INDEX audit_log_by_subject ON audit_log (subject, at);

-- SHA-256 over 0x00, the previous hash, and each field as a 4-byte length and its UTF-8 bytes: no two entries share bytes.
-- The leading 0x00 is the leaf prefix of RFC 9162, section 2.1.1.
CREATE FUNCTION audit_hash(prev_hash bytea, stream text, seq bigint, id text, at timestamptz, actor text,
                           action text, subject text, data jsonb) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  SELECT sha256('\x00'::bytea || prev_hash || string_agg(int4send(octet_length(bytes)) || bytes, ''::bytea ORDER BY n))
  FROM (
    SELECT n, convert_to(field, 'UTF8') AS bytes
    FROM unnest(ARRAY[stream, seq::text, id,
                      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                      actor, action, subject, data::text]) WITH ORDINALITY AS fields(field, n)
  ) AS encoded
$$;

CREATE FUNCTION audit_append() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  head record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit_log:' || NEW.stream, 0));
  SELECT a.seq, a.hash INTO head FROM public.audit_log a WHERE a.stream = NEW.stream ORDER BY a.seq DESC LIMIT 1;
  NEW.seq := coalesce(head.seq, 0) + 1;
  NEW.prev_hash := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
  NEW.hash := public.audit_hash(NEW.prev_hash, NEW.stream, NEW.seq, NEW.id, NEW.at, NEW.actor,
                                NEW.action, NEW.subject, NEW.data);
  RETURN NEW;
END
$$;

CREATE FUNCTION audit_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is insert-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_append BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_append();
CREATE TRIGGER audit_refuse_change BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse_truncate BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
-- ALWAYS: also in a session that plays a replica.
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_append;
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_refuse_change;
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_refuse_truncate;

-- Recomputes a stream from its first entry. `broken_at` is the first entry that does not follow from the one before it.
CREATE FUNCTION audit_verify(of_stream text, OUT entries bigint, OUT broken_at bigint, OUT head bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  SELECT count(*),
         min(seq) FILTER (WHERE NOT follows),
         (array_agg(hash ORDER BY seq DESC))[1]
  FROM (
    SELECT a.seq, a.hash,
           a.seq = row_number() OVER chain
           AND a.prev_hash = lag(a.hash, 1, decode(repeat('00', 32), 'hex')) OVER chain
           AND a.hash = public.audit_hash(a.prev_hash, a.stream, a.seq, a.id, a.at, a.actor, a.action, a.subject, a.data)
           AS follows
    FROM public.audit_log a WHERE a.stream = of_stream
    WINDOW chain AS (ORDER BY a.seq)
  ) AS links
$$;
