-- Signs of life: which engine works on this store, and how far it has read it.
CREATE TABLE engines (
    node        TEXT PRIMARY KEY,
    host        TEXT NOT NULL,
    process     BIGINT NOT NULL,
    since       BIGINT NOT NULL,
    renewed_at  BIGINT NOT NULL,
    read_up_to  BIGINT NOT NULL,   -- the number of a line of the timeline
    in_force    TEXT NOT NULL      -- the text of the file
);
