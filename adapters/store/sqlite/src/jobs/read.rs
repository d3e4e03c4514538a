//! Reads of jobs.

use jiff::Timestamp;
use midwatch_service::id::JobId;
use midwatch_service::job::{Job, Priority, Transition};
use midwatch_service::port::store::{JobFilter, Load};
use rusqlite::Connection;
use rusqlite::types::Value;

pub(crate) use super::row::load;
use super::row::{COLUMNS, priority, read, transition};
use crate::fault::Fault;
use crate::query::{all, earliest};
use crate::value::{count, json, moment, rows};

/// Jobs in one page at most.
const PAGE: usize = 500;

pub(crate) fn list(db: &Connection, filter: &JobFilter) -> Result<Vec<Job>, Fault> {
    let mut wheres = vec!["1"];
    let mut values: Vec<Value> = Vec::new();
    match filter.states.as_slice() {
        [] => {}
        [one] => {
            wheres.push("state = ?");
            values.push(one.as_str().to_owned().into());
        }
        several => {
            // The plus keeps SQLite from gathering all jobs of these states to sort them: it walks from the newest.
            wheres.push("+state IN (SELECT value FROM json_each(?))");
            let names: Vec<&str> = several.iter().map(|state| state.as_str()).collect();
            values.push(json(&names)?.into());
        }
    }
    if filter.dead {
        wheres.push("dead = 1");
    }
    if let Some(incident) = filter.incident {
        wheres.push("incident = ?");
        values.push(incident.to_string().into());
    }
    if let Some(pack) = &filter.pack {
        wheres.push("pack = ?");
        values.push(pack.clone().into());
    }
    if let Some(thread) = filter.thread {
        wheres.push("thread = ?");
        values.push(thread.to_string().into());
    }
    if let Some(before) = filter.before {
        wheres.push("id < ?");
        values.push(before.to_string().into());
    }
    values.push(rows(filter.limit.min(PAGE)).into());
    let wheres = wheres.join(" AND ");
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE {wheres} ORDER BY id DESC LIMIT ?");
    all(db, &sql, rusqlite::params_from_iter(values), read)
}

pub(crate) fn history(db: &Connection, id: JobId) -> Result<Vec<Transition>, Fault> {
    all(db, "SELECT * FROM transitions WHERE job = ?1 ORDER BY number", [id.to_string()], transition)
}

pub(crate) fn next_due(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    let pending = earliest(db, "SELECT min(run_at) FROM jobs INDEXED BY jobs_by_run_at WHERE state = 'pending'", [])?;
    let leased = earliest(db, "SELECT min(lease_until) FROM jobs WHERE lease_until IS NOT NULL", [])?;
    Ok(pending.into_iter().chain(leased).min())
}

pub(crate) fn load_now(db: &Connection) -> Result<Load, Fault> {
    let mut load = Load::default();
    let counts =
        all(db, "SELECT name, n FROM counts", [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    for (name, n) in counts {
        match name.as_str() {
            "pending" => load.pending = count(n),
            "initializing" | "running" | "completing" => load.running += count(n),
            "dead" => load.dead = count(n),
            "posts" => load.posts = count(n),
            _ => {}
        }
    }
    Ok(load)
}

pub(crate) fn waiting(db: &Connection) -> Result<Vec<(Priority, u64, Timestamp)>, Fault> {
    let sql = "SELECT priority, count(*), min(created_at) FROM jobs INDEXED BY jobs_by_priority WHERE state = 'pending'
               GROUP BY priority ORDER BY priority DESC";
    all(db, sql, [], |row| Ok((priority(row.get(0)?)?, count(row.get(1)?), moment(row.get(2)?)?)))
}
