-- Moments are microseconds since 1970; ids are 32 hexadecimal digits, in the order they were made.

-- State that is about the store as a whole.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('leased', 0), ('mark', 0);

-- Rows by state, kept by triggers: the queue's bound is checked at every commit, so counting must cost nothing.
CREATE TABLE counts (
    name TEXT PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counts VALUES
    ('pending', 0), ('initializing', 0), ('running', 0), ('awaiting_approval', 0), ('completing', 0),
    ('completed', 0), ('failed', 0), ('timeout', 0), ('cancelled', 0), ('dead', 0), ('posts', 0);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    lost INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL,
    worker TEXT,
    lease_until INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    dead INTEGER NOT NULL DEFAULT 0,
    dedup TEXT,
    incident TEXT,
    thread TEXT,
    pack TEXT NOT NULL,
    spec TEXT NOT NULL,
    cancel TEXT,
    error TEXT,
    result TEXT
) STRICT;
CREATE UNIQUE INDEX jobs_live_dedup ON jobs (dedup)
    WHERE dedup IS NOT NULL AND state IN ('pending', 'initializing', 'running', 'awaiting_approval', 'completing');
CREATE INDEX jobs_by_priority ON jobs (priority DESC, created_at, id) WHERE state = 'pending';
CREATE INDEX jobs_by_run_at ON jobs (run_at, id) WHERE state = 'pending';
CREATE INDEX jobs_by_lease ON jobs (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_incident ON jobs (incident, id) WHERE incident IS NOT NULL;
CREATE INDEX jobs_by_thread ON jobs (thread) WHERE thread IS NOT NULL;
CREATE INDEX jobs_by_pack ON jobs (pack, id);
CREATE INDEX jobs_dead ON jobs (id) WHERE dead = 1;

CREATE TRIGGER jobs_counted AFTER INSERT ON jobs BEGIN
    UPDATE counts SET n = n + 1 WHERE name = NEW.state;
END;
CREATE TRIGGER jobs_recounted AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE counts SET n = n - 1 WHERE name = OLD.state;
    UPDATE counts SET n = n + 1 WHERE name = NEW.state;
END;
CREATE TRIGGER jobs_dead_recounted AFTER UPDATE OF dead ON jobs WHEN OLD.dead <> NEW.dead BEGIN
    UPDATE counts SET n = n + NEW.dead - OLD.dead WHERE name = 'dead';
END;
CREATE TRIGGER jobs_uncounted AFTER DELETE ON jobs BEGIN
    UPDATE counts SET n = n - 1 WHERE name = OLD.state;
    UPDATE counts SET n = n - OLD.dead WHERE name = 'dead';
END;

CREATE TABLE transitions (
    number INTEGER PRIMARY KEY,
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    worker TEXT,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX transitions_by_job ON transitions (job, number);

CREATE TABLE artifacts (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    media_type TEXT NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (job, name)
) STRICT;

CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    thread TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_open ON incidents (opened_at, id) WHERE closed_at IS NULL;
CREATE INDEX incidents_by_end ON incidents (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX incidents_by_thread ON incidents (thread);

-- A key belongs to one incident that is not closed, and to any number of closed ones.
CREATE TABLE incident_keys (
    key TEXT NOT NULL,
    incident TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    open INTEGER NOT NULL,
    PRIMARY KEY (incident, key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX incident_keys_open ON incident_keys (key) WHERE open = 1;
CREATE INDEX incident_keys_by_key ON incident_keys (key);

CREATE TABLE threads (
    id TEXT PRIMARY KEY,
    platform TEXT NOT NULL,
    channel TEXT NOT NULL,
    root TEXT,
    opened_at INTEGER NOT NULL,
    active_at INTEGER NOT NULL
) STRICT;
CREATE INDEX threads_by_root ON threads (platform, channel, root) WHERE root IS NOT NULL;
CREATE INDEX threads_by_activity ON threads (active_at);

CREATE TABLE memory (
    number INTEGER PRIMARY KEY,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX memory_by_thread ON memory (thread, number);

-- A message is settled when due_at is NULL. While a sender holds it, taken is the revision it sends and due_at the end of
-- its lease: so what its sender lost comes back by itself, and is known by taken still being set.
CREATE TABLE posts (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    platform TEXT NOT NULL,
    urgency INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    message TEXT,
    due_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,
    doubtful INTEGER NOT NULL DEFAULT 0,
    taken INTEGER,
    taken_by TEXT,
    fence INTEGER NOT NULL DEFAULT 0,
    why TEXT
) STRICT;
CREATE INDEX posts_by_urgency ON posts (platform, urgency, number) WHERE due_at IS NOT NULL;
CREATE INDEX posts_by_due ON posts (platform, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX posts_unsent ON posts (thread, number) WHERE message IS NULL AND due_at IS NOT NULL;
CREATE INDEX posts_by_thread ON posts (thread);

CREATE TRIGGER posts_counted AFTER INSERT ON posts BEGIN
    UPDATE counts SET n = n + (NEW.due_at IS NOT NULL) WHERE name = 'posts';
END;
CREATE TRIGGER posts_recounted AFTER UPDATE OF due_at ON posts
    WHEN (OLD.due_at IS NULL) <> (NEW.due_at IS NULL) BEGIN
    UPDATE counts SET n = n + (NEW.due_at IS NOT NULL) - (OLD.due_at IS NOT NULL) WHERE name = 'posts';
END;
CREATE TRIGGER posts_uncounted AFTER DELETE ON posts BEGIN
    UPDATE counts SET n = n - (OLD.due_at IS NOT NULL) WHERE name = 'posts';
END;

CREATE TABLE packs (
    name TEXT PRIMARY KEY,
    enabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The entry's JSON stands here byte for byte as it was sealed.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    entry TEXT NOT NULL,
    seal TEXT NOT NULL
) STRICT;
