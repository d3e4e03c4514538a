//! What people think of reports: the last word of each. It goes with the job.

use midwatch_service::id::JobId;
use midwatch_service::port::store::{CommitError, Feedback};
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{json, micros, moment, parse, word};

pub(crate) fn write(db: &Connection, new: &Feedback) -> Result<(), Fault> {
    let job = new.job.to_string();
    if first(db, "SELECT 1 FROM jobs WHERE id = ?1", [&job], |_| Ok(()))?.is_none() {
        return Err(CommitError::NotFound(format!("job {job}")).into());
    }
    // Groups and the channel of one person differ from press to press.
    let workspace = new.by.workspace.as_deref().unwrap_or_default();
    change(
        db,
        "INSERT OR REPLACE INTO feedback (job, platform, workspace, user, by, helpful, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (job, &new.by.platform, workspace, &new.by.user, json(&new.by)?, new.helpful, micros(new.at)),
    )?;
    Ok(())
}

pub(crate) fn list(db: &Connection, job: JobId) -> Result<Vec<Feedback>, Fault> {
    let sql = "SELECT * FROM feedback WHERE job = ?1 ORDER BY at, platform, workspace, user";
    all(db, sql, [job.to_string()], |row| {
        Ok(Feedback {
            job: word("job", &row.get::<_, String>("job")?)?,
            by: parse("a person", &row.get::<_, String>("by")?)?,
            helpful: row.get("helpful")?,
            at: moment(row.get("at")?)?,
        })
    })
}
