//! `midwatch dead-letter`.
//!
//! Start at [`run`].

use std::process::ExitCode;

use jiff::Timestamp;
use midwatch_config::Settings;
use midwatch_conversation::answer::Answer;
use serde_json::Value;

use crate::cli::{DeadLetter, DeadLetters, OneJob};
use crate::failure::Failure;

use super::jobs::{detail, given, steered, whole};
use super::show;
use super::shown::{about, ago, cut, items, short, table, text};
use super::way::Way;

/// Sees or settles dead letters.
pub(super) async fn run(settings: &Settings, args: DeadLetter) -> Result<ExitCode, Failure> {
    match args {
        DeadLetter::List(args) => list(settings, &args).await?,
        DeadLetter::Show(args) => one(settings, &args).await?,
        DeadLetter::Replay(args) => settle(settings, &args, "replay", "waits again, from its first attempt").await?,
        DeadLetter::Discard(args) => settle(settings, &args, "discard", "is put away").await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(settings: &Settings, args: &DeadLetters) -> Result<(), Failure> {
    let way = Way::open(settings, &args.server).await?;
    let limit = args.limit.to_string();
    let mut query = vec![("dead", "true"), ("limit", limit.as_str())];
    query.extend(given(("pack", &args.pack)));
    let jobs = way.read(&["api", "v1", "jobs"], &query).await?;
    show(settings, &args.server, jobs, |jobs| rows(jobs, Timestamp::now()))
}

fn rows(list: &Value, now: Timestamp) -> Answer {
    let row = |job: &Value| {
        [
            short(&job["id"]),
            cut(&text(&job["pack"]), 24),
            ago(&job["finished_at"], now),
            text(&job["attempts"]),
            about(job),
            format!("{}: {}", text(&job["error"]["code"]), cut(&text(&job["error"]["message"]), 60)),
        ]
    };
    let rows = items(&list["jobs"]).map(row).collect();
    table(Answer::default(), ["JOB", "PACK", "SINCE", "ATTEMPTS", "ABOUT", "ERROR"], rows, "no dead letters")
}

async fn one(settings: &Settings, args: &OneJob) -> Result<(), Failure> {
    let way = Way::open(settings, &args.server).await?;
    let job = detail(&way, &args.job).await?;
    if job["dead"] != true {
        let (id, state) = (short(&job["id"]), text(&job["state"]));
        return Err(Failure::no_report(format!("job {id} is no dead letter: it is {state}")));
    }
    show(settings, &args.server, job, |job| whole(job, Timestamp::now()))
}

async fn settle(settings: &Settings, args: &OneJob, verb: &str, told: &str) -> Result<(), Failure> {
    let (client, id) = steered(settings, &args.server, &args.job).await?;
    let job = client.post(&["api", "v1", "dead-letters", &id, verb]).await.map_err(Failure::no_report)?;
    show(settings, &args.server, job, |job| Answer::text(format!("job {} {told}", short(&job["id"]))))
}
