-- Run after every migration: what the Worker's role may do. Repeatable, and harmless where the role could not be made.
-- `vigie_app` owns nothing, defines nothing, deletes nothing. A new table must be named here to be seen by the Worker.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vigie_app') THEN
    CREATE ROLE vigie_app NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
  WHEN insufficient_privilege THEN
    RAISE NOTICE 'no privilege to create the role vigie_app: the Worker will have to connect as %', current_user;
END
$$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vigie_app') THEN
    RETURN;
  END IF;
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  REVOKE ALL ON ALL TABLES IN SCHEMA public FROM vigie_app;
  GRANT USAGE ON SCHEMA public TO vigie_app;
  GRANT SELECT, INSERT, UPDATE ON
    merchant_plugins, plugin_incidents, plugin_autopatch_attempts, plugin_agent_commands, ops_policy, plugin_releases, plugin_remedies,
    fleet_incidents, incident_votes, notifications, shadow_decisions
    TO vigie_app;
  GRANT SELECT, INSERT ON
    merchants, incident_events, approvals, sira_learning_feedback, ops_policy_history, audit_log
    TO vigie_app;
  -- A merchant's name is final; where it wants its notices is not.
  GRANT UPDATE (notify_revision, language, notify_url, notify_format, notify_secret, notify_disabled, notify_updated_at)
    ON merchants TO vigie_app;
  GRANT SELECT ON schema_migrations TO vigie_app;
END
$$;
