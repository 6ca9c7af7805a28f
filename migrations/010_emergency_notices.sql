-- People are told when an emergency action over many shops begins and how it ends.

ALTER TABLE notifications
  DROP CONSTRAINT notifications_kind_check,
  ADD CONSTRAINT notifications_kind_check CHECK (kind IN (
    'incident_detected', 'approval_needed', 'patched', 'rolled_back', 'escalated', 'rollback_failed', 'incident_resolved',
    'fleet_incident_opened', 'fleet_incident_closed', 'autonomy_downgraded', 'autonomy_restored', 'release_halted',
    'address_disabled', 'digest', 'test', 'emergency_started', 'emergency_ended'
  ));
