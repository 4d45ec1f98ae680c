-- What others changed of an app, as far as it was seen; and how often an app was acted on of late.
ALTER TABLE sightings ADD COLUMN foreign_changes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE sightings ADD COLUMN formation_at BIGINT;   -- when the formation was looked at last
ALTER TABLE sightings ADD COLUMN releases_at BIGINT;    -- when the releases were
CREATE INDEX runs_effects_of_subject ON runs (host, subject_id, effect_at) WHERE effect_at IS NOT NULL;
