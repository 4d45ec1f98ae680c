-- What people are told: threads, and the notices in them. A notice is due, claimed, and sent, given up or skipped.
CREATE TABLE threads (
    key       TEXT PRIMARY KEY,
    channel   TEXT NOT NULL,
    subject   TEXT NOT NULL,      -- JSON: incidents, lines of the timeline, a run, a channel, or a day
    opened_at BIGINT NOT NULL,
    latest_at BIGINT NOT NULL,
    sequence  BIGINT NOT NULL,    -- of the latest notice
    untold    TEXT NOT NULL,      -- nothing, more, trouble
    closed_at BIGINT,             -- nothing while more may be told
    handle    TEXT,               -- JSON: by what the service knows the first of them
    sent      BIGINT NOT NULL     -- how many of its notices were taken
);
CREATE INDEX threads_open ON threads (opened_at) WHERE closed_at IS NULL;
CREATE INDEX threads_by_end ON threads (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE notices (
    thread      TEXT NOT NULL,
    sequence    BIGINT NOT NULL,
    channel     TEXT NOT NULL,
    about       TEXT NOT NULL,
    notice      TEXT NOT NULL,    -- JSON, cleaned and bounded
    made_at     BIGINT NOT NULL,
    state       TEXT NOT NULL,    -- due, claimed, sent, given_up, skipped
    due_at      BIGINT NOT NULL,  -- of one that is claimed: when its lease ends
    first_at    BIGINT,           -- the first try
    tries       BIGINT NOT NULL,
    fence       BIGINT NOT NULL,
    ended_at    BIGINT,
    why         TEXT,             -- what the latest try met with
    PRIMARY KEY (thread, sequence)
);
CREATE INDEX notices_owed ON notices (due_at) WHERE ended_at IS NULL;
CREATE INDEX notices_by_end ON notices (channel, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX notices_given_up ON notices (ended_at) WHERE state = 'given_up';
CREATE INDEX notices_made ON notices (made_at);

-- What is not all told of is asked for each second.
CREATE INDEX incidents_untold ON incidents (number) WHERE told < 2;

-- From which line of the timeline on it is to be asked what is to be told (0: nothing was told yet), and how often something was.
INSERT INTO counters (name, value) VALUES ('told_until', 0), ('tellings', 0);
