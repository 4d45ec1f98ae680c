-- Readings in a few bytes. What was stored before is moved over in steps (see sqlite/moving.rs), and gone after step 9.
ALTER TABLE readings RENAME TO readings_before;
DROP INDEX readings_by_time;

-- A small number for each monitor that ever had a reading, and its interval.
CREATE TABLE monitor_numbers (
    number     INTEGER PRIMARY KEY,
    monitor_id TEXT NOT NULL UNIQUE,
    every_ms   BIGINT
);

-- What readings have in common, once for each monitor. Whoever writes readings looks a shape up at least once a day.
CREATE TABLE shapes (
    number  INTEGER PRIMARY KEY,
    monitor BIGINT NOT NULL,
    body    TEXT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX shapes_of_monitor ON shapes (monitor);
CREATE INDEX shapes_by_age ON shapes (used_at);

-- Readings while their hour runs: the number of the shape, and numbers.
CREATE TABLE readings (
    monitor  INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    packed   BLOB NOT NULL,
    PRIMARY KEY (monitor, begun_at)
) WITHOUT ROWID;

-- Readings of an hour, once it is over. Rows stand in the order of their hours, so that what goes together lies together.
CREATE TABLE blocks (
    number  INTEGER PRIMARY KEY,
    monitor BIGINT NOT NULL,
    hour    BIGINT NOT NULL,
    packed  BLOB NOT NULL
);
CREATE UNIQUE INDEX blocks_of_monitor ON blocks (monitor, hour);
CREATE INDEX blocks_by_hour ON blocks (hour);

-- What outlives them: span 0 holds the twelve times five minutes of an hour, 1 an hour, 2 a day of UTC.
CREATE TABLE rollups (
    number  INTEGER PRIMARY KEY,
    monitor BIGINT NOT NULL,
    span    BIGINT NOT NULL,
    start   BIGINT NOT NULL,
    packed  BLOB NOT NULL
);
CREATE UNIQUE INDEX rollups_of_monitor ON rollups (monitor, span, start);
CREATE INDEX rollups_by_age ON rollups (span, start);

-- Every reading that began up to then is in the state; what came since is folded in when it is read. Earlier versions wrote the
-- state with every reading.
ALTER TABLE monitor_states ADD COLUMN covers BIGINT;

-- How far hours are packed, and days rolled up.
UPDATE counters SET name = 'hours_until', value = 0 WHERE name = 'rolled_until';
INSERT INTO counters (name, value) VALUES ('days_until', 0);
