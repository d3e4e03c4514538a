//! Running a plan: read, decide, apply, and begin anew when another writer was first.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use midwatch_service::port::store::{CommitError, StoreError};
use redis::{Script, Value};
use tokio::time::Instant;
use uuid::Uuid;

use super::Unit;
use super::ask::pipeline;
use crate::fault::{Fault, into_store};
use crate::keys::Keys;
use crate::link::{Link, Request};

/// How often a plan may begin anew because another writer was first. One of those that meet goes on each time.
const TRIES: u32 = 64;

/// How often a plan may ask for more. Each round reads what the last one pointed to.
const ROUNDS: usize = 64;

/// Reads in one pipeline.
const AT_ONCE: usize = 500;

/// The wait before it begins anew, for each time so far, up to the longest.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// How long the mark of a commit is kept, in milliseconds: far longer than anybody asks for it.
const MARKED: &str = "60000";

static APPLY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("apply.lua")));

/// What became of a unit.
enum Applied {
    Yes,
    /// Another writer was first.
    Conflict,
    /// It came too late, and did nothing; or the server's clock was set.
    Late,
}

/// Reads what a plan of reading asks for, and gives what it makes of it.
pub(crate) async fn look<T>(
    link: &Link,
    keys: &Keys,
    plan: impl Fn(&mut Unit) -> Result<T, Fault> + Send + Sync,
) -> Result<T, StoreError> {
    let mut unit = Unit::new(keys.clone());
    decide(link, link.deadline(), &mut unit, &plan).await.map_err(into_store)
}

/// Does what a plan decides, all of it or nothing.
pub(crate) async fn work<T>(
    link: &Link,
    keys: &Keys,
    plan: impl Fn(&mut Unit) -> Result<T, Fault> + Send + Sync,
) -> Result<T, CommitError> {
    let deadline = link.deadline();
    let mut unit = Unit::new(keys.clone());
    for tries in 0..TRIES {
        let decided = decide(link, deadline, &mut unit, &plan).await;
        if let Err(CommitError::Storage(_)) = decided {
            return decided;
        }
        // A refusal must be as true as a write: what it stands on was read in several rounds.
        let apply = decided.is_ok();
        match send(link, deadline, &unit, apply).await? {
            Applied::Yes => return decided,
            Applied::Late => link.ask_time().await?,
            Applied::Conflict => {
                link.conflicts.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep((PAUSE * tries).min(LONGEST_PAUSE)).await;
            }
        }
        unit = unit.again();
    }
    Err(CommitError::Storage(StoreError::Busy(format!("another writer was first, {TRIES} times in turn"))))
}

/// Runs a plan, reading what it asks for, until it decides.
async fn decide<T>(
    link: &Link,
    deadline: Instant,
    unit: &mut Unit,
    plan: &(impl Fn(&mut Unit) -> Result<T, Fault> + Send + Sync),
) -> Result<T, CommitError> {
    for _ in 0..ROUNDS {
        match plan(unit) {
            Err(Fault::Missing) => {}
            Err(fault) => return Err(fault.into_commit()),
            Ok(decided) => return Ok(decided),
        }
        unit.begin_anew();
        let wanted = unit.take_wanted();
        for some in wanted.chunks(AT_ONCE) {
            let answers: Vec<Value> = link.run(Request::Pipeline(&pipeline(some)), deadline).await?;
            for (ask, answer) in some.iter().zip(answers) {
                unit.learn(ask.clone(), answer);
            }
        }
    }
    Err(Fault::Missing.into_commit())
}

async fn send(link: &Link, deadline: Instant, unit: &Unit, apply: bool) -> Result<Applied, StoreError> {
    if !(unit.is_checked() || apply && !unit.changes_nothing()) {
        return Ok(Applied::Yes);
    }
    let mark = unit.keys().key(format_args!("took:{}", Uuid::now_v7().simple()));
    let (keys, arguments) = unit.arguments(apply);
    // Sent again after the connection broke, it finds its own mark and changes nothing. Once nobody waits for it any more, it
    // must not happen: it may still stand in the queue of a server that was frozen.
    let left = deadline.saturating_duration_since(Instant::now());
    let limit = i64::try_from(left.as_micros()).unwrap_or(i64::MAX);
    let latest = link.time().now().saturating_add(limit).to_string();
    let mut script = APPLY.key(&mark);
    for key in keys {
        script.key(key);
    }
    script.arg(&latest).arg(MARKED).arg(&arguments);
    let result: i64 = link.run(Request::Script(&script), deadline).await?;
    match result {
        0 => Ok(Applied::Yes),
        -1 => Ok(Applied::Late),
        _ => Ok(Applied::Conflict),
    }
}
