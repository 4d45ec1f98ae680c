-- A rollback that ended in doubt is recognised when its release is seen, and its step counts then.
CREATE INDEX runs_doubted_rollbacks ON runs (host, subject_id, effect_at)
    WHERE rank = 'roll_back' AND outcome_code = 'in_doubt';

-- Beside when an app was last seen unsettled: from when on each reaction counts the time that it gives it to settle.
ALTER TABLE sightings ADD COLUMN unsettled_from BIGINT;
