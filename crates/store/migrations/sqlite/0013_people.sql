-- Who may come in, and what was made in pages. Times are milliseconds since 1970 in UTC. Secrets are known by their hashes alone.

CREATE TABLE users (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    scope      TEXT NOT NULL,         -- read, operate, admin
    password   TEXT NOT NULL,         -- argon2, as a PHC string
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL,
    secret     TEXT NOT NULL UNIQUE,  -- SHA-256, in hexadecimal digits
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    address    TEXT NOT NULL,
    agent      TEXT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (until_at);

CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    scope      TEXT NOT NULL,         -- read, operate, admin
    secret     TEXT NOT NULL UNIQUE,  -- SHA-256, in hexadecimal digits
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    until_at   BIGINT,                -- nothing: until it is revoked
    seen_at    BIGINT
);
CREATE INDEX tokens_by_end ON tokens (until_at) WHERE until_at IS NOT NULL;

-- Secrets of this installation, each made once.
CREATE TABLE keys (
    name   TEXT PRIMARY KEY,
    secret BLOB NOT NULL
);

-- Monitors and reactions that were made in pages, as TOML. `came` is the version with which it came: their order.
CREATE TABLE made (
    id         TEXT PRIMARY KEY,
    family     TEXT NOT NULL,         -- monitor, reaction
    name       TEXT NOT NULL,
    text       TEXT NOT NULL,
    version    BIGINT NOT NULL,
    came       BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    UNIQUE (family, name)
);

-- The version of all that was made: each change takes the next, and a piece has that of its latest.
INSERT INTO counters (name, value) VALUES ('made', 0);
