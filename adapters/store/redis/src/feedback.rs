//! What people think of reports: the last word of each. It goes with the job.
//!
//! ```text
//! feedback:JOB   hash: a person, by platform, workspace and user -> what they said
//! ```

use jiff::Timestamp;
use midwatch_service::id::JobId;
use midwatch_service::job::Actor;
use midwatch_service::port::store::Feedback;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::jobs;
use crate::keys::Keys;
use crate::unit::{Cell, Unit};
use crate::value::{json, parse};

/// What one person said.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    by: Actor,
    helpful: bool,
    at: Timestamp,
}

/// The feedback on a job; it goes with it.
pub(crate) fn of(keys: &Keys, job: JobId) -> String {
    keys.key(format_args!("feedback:{job}"))
}

pub(crate) fn write(unit: &mut Unit, new: &Feedback) -> Result<(), Fault> {
    jobs::cells::must_exist(unit, new.job)?;
    let who = json(&who(&new.by))?;
    let said = json(&Said { by: new.by.clone(), helpful: new.helpful, at: new.at })?;
    let key = of(unit.keys(), new.job);
    unit.set(Cell::field(key, who), Some(said));
    Ok(())
}

pub(crate) fn list(unit: &mut Unit, job: JobId) -> Result<Vec<Feedback>, Fault> {
    let key = of(unit.keys(), job);
    let said = unit.ask(["HVALS", &key])?;
    let said = said.iter().map(|text| parse::<Said>("feedback", text));
    let said = said.map(|said| said.map(|Said { by, helpful, at }| Feedback { job, by, helpful, at }));
    let mut all = said.collect::<Result<Vec<Feedback>, Fault>>()?;
    all.sort_by(|a, b| (a.at, who(&a.by)).cmp(&(b.at, who(&b.by))));
    Ok(all)
}

/// Groups and the channel of one person differ from press to press.
fn who(by: &Actor) -> (&str, &str, &str) {
    (&by.platform, by.workspace.as_deref().unwrap_or_default(), &by.user)
}
