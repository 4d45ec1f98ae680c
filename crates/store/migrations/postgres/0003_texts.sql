-- Texts of the file, and when each came into force last, by this server's clock: of several nodes with different files all go by
-- the newest.
CREATE TABLE texts (
    hash  TEXT COLLATE "C" PRIMARY KEY,
    since BIGINT NOT NULL
);

-- The hash of a node's own file, and of the text that it goes by; `in_force` is that text. A node of the version before has neither.
ALTER TABLE engines ADD COLUMN own_hash TEXT COLLATE "C";
ALTER TABLE engines ADD COLUMN goes_by TEXT COLLATE "C";
-- Its own text, where it goes by another.
ALTER TABLE engines ADD COLUMN own TEXT;
-- From here on 2 is added to `drains` where it cannot read the text that it goes by, and works on nothing.
