-- The beginning. In the dialect that SQLite and PostgreSQL share: times are BIGINT milliseconds since 1970 in UTC, ids
-- are TEXT, structures are TEXT holding JSON. No foreign keys: what happened stays readable after what it happened to
-- was removed.

-- Numbers that must survive: the timeline's latest, and how far readings are rolled up.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('timeline', 0), ('rolled_until', 0);

-- Monitors and reactions, as they were defined last. Retired ones stay until nothing can refer to them.
CREATE TABLE definitions (
    noun       TEXT NOT NULL,   -- monitor, reaction
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    origin     TEXT NOT NULL,   -- file, store
    kind       TEXT NOT NULL,
    settings   TEXT NOT NULL,
    defined_at BIGINT NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (noun, id)
);
CREATE INDEX definitions_retired ON definitions (retired_at) WHERE retired_at IS NOT NULL;

CREATE TABLE monitor_states (
    monitor_id TEXT PRIMARY KEY,
    watched    TEXT NOT NULL,
    state      TEXT NOT NULL
);

CREATE TABLE holdings (
    monitor_id  TEXT NOT NULL,
    reaction_id TEXT NOT NULL,
    because     TEXT NOT NULL,
    since       BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    held_count  BIGINT NOT NULL,
    PRIMARY KEY (monitor_id, reaction_id)
);
CREATE INDEX holdings_by_reaction ON holdings (reaction_id);

CREATE TABLE readings (
    monitor_id TEXT NOT NULL,
    begun_at   BIGINT NOT NULL,
    took_us    BIGINT NOT NULL,
    verdict    TEXT NOT NULL,
    finding    TEXT NOT NULL,
    words      TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    PRIMARY KEY (monitor_id, begun_at)
);
-- For rolling up and removing, which go by time over all monitors.
CREATE INDEX readings_by_time ON readings (begun_at, monitor_id);

CREATE TABLE hourly (
    monitor_id    TEXT NOT NULL,
    hour          BIGINT NOT NULL,
    passing_count BIGINT NOT NULL,
    failing_count BIGINT NOT NULL,
    unknown_count BIGINT NOT NULL,
    took_us_sum   BIGINT NOT NULL,
    took_us_max   BIGINT NOT NULL,
    PRIMARY KEY (monitor_id, hour)
);
CREATE INDEX hourly_by_time ON hourly (hour);

-- What a run acts on is its subject: an app of Heroku's so far.
CREATE TABLE runs (
    id            TEXT PRIMARY KEY,
    subject_kind  TEXT NOT NULL,   -- heroku_app
    host          TEXT NOT NULL,   -- the API host
    subject_id    TEXT NOT NULL,   -- the app's id, which survives a rename
    subject_name  TEXT NOT NULL,   -- the app's name when the plan was made
    reaction_id   TEXT NOT NULL,
    reaction_name TEXT NOT NULL,
    actor         TEXT NOT NULL,   -- engine, person
    monitor_id    TEXT,
    monitor_name  TEXT,
    episode       BIGINT,
    person        TEXT,
    rank          TEXT NOT NULL,
    effect_kind   TEXT NOT NULL,
    process_type  TEXT,
    plan          TEXT NOT NULL,
    because       TEXT NOT NULL,
    state         TEXT NOT NULL,   -- queued, claimed, sent, ended
    queued_at     BIGINT NOT NULL,
    claimed_at    BIGINT,
    sent_at       BIGINT,
    look_at       BIGINT,
    ended_at      BIGINT,
    effect_at     BIGINT,          -- sent_at, for as long as the run took effect or may have
    outcome_code  TEXT,
    outcome       TEXT,
    release_made  BIGINT,
    refusals      BIGINT NOT NULL, -- with which the reaction's runs ended in a row, this one included
    request_ids   TEXT NOT NULL,
    node          TEXT,
    lease_until   BIGINT,
    fence         BIGINT NOT NULL
);
-- One running effect per app. A one-off dyno stands outside this order.
CREATE UNIQUE INDEX runs_one_at_a_time ON runs (subject_kind, host, subject_id)
    WHERE state IN ('claimed', 'sent') AND rank <> 'one_off';
CREATE INDEX runs_open ON runs (queued_at, id) WHERE state <> 'ended';
CREATE INDEX runs_open_of_subject ON runs (host, subject_id) WHERE state <> 'ended';
CREATE INDEX runs_by_effect ON runs (reaction_id, effect_at) WHERE effect_at IS NOT NULL;
CREATE INDEX runs_by_end ON runs (reaction_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX runs_by_age ON runs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX runs_outs ON runs (host, subject_id, effect_at) WHERE rank = 'out' AND effect_at IS NOT NULL;
CREATE INDEX runs_rollbacks ON runs (host, subject_id, release_made) WHERE release_made IS NOT NULL;
CREATE INDEX runs_by_name ON runs (subject_name, queued_at);
CREATE INDEX runs_by_reaction ON runs (reaction_id, queued_at);
CREATE INDEX runs_by_queued_at ON runs (queued_at);

-- History included: a pause that has ended still decides which readings are evidence.
CREATE TABLE pauses (
    scope_key   TEXT NOT NULL,   -- everything, app:NAME, reaction:ID
    paused_at   BIGINT NOT NULL,
    scope       TEXT NOT NULL,
    until_at    BIGINT,
    paused_by   TEXT NOT NULL,
    resumed_at  BIGINT,
    PRIMARY KEY (scope_key, paused_at)
);
CREATE UNIQUE INDEX pauses_one_per_scope ON pauses (scope_key) WHERE resumed_at IS NULL;

CREATE TABLE sightings (
    host         TEXT NOT NULL,
    app_id       TEXT NOT NULL,
    app_name     TEXT NOT NULL,
    app          TEXT NOT NULL,
    formation    TEXT NOT NULL,
    dynos        TEXT NOT NULL,
    releases     TEXT NOT NULL,
    been_up      TEXT NOT NULL,
    unsettled_at BIGINT,
    seen_at      BIGINT NOT NULL,
    PRIMARY KEY (host, app_id)
);
CREATE INDEX sightings_by_name ON sightings (host, app_name, seen_at);

CREATE TABLE timeline (
    number        BIGINT PRIMARY KEY,
    at            BIGINT NOT NULL,
    app           TEXT,
    monitor_id    TEXT,
    monitor_name  TEXT,
    reaction_id   TEXT,
    reaction_name TEXT,
    run_id        TEXT,
    event         TEXT NOT NULL
);
CREATE INDEX timeline_by_time ON timeline (at);
CREATE INDEX timeline_by_app ON timeline (app, number) WHERE app IS NOT NULL;
CREATE INDEX timeline_by_monitor ON timeline (monitor_id, number) WHERE monitor_id IS NOT NULL;
CREATE INDEX timeline_by_reaction ON timeline (reaction_id, number) WHERE reaction_id IS NOT NULL;
