//! What language models took: kept once, summed up.

use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_service::id::JobId;
use midwatch_service::port::store::SPENDING_ROWS;
use midwatch_service::spend::{DaySpend, Spend, Spender};
use rusqlite::{Connection, Row};

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{count, int, micros, moment, rows, small};

/// The most that one number may be: a provider that reports more is not believed, and a million such rows can be summed up
/// (a sum that overflows is an error in SQLite).
const MOST: u64 = 1 << 40;

/// What has no price is NULL, which a sum leaves out; of nothing but NULLs it is NULL.
macro_rules! sums {
    ($condition:literal) => {
        concat!(
            "SELECT coalesce(sum(requests), 0), coalesce(sum(calls), 0), coalesce(sum(input), 0),
             coalesce(sum(output), 0), coalesce(sum(cached), 0), sum(micro_usd) FROM spent WHERE ",
            $condition
        )
    };
}

pub(crate) fn write(db: &Connection, spend: &Spend) -> Result<(), Fault> {
    let Spend { id, at, job, actor, model, used } = spend;
    change(
        db,
        "INSERT INTO spent (id, at, job, platform, user, model, requests, calls, input, output, cached, micro_usd)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (id) DO NOTHING",
        rusqlite::params![
            id.to_string(),
            micros(*at),
            job.to_string(),
            actor.platform,
            actor.user,
            model,
            used.requests,
            used.calls,
            capped(used.input),
            capped(used.output),
            capped(used.cached),
            used.micro_usd.map(capped),
        ],
    )?;
    Ok(())
}

fn capped(number: u64) -> i64 {
    int(number.min(MOST))
}

pub(crate) fn since(db: &Connection, since: Timestamp, by: Option<&Spender>) -> Result<ModelUse, Fault> {
    let since = micros(since);
    let sum = match by {
        None => first(db, sums!("at >= ?1"), [since], sum)?,
        Some(Spender { platform, user }) => {
            first(db, sums!("platform = ?1 AND user = ?2 AND at >= ?3"), (platform, user, since), sum)?
        }
    };
    Ok(sum.unwrap_or_default())
}

pub(crate) fn on_job(db: &Connection, job: JobId) -> Result<ModelUse, Fault> {
    Ok(first(db, sums!("job = ?1"), [job.to_string()], sum)?.unwrap_or_default())
}

/// Microseconds of a day: days of UTC have no leap seconds here.
const DAY: i64 = 86_400_000_000;

pub(crate) fn by_day(db: &Connection, since: Timestamp) -> Result<Vec<DaySpend>, Fault> {
    let sql = format!(
        "SELECT coalesce(sum(requests), 0), coalesce(sum(calls), 0), coalesce(sum(input), 0), coalesce(sum(output), 0),
             coalesce(sum(cached), 0), sum(micro_usd), at / {DAY} AS day, platform, user, model
         FROM spent WHERE at >= ?1 GROUP BY day, platform, user, model
         ORDER BY day DESC, platform, user, model LIMIT ?2"
    );
    all(db, &sql, (micros(since), rows(SPENDING_ROWS)), |row| {
        let used = sum(row)?;
        let day = moment(row.get::<_, i64>(6)?.saturating_mul(DAY))?;
        Ok(DaySpend { day, by: Spender { platform: row.get(7)?, user: row.get(8)? }, model: row.get(9)?, used })
    })
}

fn sum(row: &Row<'_>) -> Result<ModelUse, Fault> {
    Ok(ModelUse {
        requests: small(row.get(0)?),
        calls: small(row.get(1)?),
        input: count(row.get(2)?),
        output: count(row.get(3)?),
        cached: count(row.get(4)?),
        micro_usd: row.get::<_, Option<i64>>(5)?.map(count),
    })
}
