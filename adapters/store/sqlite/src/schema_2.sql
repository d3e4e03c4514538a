-- What was heard. While it waits, due_at is set; while somebody handles it, taken_by too, and due_at is the end of the
-- lease. Of what is handled only id and handled_at are left. waits: an earlier one of its lane is not handled.
CREATE TABLE heard (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    lane TEXT,
    body TEXT,
    due_at INTEGER,
    waits INTEGER NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    taken_by TEXT,
    why TEXT,
    handled_at INTEGER
) STRICT;
CREATE INDEX heard_in_order ON heard (number, due_at) WHERE due_at IS NOT NULL AND waits = 0;
CREATE INDEX heard_by_due ON heard (due_at) WHERE due_at IS NOT NULL AND waits = 0;
CREATE INDEX heard_by_lane ON heard (lane, number) WHERE due_at IS NOT NULL;
CREATE INDEX heard_by_end ON heard (handled_at) WHERE handled_at IS NOT NULL;

INSERT INTO counts VALUES ('heard', 0);
CREATE TRIGGER heard_counted AFTER INSERT ON heard BEGIN
    UPDATE counts SET n = n + 1 WHERE name = 'heard';
END;
CREATE TRIGGER heard_recounted AFTER UPDATE OF handled_at ON heard
    WHEN OLD.handled_at IS NULL AND NEW.handled_at IS NOT NULL BEGIN
    UPDATE counts SET n = n - 1 WHERE name = 'heard';
END;

-- What must happen once only, and who did it.
CREATE TABLE once (
    key TEXT PRIMARY KEY,
    by TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX once_by_age ON once (at);

-- until is the column's, and moves when a mute is ended; the body has the one it was made with.
CREATE TABLE mutes (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX mutes_by_end ON mutes (until);

-- One row of each person, who is known by platform, workspace (or nothing) and user.
CREATE TABLE feedback (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    user TEXT NOT NULL,
    by TEXT NOT NULL,
    helpful INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job, platform, workspace, user)
) STRICT, WITHOUT ROWID;

-- Jobs of a thread, newest first.
DROP INDEX jobs_by_thread;
CREATE INDEX jobs_by_thread ON jobs (thread, id) WHERE thread IS NOT NULL;

-- The outbox by channel. said_at: when the message was last sent or edited. waits: it was never sent, and one before it in
-- its thread is not settled; kept by triggers. call: what taking it now would be to a platform's limits, 0 a new message,
-- 1 an edit; NULL when nothing is to be sent, or it waits.
ALTER TABLE posts ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE posts ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN said_at INTEGER;
ALTER TABLE posts ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN call INTEGER GENERATED ALWAYS AS (
    CASE WHEN due_at IS NULL OR (message IS NULL AND waits = 1) THEN NULL ELSE message IS NOT NULL AND private = 0 END
) VIRTUAL;

-- Urgency 3 was progress; a finding has come before it.
UPDATE posts SET
    urgency = CASE urgency WHEN 3 THEN 4 ELSE urgency END,
    channel = (SELECT channel FROM threads WHERE id = posts.thread),
    waits = message IS NULL AND due_at IS NOT NULL AND EXISTS (
        SELECT 1 FROM posts AS e
        WHERE e.thread = posts.thread AND e.number < posts.number AND e.message IS NULL AND e.due_at IS NOT NULL);

DROP INDEX posts_by_urgency;
DROP INDEX posts_by_due;
CREATE INDEX posts_by_call ON posts (platform, channel, call, urgency, said_at, number, due_at) WHERE call IS NOT NULL;
CREATE INDEX posts_by_due ON posts (platform, channel, call, urgency, due_at) WHERE call IS NOT NULL;

CREATE TRIGGER posts_queued AFTER INSERT ON posts WHEN NEW.message IS NULL AND NEW.due_at IS NOT NULL BEGIN
    UPDATE posts SET waits = 1 WHERE number = NEW.number AND EXISTS (
        SELECT 1 FROM posts AS e INDEXED BY posts_unsent
        WHERE e.thread = NEW.thread AND e.number < NEW.number AND e.message IS NULL AND e.due_at IS NOT NULL);
END;
-- Sent or given up: the next one of its thread may go.
CREATE TRIGGER posts_settled AFTER UPDATE OF message, due_at ON posts
    WHEN OLD.message IS NULL AND OLD.due_at IS NOT NULL AND (NEW.message IS NOT NULL OR NEW.due_at IS NULL) BEGIN
    UPDATE posts SET waits = 0 WHERE number = (
        SELECT min(e.number) FROM posts AS e INDEXED BY posts_unsent
        WHERE e.thread = NEW.thread AND e.message IS NULL AND e.due_at IS NOT NULL);
END;
-- Given up, and now a newer revision: those after it wait for it again.
CREATE TRIGGER posts_revived AFTER UPDATE OF due_at ON posts
    WHEN NEW.message IS NULL AND OLD.due_at IS NULL AND NEW.due_at IS NOT NULL BEGIN
    UPDATE posts SET waits = number > (
        SELECT min(e.number) FROM posts AS e INDEXED BY posts_unsent
        WHERE e.thread = NEW.thread AND e.message IS NULL AND e.due_at IS NOT NULL)
    WHERE thread = NEW.thread AND message IS NULL AND due_at IS NOT NULL;
END;
