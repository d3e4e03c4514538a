//! Between values of the domain and what Redis keeps: moments, numbers, ids, JSON.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::Fault;

/// A moment as a score. Scores are exact up to the year 2255; where more matters, the cell holds the moment itself.
pub(crate) fn score(moment: Timestamp) -> String {
    moment.as_microsecond().to_string()
}

/// A score as Redis writes it, as a moment.
#[expect(clippy::cast_possible_truncation, reason = "a float is cut off at the ends of the range, which is meant")]
pub(crate) fn moment(score: &str) -> Result<Timestamp, Fault> {
    let micros: f64 = number("moment", score)?;
    let (first, last) = (Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond());
    let micros = (micros as i64).clamp(first, last);
    Timestamp::from_microsecond(micros).map_err(|_| Fault::Damaged(format!("{score} is no moment")))
}

pub(crate) fn number<T: FromStr>(what: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::Damaged(format!("`{text}` is no {what}")))
}

/// An id, a state: what is kept as its own text.
pub(crate) fn word<T: FromStr>(what: &str, text: &str) -> Result<T, Fault> {
    number(what, text)
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Damaged(format!("a value cannot be written as JSON: {error}")))
}

pub(crate) fn parse<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Damaged(format!("{what}: {error}")))
}
