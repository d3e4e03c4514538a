//! Queries as every file here makes them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::fault::Fault;
use crate::value::moment;

/// Every row of a query as `read` makes it.
pub(crate) fn all<T>(
    db: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// A moment that a row holds in its first column.
pub(crate) fn earliest(
    db: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<Timestamp>, Fault> {
    let micros: Option<i64> = db.prepare_cached(sql)?.query_row(parameters, |row| row.get(0)).optional()?.flatten();
    micros.map(moment).transpose()
}

/// The first row of a query as `read` makes it.
pub(crate) fn first<T>(
    db: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    db.prepare_cached(sql)?.query_row(parameters, |row| Ok(read(row))).optional()?.transpose()
}

/// Changes rows; how many.
pub(crate) fn change(db: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<usize, Fault> {
    Ok(db.prepare_cached(sql)?.execute(parameters)?)
}
