-- What a round saw of each app that the file names, for those who ask; no choice is made on it.
CREATE TABLE glimpses (
    host             TEXT NOT NULL,
    app_name         TEXT NOT NULL,
    maintenance      BIGINT NOT NULL,   -- 1 or 0
    release_version  BIGINT,            -- the current one, where releases were looked at
    release_since    BIGINT,            -- when it was made
    seen_at          BIGINT NOT NULL,
    PRIMARY KEY (host, app_name)
);
