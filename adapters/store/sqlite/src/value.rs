//! Between values of the domain and columns: moments, numbers, ids, JSON.
//!
//! Moments are microseconds: the whole range of [`Timestamp`] fits, and they order as numbers do.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::Fault;

pub(crate) fn micros(moment: Timestamp) -> i64 {
    moment.as_microsecond()
}

pub(crate) fn moment(micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros).map_err(|_| Fault::Damaged(format!("{micros} is no moment")))
}

/// For a column; what does not fit stays at the end of the range (no counter gets there).
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit on rows for SQL.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Of a column that is never negative.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The same for counts that stay small.
pub(crate) fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(if number < 0 { 0 } else { u32::MAX })
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Damaged(format!("a value cannot be written as JSON: {error}")))
}

pub(crate) fn parse<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Damaged(format!("{what}: {error}")))
}

/// An id, a state: what is kept as its own text.
pub(crate) fn word<T: FromStr>(what: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::Damaged(format!("`{text}` is no {what}")))
}

/// A column that holds JSON or nothing.
pub(crate) fn optional<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>, Fault> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| parse(column, &text)).transpose()
}

/// A column that holds a moment or nothing.
pub(crate) fn optional_moment(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, Fault> {
    let micros: Option<i64> = row.get(column)?;
    micros.map(moment).transpose()
}
