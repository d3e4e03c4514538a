//! Artifacts of jobs: text up to a cap, one of each name.
//!
//! ```text
//! artifacts:JOB   hash: about:NAME (what it is), text:NAME (what it says)
//! ```

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::id::{ArtifactId, JobId};
use midwatch_service::port::store::{ARTIFACT_CAP, Artifact, ArtifactInfo, CommitError};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::jobs;
use crate::keys::Keys;
use crate::rounds::all;
use crate::unit::{Cell, Unit};
use crate::value::{json, parse};

/// What the field of an artifact begins with that tells of it without its text.
const ABOUT: &str = "about:";

/// An artifact without its text.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    id: ArtifactId,
    media_type: String,
    bytes: usize,
    at: Timestamp,
}

/// The artifacts of a job; they go with it.
pub(crate) fn of(keys: &Keys, job: JobId) -> String {
    keys.key(format_args!("artifacts:{job}"))
}

pub(crate) fn write(unit: &mut Unit, new: &Artifact) -> Result<(), Fault> {
    let bytes = new.text.len();
    if bytes > ARTIFACT_CAP {
        return Err(CommitError::TooLarge { bytes }.into());
    }
    jobs::cells::must_exist(unit, new.job)?;
    let about = json(&About { id: new.id, media_type: new.media_type.clone(), bytes, at: new.at })?;
    let key = of(unit.keys(), new.job);
    unit.set(Cell::field(key.clone(), about_field(&new.name)), Some(about));
    unit.set(Cell::field(key, text_field(&new.name)), Some(new.text.as_str().to_owned()));
    Ok(())
}

pub(crate) fn load(unit: &mut Unit, job: JobId, name: &str) -> Result<Option<Artifact>, Fault> {
    let key = of(unit.keys(), job);
    let read = unit.ask(["HMGET", &key, &about_field(name), &text_field(name)])?;
    let [about, text] = read.as_slice() else { return Ok(None) };
    let About { id, media_type, at, .. } = parse("an artifact", about)?;
    Ok(Some(Artifact { id, job, name: name.to_owned(), media_type, text: Redacted::kept(text.clone()), at }))
}

/// By name, without what they say.
pub(crate) fn list(unit: &mut Unit, job: JobId) -> Result<Vec<ArtifactInfo>, Fault> {
    let key = of(unit.keys(), job);
    let mut fields = unit.ask(["HKEYS", &key])?;
    fields.retain(|field| field.starts_with(ABOUT));
    fields.sort_unstable();
    let listed = all(fields.iter().map(|field| {
        let read = unit.peek(&Cell::field(key.clone(), field))?;
        let Some(about) = read else { return Ok(None) };
        let About { media_type, bytes, at, .. } = parse("an artifact", &about)?;
        let name = field.strip_prefix(ABOUT).unwrap_or_default().to_owned();
        Ok(Some(ArtifactInfo { name, media_type, bytes: u64::try_from(bytes).unwrap_or(u64::MAX), at }))
    }))?;
    Ok(listed.into_iter().flatten().collect())
}

fn about_field(name: &str) -> String {
    format!("{ABOUT}{name}")
}

fn text_field(name: &str) -> String {
    format!("text:{name}")
}
