//! `midwatch workers`, `drain` and `kill-switch`.
//!
//! Start at [`workers`].

use std::process::ExitCode;

use jiff::Timestamp;
use midwatch_config::Settings;
use midwatch_conversation::answer::Answer;
use serde_json::{Value, json};

use crate::cli::{Drain, KillSwitch, Server};
use crate::failure::Failure;

use super::show;
use super::shown::{ago, cut, facts, items, joined, moment, table, text};
use super::way::{self, Way};

/// The processes.
pub(super) async fn workers(settings: &Settings, server: &Server) -> Result<ExitCode, Failure> {
    let way = Way::open(settings, server).await?;
    let workers = way.read(&["api", "v1", "workers"], &[]).await?;
    show(settings, server, workers, |list| rows(list, Timestamp::now()))?;
    Ok(ExitCode::SUCCESS)
}

fn rows(list: &Value, now: Timestamp) -> Answer {
    let row = |one: &Value| {
        let state = if one["draining"] == true { "draining" } else { "takes jobs" };
        [
            text(&one["id"]),
            joined(&one["roles"]),
            format!("{}/{}", text(&one["running"]), text(&one["slots"])),
            state.to_owned(),
            ago(&one["started_at"], now),
            ago(&one["seen_at"], now),
            joined(&one["leads"]),
        ]
    };
    let rows = items(&list["workers"]).map(row).collect();
    let head = ["WORKER", "ROLES", "JOBS", "STATE", "UP", "SEEN", "LEADS"];
    table(Answer::default(), head, rows, "no process has announced itself")
}

/// Drains one, or lifts that.
pub(super) async fn drain(settings: &Settings, args: &Drain) -> Result<ExitCode, Failure> {
    let client = way::server(settings, &args.server).await?;
    let list = client.read(&["api", "v1", "workers"], &[]).await.map_err(Failure::no_report)?;
    let id = found(&list, &args.worker)?;
    let asked = match &args.reason {
        Some(reason) => client.send(&["api", "v1", "workers", &id, "drain"], &json!({"reason": reason})).await,
        None => client.post(&["api", "v1", "workers", &id, "undrain"]).await,
    };
    show(settings, &args.server, asked.map_err(Failure::no_report)?, |_| {
        Answer::text(if args.undo {
            format!("{id} may take jobs again")
        } else {
            format!("{id} takes no new jobs and finishes those it runs; `midwatch workers` shows how far it is")
        })
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The process that is meant: by its id, the beginning of it, or its host.
fn found(list: &Value, named: &str) -> Result<String, Failure> {
    let all: Vec<&Value> = items(&list["workers"]).collect();
    let fits = |one: &&&Value| one["host"] == named || text(&one["id"]).starts_with(named);
    let exact = all.iter().find(|one| one["id"] == named);
    let several: Vec<_> = all.iter().filter(fits).collect();
    let ids = |some: &[&&Value]| some.iter().map(|one| text(&one["id"])).collect::<Vec<_>>().join(", ");
    match (exact, several.as_slice()) {
        (Some(one), _) => Ok(text(&one["id"])),
        (None, [one]) => Ok(text(&one["id"])),
        (None, []) => {
            let there = ids(&all.iter().collect::<Vec<_>>());
            let named = cut(named, 60);
            Err(Failure::no_report(format!("there is no worker `{named}`; there are: {there}")))
        }
        (None, several) => {
            Err(Failure::no_report(format!("`{}` fits several workers: {}", cut(named, 60), ids(several))))
        }
    }
}

/// Turns it on or off, or shows it.
pub(super) async fn kill_switch(settings: &Settings, args: KillSwitch) -> Result<ExitCode, Failure> {
    let path = ["api", "v1", "kill-switch"];
    let (server, told) = match args {
        KillSwitch::On(args) => {
            let client = way::server(settings, &args.server).await?;
            let asked = client.send(&["api", "v1", "kill-switch", "on"], &json!({"reason": args.reason})).await;
            (args.server, asked.map_err(Failure::no_report)?)
        }
        KillSwitch::Off(server) => {
            let client = way::server(settings, &server).await?;
            let asked = client.post(&["api", "v1", "kill-switch", "off"]).await;
            (server, asked.map_err(Failure::no_report)?)
        }
        KillSwitch::Show(server) => {
            let told = Way::open(settings, &server).await?.read(&path, &[]).await?;
            (server, told)
        }
    };
    show(settings, &server, told, |told| {
        if told["on"] == true {
            let answer = Answer::text("the kill switch is on: no job is taken, those that ran were stopped");
            return facts(answer, &[("order", order(&told["order"]))]);
        }
        Answer::text("the kill switch is off")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// An order in a line; empty when there is none.
pub(super) fn order(order: &Value) -> String {
    match order["by"]["user"].as_str() {
        Some(user) => format!("on, by {user} at {}: {}", moment(&order["at"]), text(&order["reason"])),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_found_by_what_no_other_has() {
        let list = json!({"workers": [
            {"id": "node-7-aaaa", "host": "node-7"}, {"id": "node-7-abbb", "host": "node-7"},
            {"id": "node-8-cccc", "host": "node-8"},
        ]});
        let id = |named: &str| found(&list, named).map_err(|failure| failure.words().to_owned());
        assert_eq!(id("node-8"), Ok("node-8-cccc".to_owned()));
        assert_eq!(id("node-7-ab"), Ok("node-7-abbb".to_owned()));
        assert!(id("node-7").unwrap_err().contains("fits several"));
        assert!(id("node-9").unwrap_err().contains("there are: node-7-aaaa"));
    }
}
