-- A rollback that ended in doubt is recognised when its release is seen, and its step counts then.
CREATE INDEX runs_doubted_rollbacks ON runs (host, subject_id, effect_at)
    WHERE rank = 'roll_back' AND outcome_code = 'in_doubt';
