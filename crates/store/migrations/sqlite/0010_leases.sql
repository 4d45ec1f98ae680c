-- Shares of the work, where several engines work on one store: who holds which part, and until when.
CREATE TABLE leases (
    shard    BIGINT PRIMARY KEY,   -- 0 to 63
    node     TEXT,                 -- none once it was given back
    epoch    BIGINT NOT NULL,      -- how often it changed hands
    until_at BIGINT NOT NULL
);
ALTER TABLE engines ADD COLUMN drains BIGINT NOT NULL DEFAULT 0;   -- 1 where a person asked it to give its share to others
