-- One-off dynos that were seen of an app, and when each was first seen to be gone: readings count from its end.
ALTER TABLE sightings ADD COLUMN one_offs TEXT NOT NULL DEFAULT '[]';

-- A rollback in doubt that a person settled as done has made a release all the same, and only a look can tell which.
DROP INDEX runs_doubted_rollbacks;
CREATE INDEX runs_doubted_rollbacks ON runs (host, subject_id, effect_at)
    WHERE rank = 'roll_back' AND release_made IS NULL AND outcome_code IN ('in_doubt', 'done');
