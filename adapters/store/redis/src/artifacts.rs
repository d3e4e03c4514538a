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
use crate::value::{json, number, parse};

/// An artifact without its text.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    id: ArtifactId,
    media_type: String,
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
    let about = json(&About { id: new.id, media_type: new.media_type.clone(), at: new.at })?;
    let key = of(unit.keys(), new.job);
    unit.set(Cell::field(key.clone(), about_field(&new.name)), Some(about));
    unit.set(Cell::field(key, text_field(&new.name)), Some(new.text.as_str().to_owned()));
    Ok(())
}

pub(crate) fn load(unit: &mut Unit, job: JobId, name: &str) -> Result<Option<Artifact>, Fault> {
    let key = of(unit.keys(), job);
    let read = unit.ask(["HMGET", &key, &about_field(name), &text_field(name)])?;
    let [about, text] = read.as_slice() else { return Ok(None) };
    let About { id, media_type, at } = parse("an artifact", about)?;
    Ok(Some(Artifact { id, job, name: name.to_owned(), media_type, text: Redacted::kept(text.clone()), at }))
}

pub(crate) fn list(unit: &mut Unit, job: JobId) -> Result<Vec<ArtifactInfo>, Fault> {
    let key = of(unit.keys(), job);
    let fields = unit.ask(["HKEYS", &key])?;
    let mut names: Vec<&str> = fields.iter().filter_map(|field| field.strip_prefix("about:")).collect();
    names.sort_unstable();
    let read = all(names.iter().map(|name| {
        let about = unit.peek(&Cell::field(key.clone(), about_field(name)));
        let bytes = unit.ask(["HSTRLEN", &key, &text_field(name)]);
        Ok((*name, about?, bytes?))
    }))?;
    let kept = read.into_iter().filter_map(|(name, about, bytes)| Some((name, about?, bytes)));
    kept.map(|(name, about, bytes)| {
        let About { media_type, at, .. } = parse("an artifact", &about)?;
        let bytes = bytes.first().map_or(Ok(0), |bytes| number::<u64>("size", bytes))?;
        Ok(ArtifactInfo { name: name.to_owned(), media_type, bytes, at })
    })
    .collect()
}

fn about_field(name: &str) -> String {
    format!("about:{name}")
}

fn text_field(name: &str) -> String {
    format!("text:{name}")
}
