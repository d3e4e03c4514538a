//! The versions of the file, and how one becomes the next.
//!
//! Must never change a step that was released: a new version is a new step. Start at [`migrate`].

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;
use crate::fault::Fault;

/// The steps; a file of version n has made the first n.
const STEPS: [&str; 4] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

/// "MdWt", in the file's header, so that `file` and we can tell it from other databases.
const APPLICATION: i64 = 0x4d64_5774;

/// The newest version this program knows.
pub(crate) fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings a file up to date, all steps in one transaction. A file that is up to date is not written.
pub(crate) fn migrate(db: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let fail = |error: rusqlite::Error| storage(path, error);
    if check(db, path)? == known() {
        return Ok(());
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    let found = check(&transaction, path)?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step).map_err(fail)?;
    }
    transaction.pragma_update(None, "user_version", known()).map_err(fail)?;
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(fail)?;
    transaction.commit().map_err(fail)
}

/// The version of a file, if it is ours and not newer than we are; 0 for an empty one.
pub(crate) fn check(db: &Connection, path: &Path) -> Result<i64, OpenError> {
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| storage(path, error));
    let (found, application) = (number("PRAGMA user_version")?, number("PRAGMA application_id")?);
    let empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    if application != APPLICATION && !(empty && found == 0 && application == 0) {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    if found > known() {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: known() });
    }
    Ok(found)
}

fn storage(path: &Path, error: rusqlite::Error) -> OpenError {
    OpenError::Storage { path: path.to_owned(), source: Fault::from(error).into_store() }
}
