//! What a case expects of a model: the section `model` of its `case.yaml`.

use midwatch_agent::score::Case;
use midwatch_diagnosis::verdict::Verdict;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// As it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Section {
    required_tools: Vec<String>,
    forbidden_tools: Vec<String>,
    required_facts: Vec<String>,
    forbidden_claims: Vec<String>,
    verdict: Option<Verdict>,
    by_model: Option<bool>,
    left_out: u32,
}

/// What is expected.
pub(super) struct Wanted {
    /// Tools that must be called.
    pub(super) required_tools: Vec<String>,
    /// Tools that must not be.
    pub(super) forbidden_tools: Vec<String>,
    /// What the model's part must say.
    pub(super) required_facts: Vec<Regex>,
    /// What neither the model's part nor the conclusion may say.
    pub(super) forbidden_claims: Vec<Regex>,
    /// What rules and model must come to together.
    pub(super) verdicts: Vec<Verdict>,
    /// Whether the conclusion must be the model's.
    pub(super) by_model: Option<bool>,
    /// Sentences that the checker must leave out, at least.
    pub(super) left_out: u32,
}

impl Wanted {
    /// Reads the section; a case without one expects only its verdict and its roots.
    pub(super) fn of(case: &Case) -> Result<Self, String> {
        let read = |value| serde_json::from_value::<Section>(value).map_err(|error| format!("model: {error}"));
        let section = case.model.clone().map(read).transpose()?.unwrap_or_default();
        Ok(Self {
            required_tools: section.required_tools,
            forbidden_tools: section.forbidden_tools,
            required_facts: patterns(&section.required_facts)?,
            forbidden_claims: patterns(&section.forbidden_claims)?,
            verdicts: section.verdict.map_or_else(|| case.verdicts(), |verdict| vec![verdict]),
            by_model: section.by_model,
            left_out: section.left_out,
        })
    }
}

fn patterns(texts: &[String]) -> Result<Vec<Regex>, String> {
    let pattern = |text: &String| {
        let built = RegexBuilder::new(text).case_insensitive(true).build();
        built.map_err(|error| format!("model: `{text}` is no regular expression: {error}"))
    };
    texts.iter().map(pattern).collect()
}
