-- Incidents: one row for each outage. What happened in one stands in the timeline, between its two times.
CREATE TABLE incidents (
    number       BIGINT PRIMARY KEY,
    subject      TEXT COLLATE "C" NOT NULL,   -- app:NAME, or monitor:NAME where it has to do with no app
    app          TEXT COLLATE "C",
    began_at     BIGINT NOT NULL,
    monitor_name TEXT,                  -- the first that failed; nothing where a run came to need a person
    cause        TEXT,                  -- why that one failed
    run_id       TEXT,                  -- the run that came to need a person
    ended_at     BIGINT,                -- nothing while it goes on
    ended_by     TEXT,                  -- passing, not_watched
    told         BIGINT NOT NULL,       -- 0 nothing, 1 the beginning, 2 the end
    UNIQUE (subject, began_at)
);
CREATE INDEX incidents_open ON incidents (number) WHERE ended_at IS NULL;
CREATE INDEX incidents_by_end ON incidents (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX incidents_of_app ON incidents (app, number) WHERE app IS NOT NULL;

-- The number of the latest incident.
INSERT INTO counters (name, value) VALUES ('incidents', 0);
