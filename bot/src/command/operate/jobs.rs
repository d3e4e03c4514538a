//! `midwatch jobs`.
//!
//! Start at [`run`].

use std::process::ExitCode;

use jiff::Timestamp;
use midwatch_config::Settings;
use midwatch_conversation::answer::Answer;
use midwatch_redact::Redactor;
use midwatch_service::id::JobId;
use serde_json::{Value, json};

use crate::cli::{JobArtifacts, JobCancel, Jobs, JobsCompare, JobsList, OneJob};
use crate::failure::Failure;
use crate::{output, settings};

use super::shown::{about, ago, cut, facts, items, moment, short, table, text};
use super::way::{self, Way};
use super::{compare, follow, show};

/// Letters of an id that are enough to name one.
const PART: usize = 4;

/// Jobs among which one is found by a part of its id.
const RECENT: &str = "500";

/// Sees or steers jobs.
pub(super) async fn run(settings: &Settings, args: Jobs) -> Result<ExitCode, Failure> {
    match args {
        Jobs::List(args) => list(settings, &args).await?,
        Jobs::Show(args) => one(settings, &args).await?,
        Jobs::History(args) => history(settings, &args).await?,
        Jobs::Logs(args) => return follow::logs(settings, &args).await,
        Jobs::Artifacts(args) => artifacts(settings, &args).await?,
        Jobs::Watch(args) => return follow::watch(settings, &args).await,
        Jobs::Cancel(args) => cancel(settings, &args).await?,
        Jobs::Retry(args) => retry(settings, &args).await?,
        Jobs::Compare(args) => compared(settings, &args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(settings: &Settings, args: &JobsList) -> Result<(), Failure> {
    let way = Way::open(settings, &args.server).await?;
    let before = match &args.before {
        Some(part) => Some(named(&way, part).await?),
        None => None,
    };
    let limit = args.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend([("state", &args.state), ("pack", &args.pack), ("before", &before)].into_iter().filter_map(given));
    let jobs = way.read(&["api", "v1", "jobs"], &query).await?;
    show(settings, &args.server, jobs, |jobs| rows(jobs, Timestamp::now(), "no jobs"))
}

/// A parameter that was given.
pub(super) fn given<'a>((name, value): (&'a str, &'a Option<String>)) -> Option<(&'a str, &'a str)> {
    Some((name, value.as_deref()?))
}

/// Jobs as a table.
pub(super) fn rows(list: &Value, now: Timestamp, none: &str) -> Answer {
    let row = |job: &Value| {
        [
            short(&job["id"]),
            text(&job["state"]),
            text(&job["priority"]),
            cut(&text(&job["pack"]), 24),
            ago(&job["created_at"], now),
            about(job),
            outcome(job),
        ]
    };
    let rows = items(&list["jobs"]).map(row).collect();
    let answer = table(Answer::default(), ["JOB", "STATE", "PRIORITY", "PACK", "AGE", "ABOUT", "OUTCOME"], rows, none);
    match items(&list["jobs"]).last().filter(|_| list["next"].is_string()) {
        Some(oldest) => answer.with_text(format!("There are more: `--before {}`", short(&oldest["id"]))),
        None => answer,
    }
}

/// What came out, in a few words.
fn outcome(job: &Value) -> String {
    let code = &job["error"]["code"];
    match (job["result"]["verdict"].as_str(), code.as_str()) {
        (Some(verdict), _) => verdict.to_owned(),
        (None, Some(code)) if job["dead"] == true => format!("{code}, dead letter"),
        (None, Some(code)) => code.to_owned(),
        (None, None) => String::new(),
    }
}

async fn one(settings: &Settings, args: &OneJob) -> Result<(), Failure> {
    let way = Way::open(settings, &args.server).await?;
    let job = detail(&way, &args.job).await?;
    show(settings, &args.server, job, |job| whole(job, Timestamp::now()))
}

/// A job with its history, by its id or a part of it.
pub(super) async fn detail(way: &Way, part: &str) -> Result<Value, Failure> {
    let id = named(way, part).await?;
    way.read(&["api", "v1", "jobs", &id], &[]).await
}

/// Everything about a job.
pub(super) fn whole(job: &Value, now: Timestamp) -> Answer {
    let who = |by: &Value| match (by["platform"].as_str(), by["user"].as_str()) {
        (Some(platform), Some(user)) => format!("{platform}/{user}"),
        _ => String::new(),
    };
    let with_age = |at: &Value| match moment(at) {
        empty if empty.is_empty() => empty,
        told => format!("{told} ({} ago)", ago(at, now)),
    };
    let error = match job["error"]["code"].as_str() {
        Some(code) => format!("{code}: {}", text(&job["error"]["message"])),
        None => String::new(),
    };
    let cancel = match job["cancel"]["reason"].as_str() {
        Some(reason) => format!("by {}: {reason}", who(&job["cancel"]["by"])),
        None => String::new(),
    };
    let result = match job["result"]["verdict"].as_str() {
        Some(verdict) => format!("{verdict}: {}", text(&job["result"]["headline"])),
        None => String::new(),
    };
    let answer = facts(
        Answer::default(),
        &[
            ("job", text(&job["id"])),
            ("state", if job["dead"] == true { "failed, a dead letter".to_owned() } else { text(&job["state"]) }),
            ("about", about(job)),
            ("cluster", text(&job["cluster"])),
            ("task", text(&job["task"])),
            ("pack", text(&job["pack"])),
            ("priority", text(&job["priority"])),
            ("asked by", who(&job["asked_by"])),
            ("incident", text(&job["incident"])),
            ("accepted", with_age(&job["created_at"])),
            ("started", with_age(&job["started_at"])),
            ("ended", with_age(&job["finished_at"])),
            ("attempts", format!("{} of {}", text(&job["attempts"]), text(&job["max_attempts"]))),
            ("lost", job["lost"].as_u64().filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default()),
            ("worker", text(&job["worker"])),
            ("stopped", cancel),
            ("error", error),
            ("result", result),
        ],
    );
    steps(answer, &job["history"])
}

async fn history(settings: &Settings, args: &OneJob) -> Result<(), Failure> {
    let way = Way::open(settings, &args.server).await?;
    let job = detail(&way, &args.job).await?;
    let told = json!({"id": job["id"], "state": job["state"], "history": job["history"]});
    show(settings, &args.server, told, |told| steps(Answer::default(), &told["history"]))
}

fn steps(answer: Answer, history: &Value) -> Answer {
    let row = |step: &Value| {
        [moment(&step["at"]), text(&step["to"]), text(&step["attempt"]), cut(&text(&step["reason"]), 100)]
    };
    table(answer, ["AT", "STATE", "ATTEMPT", "WHY"], items(history).map(row).collect(), "nothing happened yet")
}

async fn artifacts(settings: &Settings, args: &JobArtifacts) -> Result<(), Failure> {
    let way = Way::open(settings, &args.server).await?;
    let id = named(&way, &args.job).await?;
    if let Some(name) = &args.name {
        let kept = way.text(&["api", "v1", "jobs", &id, "artifacts", name]).await?;
        return output::print_exactly(&redactor(settings).redact_text(&kept));
    }
    let list = way.read(&["api", "v1", "jobs", &id, "artifacts"], &[]).await?;
    show(settings, &args.server, list, |list| {
        let row = |one: &Value| [text(&one["name"]), text(&one["media_type"]), text(&one["bytes"]), moment(&one["at"])];
        let rows = items(&list["artifacts"]).map(row).collect();
        table(Answer::default(), ["NAME", "TYPE", "BYTES", "MADE"], rows, "this job keeps nothing")
    })
}

fn redactor(settings: &Settings) -> Redactor {
    settings::redactor(settings)
}

async fn cancel(settings: &Settings, args: &JobCancel) -> Result<(), Failure> {
    let (client, id) = steered(settings, &args.server, &args.job).await?;
    let reason = args.reason.as_deref().unwrap_or("stopped from the command line");
    let asked = client.send(&["api", "v1", "jobs", &id, "cancel"], &json!({"reason": reason})).await;
    show(settings, &args.server, asked.map_err(Failure::no_report)?, |job| {
        let (id, state) = (short(&job["id"]), text(&job["state"]));
        Answer::text(match state.as_str() {
            "cancelled" => format!("job {id} is stopped"),
            "completed" | "failed" | "timeout" => format!("job {id} had ended already: it is {state}"),
            _ => format!("job {id} is asked to stop; its worker does so within seconds"),
        })
    })
}

async fn retry(settings: &Settings, args: &OneJob) -> Result<(), Failure> {
    let (client, id) = steered(settings, &args.server, &args.job).await?;
    let asked = client.post(&["api", "v1", "jobs", &id, "retry"]).await.map_err(Failure::no_report)?;
    show(settings, &args.server, asked, |job| {
        let new = short(&job["id"]);
        Answer::text(format!("job {} does it again; to follow it: `midwatch jobs watch {new}`", text(&job["id"])))
    })
}

/// The server, and the job that is meant.
pub(super) async fn steered(
    settings: &Settings,
    server: &crate::cli::Server,
    part: &str,
) -> Result<(crate::client::Client, String), Failure> {
    let way = Way::Server(way::server(settings, server).await?);
    let id = named(&way, part).await?;
    match way {
        Way::Server(client) => Ok((client, id)),
        Way::Store(_) => Err(Failure::no_report("only a running server can do this")),
    }
}

async fn compared(settings: &Settings, args: &JobsCompare) -> Result<(), Failure> {
    let way = Way::open(settings, &args.server).await?;
    let (one, other) = (named(&way, &args.one).await?, named(&way, &args.other).await?);
    let (first, second) = (report(&way, &one).await?, report(&way, &other).await?);
    let told = compare::reports((&one, &first), (&other, &second));
    show(settings, &args.server, told, compare::words)
}

async fn report(way: &Way, id: &str) -> Result<Value, Failure> {
    let report = way.read(&["api", "v1", "jobs", id, "report"], &[]).await?;
    // While there is none the answer is the job.
    if report["verdict"].is_string() {
        return Ok(report);
    }
    Err(Failure::no_report(format!("job {id} has no report yet: it is {}", text(&report["state"]))))
}

/// The whole id of a job that is named by it, or by a part of it that no other has.
pub(super) async fn named(way: &Way, part: &str) -> Result<String, Failure> {
    let part = part.trim();
    if let Ok(id) = part.parse::<JobId>() {
        return Ok(id.to_string());
    }
    let wanted = part.to_ascii_lowercase();
    if wanted.len() < PART || !wanted.chars().all(|c| c.is_ascii_hexdigit()) {
        let why = format!("`{}` is no id: ids are hexadecimal, and {PART} characters of one are enough", cut(part, 60));
        return Err(Failure::usage(why));
    }
    let jobs = way.read(&["api", "v1", "jobs"], &[("limit", RECENT)]).await?;
    let found: Vec<String> = items(&jobs["jobs"])
        .map(|job| text(&job["id"]))
        .filter(|id| id.starts_with(&wanted) || id.ends_with(&wanted))
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::no_report(format!("there is no job `{wanted}` among the newest {RECENT}"))),
        several => {
            let shown = several.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
            Err(Failure::no_report(format!(
                "`{wanted}` fits {} jobs, such as {shown}; write more of it",
                several.len()
            )))
        }
    }
}
