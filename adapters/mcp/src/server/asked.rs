//! The arguments of each tool: typed, checked, bounded.
//!
//! Must never hand on what was not checked: names end up in requests to a cluster. What is wrong is said in words that tell
//! a model how to ask. Start at [`TOOLS`].

use midwatch_agent::render::clean;
use midwatch_redact::Redactor;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::backend::Trouble;

/// Letters of a question: the same as of the API.
const QUESTION_CAP: usize = 2000;

/// Letters of what is searched for.
const WORDS_CAP: usize = 400;

/// Reports that a search gives.
const FOUND_MOST: usize = 50;

/// Reports that a search gives where nobody said how many.
const FOUND: usize = 10;

/// Minutes in a day: how far back one may look.
const MINUTES_MOST: u32 = 24 * 60;

/// A tool: its name, what it does, its arguments.
pub(super) type Offer = (&'static str, &'static str, fn() -> Schema);

/// The tools.
pub(super) const TOOLS: [Offer; 4] = [
    (
        "investigate",
        "Finds out why something on Kubernetes fails, and gives a root-cause report with the evidence for every claim. \
         Takes seconds to minutes; reads only.",
        || schema_for!(Investigate),
    ),
    ("status", "Lists investigations that are under way or ended lately, newest first.", || schema_for!(Nothing)),
    ("report", "Gives the report of an earlier investigation: of one job, or the newest there is.", || {
        schema_for!(Report)
    }),
    ("search", "Finds earlier reports in which all of these words stand.", || schema_for!(SearchArguments)),
];

/// What to investigate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Investigate {
    /// A target (checkout, deploy/checkout, shop/checkout, node/worker-1) or a question in words.
    pub question: String,
    /// The namespace to look in.
    #[serde(default)]
    pub namespace: Option<String>,
    /// How thorough to be; where a server of Midwatch runs, its packs decide.
    #[serde(default)]
    pub depth: Option<Depth>,
    /// How far back events, changes and logs matter, in minutes, 1 to 1440.
    #[serde(default)]
    pub since_minutes: Option<u32>,
}

/// How thorough to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Objects, events, and the logs of what fails.
    Quick,
    /// Also the logs of what was asked about, and of what it depends on.
    Standard,
    /// Also the logs of every workload of the namespaces in scope.
    Deep,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Report {
    /// The job, as `status`, `search` and `investigate` name it; without it, the newest report.
    #[serde(default)]
    job: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SearchArguments {
    /// Words that stand in the report, such as names of workloads, namespaces or errors.
    words: String,
    /// At most so many, 1 to 50; 10 when it is missing.
    #[serde(default)]
    limit: Option<usize>,
}

/// What to search for.
pub(super) struct Search {
    pub(super) words: String,
    pub(super) limit: usize,
}

pub(super) fn investigate(arguments: Value) -> Result<Investigate, Trouble> {
    let mut wanted: Investigate = read(arguments)?;
    wanted.question = bounded("question", &wanted.question, QUESTION_CAP)?;
    if wanted.namespace.as_deref().is_some_and(|namespace| !is_label(namespace)) {
        return Err(Trouble::fixed("`namespace` is no name of a namespace: small letters, digits and `-`, at most 63"));
    }
    if wanted.since_minutes.is_some_and(|minutes| !(1..=MINUTES_MOST).contains(&minutes)) {
        return Err(Trouble::fixed("`since_minutes` is from 1 to 1440"));
    }
    Ok(wanted)
}

pub(super) fn nothing(arguments: Value) -> Result<(), Trouble> {
    read::<Nothing>(arguments).map(drop)
}

/// The job whose report is wanted; none: the newest.
pub(super) fn report(arguments: Value) -> Result<Option<String>, Trouble> {
    let job = read::<Report>(arguments)?.job;
    let fits = |job: &str| (1..=64).contains(&job.len()) && job.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match job {
        Some(job) if !fits(&job) => Err(Trouble::fixed("`job` is no id of a job; `status` and `search` list them")),
        job => Ok(job),
    }
}

pub(super) fn search(arguments: Value) -> Result<Search, Trouble> {
    let SearchArguments { words, limit } = read(arguments)?;
    let limit = limit.unwrap_or(FOUND);
    if !(1..=FOUND_MOST).contains(&limit) {
        return Err(Trouble::fixed("`limit` is from 1 to 50"));
    }
    Ok(Search { words: bounded("words", &words, WORDS_CAP)?, limit })
}

/// What serde says names the argument and what it must be; it may quote a value, so it is redacted like all that leaves.
fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, Trouble> {
    serde_json::from_value(arguments).map_err(|error| {
        let said = format!("these arguments cannot be used: {error}");
        Trouble(Redactor::default().redact_text(&clean::shorten(&clean::line(&said), 400)))
    })
}

fn bounded(name: &str, text: &str, cap: usize) -> Result<String, Trouble> {
    let text = text.trim();
    let wrong = |why: String| Trouble(Redactor::default().redact_text(&why));
    if text.is_empty() {
        return Err(wrong(format!("`{name}` is empty")));
    }
    if text.chars().count() > cap {
        return Err(wrong(format!("`{name}` has more than {cap} letters")));
    }
    Ok(text.to_owned())
}

/// A DNS-1123 label.
fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len()) && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_right_is_read() {
        let wanted = json!({"question": " why ", "namespace": "shop", "depth": "deep", "since_minutes": 90});
        let expected = Investigate {
            question: "why".into(),
            namespace: Some("shop".into()),
            depth: Some(Depth::Deep),
            since_minutes: Some(90),
        };
        assert_eq!(investigate(wanted).unwrap(), expected);
        assert_eq!(search(json!({"words": "oom"})).unwrap().limit, FOUND);
        assert_eq!(report(json!({})).unwrap(), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (arguments, said) in [
            (json!({}), "missing field `question`"),
            (json!({"question": " "}), "`question` is empty"),
            (json!({"question": "x".repeat(2001)}), "more than 2000"),
            (json!({"question": "x", "namespace": "../etc"}), "`namespace`"),
            (json!({"question": "x", "depth": "endless"}), "unknown variant `endless`"),
            (json!({"question": "x", "since_minutes": 0}), "`since_minutes`"),
            (json!({"question": "x", "exec": "rm"}), "unknown field `exec`"),
        ] {
            let trouble = investigate(arguments.clone()).unwrap_err();
            assert!(trouble.0.contains(said), "{arguments}: {}", trouble.0.as_str());
        }
        assert!(search(json!({"words": "x", "limit": 51})).is_err());
        assert!(report(json!({"job": "../../x"})).is_err());
        assert!(nothing(json!({"all": true})).is_err());
    }

    #[test]
    fn every_tool_tells_its_arguments() {
        for (name, _, schema) in TOOLS {
            let schema = schema();
            assert_eq!(schema.get("type"), Some(&json!("object")), "{name}");
            assert_eq!(schema.get("additionalProperties"), Some(&json!(false)), "{name}");
        }
    }
}
