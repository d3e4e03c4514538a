//! Connections with the settings that durability rests on; they are per connection, so all come from here.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// How long a statement waits for a lock that another program holds (a shell of sqlite3, a copy).
const BUSY: Duration = Duration::from_secs(5);

/// Statements kept prepared by each connection; there are fewer than that.
const STATEMENTS: usize = 128;

/// Bytes of the write-ahead log that stay allocated after a checkpoint.
const LOG_KEPT: i64 = 16 * 1024 * 1024;

/// Bytes of page cache of the writer and of each reader, in KiB as SQLite wants it (negative).
const WRITER_CACHE: i64 = -8 * 1024;
const READER_CACHE: i64 = -2 * 1024;

/// The one connection that writes. With `max_bytes` the file does not grow beyond; SQLite says "full" then.
pub(crate) fn writer(path: &Path, max_bytes: Option<u64>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    common(&db, WRITER_CACHE)?;
    // Only heeded while the file is empty.
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update_and_check(None, "journal_size_limit", LOG_KEPT, |_| Ok(()))?;
    if let Some(bytes) = max_bytes {
        let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
        db.pragma_update_and_check(None, "max_page_count", pages.max(1), |_| Ok(()))?;
    }
    Ok(db)
}

/// A connection that only reads.
pub(crate) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    common(&db, READER_CACHE)?;
    Ok(db)
}

fn common(db: &Connection, cache: i64) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cache_size", cache)
}
