-- What language models took. Kept longer than its job may be, so it hangs on none.
CREATE TABLE spent (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    job TEXT NOT NULL,
    platform TEXT NOT NULL,
    user TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    micro_usd INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_by_age ON spent (at);
CREATE INDEX spent_by_user ON spent (platform, user, at);
CREATE INDEX spent_by_job ON spent (job);

-- Reports as they are found by their words, which the index holds; kept in step by triggers.
CREATE TABLE reports (
    number INTEGER PRIMARY KEY,
    job TEXT NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    headline TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE report_words USING fts5 (
    headline, text, content = 'reports', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER reports_indexed AFTER INSERT ON reports BEGIN
    INSERT INTO report_words (rowid, headline, text) VALUES (NEW.number, NEW.headline, NEW.text);
END;
CREATE TRIGGER reports_forgotten AFTER DELETE ON reports BEGIN
    INSERT INTO report_words (report_words, rowid, headline, text)
    VALUES ('delete', OLD.number, OLD.headline, OLD.text);
END;
CREATE TRIGGER reports_reindexed AFTER UPDATE ON reports BEGIN
    INSERT INTO report_words (report_words, rowid, headline, text)
    VALUES ('delete', OLD.number, OLD.headline, OLD.text);
    INSERT INTO report_words (rowid, headline, text) VALUES (NEW.number, NEW.headline, NEW.text);
END;

-- Of earlier reports the headline is found.
INSERT INTO reports (job, at, verdict, headline, text)
    SELECT id, finished_at, json_extract(result, '$.verdict'), json_extract(result, '$.headline'), '' FROM jobs
    WHERE result IS NOT NULL AND finished_at IS NOT NULL ORDER BY finished_at;
