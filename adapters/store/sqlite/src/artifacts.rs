//! Artifacts of jobs: text up to a cap, one of each name.

use midwatch_redact::Redacted;
use midwatch_service::id::JobId;
use midwatch_service::port::store::{ARTIFACT_CAP, Artifact, ArtifactInfo, CommitError};
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{count, micros, moment, word};

pub(crate) fn write(db: &Connection, new: &Artifact) -> Result<(), Fault> {
    let bytes = new.text.len();
    if bytes > ARTIFACT_CAP {
        return Err(CommitError::TooLarge { bytes }.into());
    }
    let job = new.job.to_string();
    if first(db, "SELECT 1 FROM jobs WHERE id = ?1", [&job], |_| Ok(()))?.is_none() {
        return Err(CommitError::NotFound(format!("job {job}")).into());
    }
    change(
        db,
        "INSERT OR REPLACE INTO artifacts (job, name, id, media_type, at, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (job, &new.name, new.id.to_string(), &new.media_type, micros(new.at), new.text.as_str()),
    )?;
    Ok(())
}

pub(crate) fn load(db: &Connection, job: JobId, name: &str) -> Result<Option<Artifact>, Fault> {
    first(db, "SELECT * FROM artifacts WHERE job = ?1 AND name = ?2", [&job.to_string(), name], |row| {
        Ok(Artifact {
            id: word("artifact", &row.get::<_, String>("id")?)?,
            job: word("job", &row.get::<_, String>("job")?)?,
            name: row.get("name")?,
            media_type: row.get("media_type")?,
            text: Redacted::kept(row.get("text")?),
            at: moment(row.get("at")?)?,
        })
    })
}

pub(crate) fn list(db: &Connection, job: JobId) -> Result<Vec<ArtifactInfo>, Fault> {
    // The plain length counts characters.
    let sql = "SELECT name, media_type, octet_length(text), at FROM artifacts WHERE job = ?1 ORDER BY name";
    all(db, sql, [job.to_string()], |row| {
        let bytes = count(row.get(2)?);
        Ok(ArtifactInfo { name: row.get(0)?, media_type: row.get(1)?, bytes, at: moment(row.get(3)?)? })
    })
}
