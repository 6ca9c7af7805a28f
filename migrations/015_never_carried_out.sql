-- A way back that was ordered in case the change had been carried out: where it never was, or nobody can tell, nothing was rolled back.

CREATE OR REPLACE FUNCTION attempt_may_move(old_status text, new_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT new_status = ANY (CASE old_status
    WHEN 'pending'           THEN ARRAY['awaiting_approval', 'staging', 'failed', 'expired', 'rejected', 'cancelled']
    WHEN 'awaiting_approval' THEN ARRAY['staging', 'failed', 'expired', 'rejected', 'cancelled']
    WHEN 'staging'           THEN ARRAY['applying', 'failed', 'expired', 'cancelled']
    WHEN 'applying'          THEN ARRAY['awaiting_approval', 'verifying', 'rolling_back', 'failed', 'expired', 'cancelled']
    WHEN 'verifying'         THEN ARRAY['success', 'rolling_back', 'rolled_back', 'rollback_failed', 'failed', 'cancelled']
    WHEN 'rolling_back'      THEN ARRAY['rolled_back', 'rollback_failed', 'expired']
    ELSE ARRAY[]::text[]
  END)
$$;
