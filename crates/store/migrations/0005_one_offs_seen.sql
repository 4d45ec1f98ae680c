-- One-off dynos that were seen of an app, and when each was first seen to be gone: readings count from its end.
ALTER TABLE sightings ADD COLUMN one_offs TEXT NOT NULL DEFAULT '[]';
