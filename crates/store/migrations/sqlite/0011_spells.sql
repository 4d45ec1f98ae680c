-- Stretches of time in which a monitor was failing, or unknown, without a break. The latest one may go on.
CREATE TABLE spells (
    monitor      BIGINT NOT NULL,
    began_at     BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    verdict      TEXT NOT NULL,     -- failing, unknown
    cause        TEXT NOT NULL,     -- that of its first reading
    readings     BIGINT NOT NULL,
    silence_ms   BIGINT NOT NULL,   -- the longest time within it without a reading
    then_verdict TEXT,              -- what ended it; nothing where nobody looked any more, or has not yet
    PRIMARY KEY (monitor, began_at)
);
CREATE INDEX spells_by_age ON spells (ended_at);

-- The spell that is open at the end of the hour, empty where none is. Without a value its spells are not made yet.
ALTER TABLE blocks ADD COLUMN left_open BLOB;
CREATE INDEX blocks_without_spells ON blocks (monitor, hour) WHERE left_open IS NULL;
