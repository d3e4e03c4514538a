-- The process that serves, and what is ordered of it. One at a time: the store is embedded.
CREATE TABLE replicas (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    until INTEGER NOT NULL,
    drain TEXT
) STRICT, WITHOUT ROWID;

-- The kill switch: a row when it is on.
CREATE TABLE kill_switch (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    body TEXT NOT NULL
) STRICT;

-- What happens inside jobs.
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_job ON events (job, number);
