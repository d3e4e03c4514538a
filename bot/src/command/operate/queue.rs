//! `midwatch queue`.
//!
//! Start at [`run`].

use std::process::ExitCode;

use midwatch_config::Settings;
use midwatch_conversation::answer::Answer;
use serde_json::{Value, json};

use crate::cli::{Queue, QueueClear, Server};
use crate::failure::Failure;

use super::shown::{facts, items, lasting, percent, short, table, text};
use super::way::{self, Way};
use super::{fleet, show};

/// Calls of one clearing: a server stops so many at a time that this is more than any queue holds.
const ROUNDS: usize = 100;

/// Sees, moves or clears.
pub(super) async fn run(settings: &Settings, args: Queue) -> Result<ExitCode, Failure> {
    match args {
        Queue::Stats(server) => stats(settings, &server).await?,
        Queue::MoveStuck(server) => move_stuck(settings, &server).await?,
        Queue::Clear(args) => clear(settings, &args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn stats(settings: &Settings, server: &Server) -> Result<(), Failure> {
    let way = Way::open(settings, server).await?;
    let queue = way.read(&["api", "v1", "queue"], &[]).await?;
    show(settings, server, queue, figures)
}

fn figures(queue: &Value) -> Answer {
    let answer = facts(
        Answer::default(),
        &[
            ("waiting", text(&queue["pending"])),
            ("running", text(&queue["running"])),
            ("utilisation", percent(&queue["utilisation"])),
            ("dead letters", text(&queue["dead_letters"])),
            ("messages to send", text(&queue["outbox_messages"])),
            ("kill switch", fleet::order(&queue["kill_switch"])),
        ],
    );
    let row = |one: &Value| [text(&one["priority"]), text(&one["jobs"]), lasting(&one["oldest_seconds"])];
    let rows = items(&queue["waiting"]).map(row).collect();
    table(answer, ["PRIORITY", "WAITING", "OLDEST"], rows, "nothing waits")
}

async fn move_stuck(settings: &Settings, server: &Server) -> Result<(), Failure> {
    let client = way::server(settings, server).await?;
    let moved = client.post(&["api", "v1", "queue", "move-stuck"]).await.map_err(Failure::no_report)?;
    show(settings, server, moved, |told| {
        let parts = [("moved", "waits again"), ("dead", "became a dead letter"), ("cancelled", "was stopped")];
        let rows =
            parts.iter().flat_map(|(list, what)| items(&told[*list]).map(move |id| [short(id), (*what).to_owned()]));
        table(Answer::default(), ["JOB", "WHAT BECAME OF IT"], rows.collect(), "nothing was stuck")
    })
}

async fn clear(settings: &Settings, args: &QueueClear) -> Result<(), Failure> {
    if !args.confirm {
        let why = "what is stopped does not come back by itself; say that it is meant: --confirm";
        return Err(Failure::usage(why));
    }
    let client = way::server(settings, &args.server).await?;
    let mut wanted = json!({"pack": args.pack});
    if let Some(reason) = &args.reason {
        wanted["reason"] = json!(reason);
    }
    let (mut cancelled, mut more) = (0, true);
    for _ in 0..ROUNDS {
        let told = client.send(&["api", "v1", "queue", "clear"], &wanted).await.map_err(Failure::no_report)?;
        cancelled += told["cancelled"].as_u64().unwrap_or_default();
        more = told["more"] == true;
        if !more {
            break;
        }
    }
    let told = json!({"pack": args.pack, "cancelled": cancelled, "more": more});
    show(settings, &args.server, told, |_| {
        let what = if more { "; more may wait" } else { "" };
        Answer::text(format!("{cancelled} waiting jobs of pack {} are stopped{what}", args.pack))
    })
}
