-- What apps told by their log drains, counted by slots of ten seconds: a row for each node that was told something.
CREATE TABLE slots (
    app  TEXT NOT NULL,
    at   INTEGER NOT NULL,         -- when the slot begins
    node TEXT NOT NULL,         -- who was told; rows of one slot add up
    told BLOB NOT NULL,           -- what it comes to
    PRIMARY KEY (app, at, node)
);

-- What is too old is found by its age, whatever app it is of.
CREATE INDEX slots_by_age ON slots (at);
