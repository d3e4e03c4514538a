//! Values of the API as a person reads them: moments, durations, ids, tables that fit.
//!
//! Pure. Start at [`table`].

use jiff::Timestamp;
use midwatch_conversation::answer::{Answer, Part};
use serde_json::Value;

/// Letters of an id that are shown; the end of it tells two apart, for ids begin with the time.
const TAIL: usize = 8;

/// Letters of a cell that says something in words.
pub(super) const WORDS: usize = 60;

/// A text of a value; empty where there is none.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The end of an id.
pub(super) fn short(value: &Value) -> String {
    let id = text(value);
    id.get(id.len().saturating_sub(TAIL)..).unwrap_or(&id).to_owned()
}

/// At most so many letters of a text on one line.
pub(super) fn cut(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some(_) => line.chars().take(most.saturating_sub(3)).chain("...".chars()).collect(),
        None => line,
    }
}

/// A moment, to the second.
pub(super) fn moment(value: &Value) -> String {
    let parsed = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    parsed.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default()
}

/// How long before now a moment was.
pub(super) fn ago(value: &Value, now: Timestamp) -> String {
    let parsed = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    parsed.map(|at| length(now.duration_since(at).as_secs_f64().max(0.0))).unwrap_or_default()
}

/// Seconds, short: `0.2s`, `45s`, `3m20s`, `2h05m`, `3d04h`.
pub(super) fn length(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1}s");
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times of jobs fit, and are not negative"
    )]
    let whole = seconds as u64;
    match (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60) {
        (0, 0, 0, s) => format!("{s}s"),
        (0, 0, m, s) => format!("{m}m{s:02}s"),
        (0, h, m, _) => format!("{h}h{m:02}m"),
        (d, h, _, _) => format!("{d}d{h:02}h"),
    }
}

/// A length that may be missing.
pub(super) fn lasting(value: &Value) -> String {
    value.as_f64().map(length).unwrap_or_default()
}

/// A share as percent.
pub(super) fn percent(value: &Value) -> String {
    value.as_f64().map(|share| format!("{:.1}%", share * 100.0)).unwrap_or_default()
}

/// The items of a list.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Texts of a list, with commas between them.
pub(super) fn joined(value: &Value) -> String {
    items(value).map(text).collect::<Vec<_>>().join(", ")
}

/// What a job is about, in a few words.
pub(super) fn about(job: &Value) -> String {
    let alerts = joined(&job["alerts"]);
    let words = if alerts.is_empty() { text(&job["question"]) } else { alerts };
    let words = if words.is_empty() { text(&job["asked"]) } else { words };
    let words = cut(&words, WORDS);
    match job["namespace"].as_str() {
        Some(namespace) if words.is_empty() => format!("namespace {namespace}"),
        Some(namespace) => format!("{words} in {namespace}"),
        None => words,
    }
}

/// A table, or words where it would be empty.
pub(super) fn table<const N: usize>(answer: Answer, head: [&str; N], rows: Vec<[String; N]>, none: &str) -> Answer {
    if rows.is_empty() {
        return answer.with_text(none);
    }
    let rows = rows.into_iter().map(Vec::from).collect();
    answer.with(Part::Table { head: head.map(str::to_owned).into(), rows })
}

/// A value that is longer stands in a paragraph of its own, which wraps.
const FACT: usize = 60;

/// Names and values below each other, then the long ones; those without a value are left out.
pub(super) fn facts(answer: Answer, facts: &[(&str, String)]) -> Answer {
    let told = facts.iter().filter(|(_, value)| !value.is_empty());
    let (small, long): (Vec<_>, Vec<_>) = told.partition(|(_, value)| value.chars().count() <= FACT);
    let width = small.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = small.iter().map(|(name, value)| format!("{name:<width$}  {value}")).collect();
    let answer = if lines.is_empty() { answer } else { answer.with_code(lines.join("\n")) };
    long.into_iter().fold(answer, |answer, (name, value)| answer.with_text(format!("{name}: {value}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_have_two_units_at_most() {
        let told = [0.0, 0.25, 9.96, 45.4, 200.0, 7500.0, 273_600.0].map(length);
        assert_eq!(told, ["0.0s", "0.2s", "10.0s", "45s", "3m20s", "2h05m", "3d04h"]);
    }

    #[test]
    fn a_job_is_about_its_alerts_or_its_question() {
        let about = |job| super::about(&job);
        assert_eq!(about(json!({"alerts": ["A", "B"], "namespace": "shop", "question": "x"})), "A, B in shop");
        assert_eq!(about(json!({"alerts": [], "question": "why\nis it slow", "namespace": null})), "why is it slow");
        assert_eq!(about(json!({"alerts": [], "question": null, "namespace": "shop"})), "namespace shop");
        assert_eq!(cut(&"x".repeat(100), 10), "xxxxxxx...");
    }

    #[test]
    fn long_facts_stand_apart_so_that_they_wrap() {
        let long = "x".repeat(FACT + 1);
        let told = facts(Answer::default(), &[("a", "1".to_owned()), ("why", long.clone()), ("none", String::new())]);
        assert_eq!(told, Answer::default().with_code("a  1").with_text(format!("why: {long}")));
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_empty() {
        for value in [json!(null), json!({"a": 1}), json!("no moment")] {
            assert_eq!((moment(&value), lasting(&value), percent(&value)), Default::default(), "{value}");
        }
        assert_eq!((short(&json!("0199d2c4a7c3b5d2")), short(&json!("7"))), ("a7c3b5d2".to_owned(), "7".to_owned()));
    }
}
