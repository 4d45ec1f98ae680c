-- What came in by the keys of monitors: of each kind the newest few.
CREATE TABLE signals (
    monitor_id TEXT NOT NULL,
    number     BIGINT NOT NULL,    -- in the order in which they came, whatever a clock said
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,      -- awaited, started, passing, failing, neither
    words      TEXT NOT NULL,      -- cleaned and bounded
    PRIMARY KEY (monitor_id, number)
);
