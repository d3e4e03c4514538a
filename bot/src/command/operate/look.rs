//! `midwatch stats`, `slow`, `errors`, `health` and `spend`.
//!
//! Start at [`stats`].

use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::Timestamp;
use midwatch_config::Settings;
use midwatch_conversation::answer::Answer;
use serde_json::Value;

use crate::cli::{Server, Slow, Window};
use crate::failure::Failure;

use super::jobs::given;
use super::show;
use super::shown::{about, ago, cut, items, lasting, moment, percent, short, table, text};
use super::way::Way;

async fn asked(settings: &Settings, args: &Window, what: &str, more: &[(&str, &str)]) -> Result<Value, Failure> {
    let way = Way::open(settings, &args.server).await?;
    let query: Vec<_> = given(("last", &args.last)).into_iter().chain(more.iter().copied()).collect();
    way.read(&["api", "v1", what], &query).await
}

/// What is said where not all of the window was looked at.
fn bounded(answer: Answer, told: &Value) -> Answer {
    if told["whole"] == false {
        return answer.with_text("These are the newest of the window only: it holds more than are looked at.");
    }
    answer
}

/// Figures by pack.
pub(super) async fn stats(settings: &Settings, args: &Window) -> Result<ExitCode, Failure> {
    let told = asked(settings, args, "stats", &[]).await?;
    show(settings, &args.server, told, |told| {
        let all = items(&told["packs"]).chain(Some(&told["total"]));
        let quantiles = |of: &Value| match of {
            Value::Null => String::new(),
            of => [&of["p50"], &of["p95"], &of["p99"]].map(lasting).join(" "),
        };
        let row = |one: &Value| {
            [
                one["pack"].as_str().unwrap_or("all").to_owned(),
                text(&one["jobs"]),
                one["jobs_per_hour"].as_f64().map(|rate| format!("{rate:.1}")).unwrap_or_default(),
                text(&one["live"]),
                (one["failed"].as_u64().unwrap_or(0) + one["timeout"].as_u64().unwrap_or(0)).to_string(),
                percent(&one["error_share"]),
                quantiles(&one["execution"]),
                quantiles(&one["waiting"]),
            ]
        };
        let head = ["PACK", "JOBS", "PER HOUR", "LIVE", "ERRORS", "SHARE", "RAN p50 p95 p99", "WAITED p50 p95 p99"];
        let answer = Answer::text(format!("Jobs accepted since {}:", moment(&told["since"])));
        bounded(table(answer, head, all.map(row).collect(), "no jobs"), told)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Jobs that took long.
pub(super) async fn slow(settings: &Settings, args: &Slow) -> Result<ExitCode, Failure> {
    let more: Vec<_> = given(("threshold", &args.threshold)).into_iter().collect();
    let told = asked(settings, &args.window, "slow", &more).await?;
    show(settings, &args.window.server, told, |told| {
        let row = |slow: &Value| {
            let job = &slow["job"];
            [
                short(&job["id"]),
                lasting(&slow["execution_seconds"]),
                lasting(&slow["waiting_seconds"]),
                text(&job["state"]),
                cut(&text(&job["pack"]), 24),
                about(job),
            ]
        };
        let rows: Vec<_> = items(&told["jobs"]).map(row).collect();
        let (shown, found) = (rows.len() as u64, told["found"].as_u64().unwrap_or_default());
        let none = format!("no job took so long since {}", moment(&told["since"]));
        let answer = table(Answer::default(), ["JOB", "RAN", "WAITED", "STATE", "PACK", "ABOUT"], rows, &none);
        let answer = if found > shown { answer.with_text(format!("And {} more.", found - shown)) } else { answer };
        bounded(answer, told)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Errors by code and pack.
pub(super) async fn errors(settings: &Settings, args: &Window) -> Result<ExitCode, Failure> {
    let told = asked(settings, args, "errors", &[]).await?;
    show(settings, &args.server, told, |told| {
        let now = Timestamp::now();
        let row = |one: &Value| {
            [
                text(&one["code"]),
                text(&one["meaning"]),
                text(&one["pack"]),
                text(&one["ended"]),
                text(&one["tried_again"]),
                text(&one["dead_letters"]),
            ]
        };
        let example = |one: &Value| [text(&one["message"]), short(&one["job"]), ago(&one["at"], now)];
        let rows = items(&told["errors"]).map(row).collect();
        let none = format!("no errors since {}", moment(&told["since"]));
        let head = ["CODE", "MEANING", "PACK", "ENDED", "TRIED AGAIN", "DEAD LETTERS"];
        let mut answer = table(Answer::default(), head, rows, &none);
        for group in items(&told["errors"]) {
            let of = format!("{} in pack {}:", text(&group["code"]), text(&group["pack"]));
            let examples = items(&group["examples"]).map(example);
            let examples = examples.map(|[message, job, at]| [job, at, cut(&message, 100)]).collect();
            answer = table(answer.with_text(of), ["JOB", "AGE", "SAID"], examples, "no examples");
        }
        bounded(answer, told)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// How everything does. That it takes no work is the answer to the question, so the code is 1.
pub(super) async fn health(settings: &Settings, server: &Server) -> Result<ExitCode, Failure> {
    let way = Way::open(settings, server).await?;
    let told = way.read(&["api", "v1", "health"], &[]).await?;
    let ready = told["ready"] == true && !way.is_still();
    show(settings, server, told, |told| parts(told, Timestamp::now(), ready))?;
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parts(told: &Value, now: Timestamp, ready: bool) -> Answer {
    let row = |(name, part): (&String, &Value)| {
        [
            name.clone(),
            text(&part["status"]),
            part["latency_ms"].as_u64().map(|ms| format!("{ms} ms")).unwrap_or_default(),
            ago(&part["checked_at"], now),
            cut(&text(&part["reason"]), 100),
        ]
    };
    let none = serde_json::Map::new();
    let parts = told["components"].as_object().unwrap_or(&none);
    let state = if ready { "takes work" } else { "takes no work" };
    let version = text(&told["version"]);
    let answer = Answer::text(format!("Midwatch {version} {state}; utilisation {}", percent(&told["utilisation"])));
    table(answer, ["PART", "STATE", "LATENCY", "LOOKED", "WHY"], parts.iter().map(row).collect(), "no parts")
}

/// What language models took.
pub(super) async fn spend(settings: &Settings, args: &Window) -> Result<ExitCode, Failure> {
    let told = asked(settings, args, "spend", &[]).await?;
    show(settings, &args.server, told, |told| {
        let tokens = |one: &Value| {
            one["input_tokens"].as_u64().unwrap_or(0).saturating_add(one["output_tokens"].as_u64().unwrap_or(0))
        };
        let row = |one: &Value| {
            [
                text(&one["day"]),
                format!("{}/{}", text(&one["platform"]), text(&one["user"])),
                text(&one["model"]),
                text(&one["requests"]),
                tokens(one).to_string(),
                one["usd"].as_f64().map(|usd| format!("${usd:.4}")).unwrap_or_default(),
            ]
        };
        let rows = items(&told["spent"]).map(row).collect();
        let none = format!("nothing was spent since {}", moment(&told["since"]));
        let answer = table(Answer::default(), ["DAY", "USER", "MODEL", "REQUESTS", "TOKENS", "USD"], rows, &none);
        let mut days: BTreeMap<String, (u64, Option<f64>)> = BTreeMap::new();
        for one in items(&told["spent"]) {
            let (all, usd) = days.entry(text(&one["day"])).or_default();
            *all = all.saturating_add(tokens(one));
            *usd = usd.iter().copied().chain(one["usd"].as_f64()).reduce(|a, b| a + b);
        }
        let totals = days
            .into_iter()
            .rev()
            .map(|(day, (all, usd))| [day, all.to_string(), usd.map(|usd| format!("${usd:.4}")).unwrap_or_default()]);
        let totals: Vec<_> = totals.collect();
        let answer = if totals.is_empty() { answer } else { table(answer, ["DAY", "TOKENS", "USD"], totals, "") };
        bounded(answer, told)
    })?;
    Ok(ExitCode::SUCCESS)
}
