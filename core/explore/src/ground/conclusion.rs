//! What a model concludes, as it says it: the arguments of the tool `conclude`.
//!
//! Must never be believed as it stands: [`super::opinion`] weighs it. Start at [`Conclusion`].

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::port::ToolSpec;
use crate::tools::arguments::schema;

/// The tool by which a model ends an investigation.
pub const CONCLUDE: &str = "conclude";

/// Your conclusion. Every sentence names the evidence that says so; what has none is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conclusion {
    /// What it comes to. `cause`: something fails and this is why. `healthy`: nothing fails. `recovered`: a failure is over.
    /// `expected`: it is intended or under way. `blind`: what would decide could not be read. `inconclusive`: what was read
    /// does not decide. `abstain`: no opinion of your own, a good answer.
    pub verdict: Class,
    /// How sure you are. `high`: the system itself says so. `medium`: the best explanation. `low`: others fit, too.
    #[serde(default)]
    pub confidence: Sureness,
    /// The cause in one sentence. Leave out when the evidence shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Sentence")]
    pub root_cause: Option<Sentence>,
    /// The smallest set of objects whose change mends it. Only objects that the evidence names. Empty unless the verdict is
    /// `cause`.
    #[serde(default)]
    pub root_entities: Vec<Object>,
    /// The explanation, one sentence each, from cause to symptom.
    #[serde(default)]
    pub summary: Vec<Sentence>,
    /// What you found beyond the report, one sentence each.
    #[serde(default)]
    pub findings: Vec<Sentence>,
    /// What you think of the report's hypotheses (h1, ...) and of what it ruled out (r1, ...).
    #[serde(default)]
    pub judgements: Vec<Judged>,
    /// What a person should look at next, a short clause each.
    #[serde(default)]
    pub next: Vec<String>,
}

/// One plain sentence and the evidence it stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sentence {
    /// The sentence. Numbers, names and quotes as they stand in the evidence.
    pub text: String,
    /// Numbers of the evidence that says so, like `e3`.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = names)]
pub enum Class {
    /// Something fails and this is why.
    Cause,
    /// Nothing fails, and there is evidence of that.
    Healthy,
    /// There was a failure, and it is over.
    Recovered,
    /// What looks like trouble is intended or under way.
    Expected,
    /// What would decide could not be read.
    Blind,
    /// What was read does not decide.
    Inconclusive,
    /// No opinion of its own.
    #[default]
    Abstain,
}

/// How sure a model is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = names)]
pub enum Sureness {
    /// It fits, other explanations do too.
    #[default]
    Low,
    /// The best explanation of what was seen.
    Medium,
    /// The system itself says so.
    High,
}

/// A Kubernetes object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Object {
    /// Its kind: `Deployment`.
    pub kind: String,
    /// Its namespace; empty for objects without one.
    #[serde(default)]
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What a model thinks of a hypothesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// Number of the hypothesis: `h1`, or `r1` for something that was ruled out.
    pub on: String,
    /// Which way.
    pub stance: Way,
    /// Why, in one sentence with evidence.
    pub because: Sentence,
}

/// What a model does to a hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = names)]
pub enum Way {
    /// More likely than the report says.
    Raises,
    /// Less likely.
    Lowers,
    /// Excluded.
    Rejects,
}

/// A choice as a list of names: not every provider reads one with words to each.
fn names(schema: &mut Schema) {
    if let Some(Value::Array(choices)) = schema.remove("oneOf") {
        let names = choices.into_iter().filter_map(|choice| choice.get("const").cloned()).collect();
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), Value::Array(names));
    }
}

/// How a model is told of the tool.
pub fn spec() -> ToolSpec {
    let description = "Ends the investigation with your conclusion. Call it once, when you know enough or have nothing left \
                       to read. Every sentence cites evidence numbers; sentences whose numbers, names or quotes are not in \
                       what they cite are left out. `abstain` is a good answer.";
    ToolSpec { name: CONCLUDE.to_owned(), description: description.to_owned(), schema: schema::<Conclusion>() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_needs_no_references() {
        let schema = spec().schema;
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["required"], serde_json::json!(["verdict"]));
        assert_eq!(schema["properties"]["root_cause"]["type"], "object");
        let text = schema.to_string();
        assert!(["$ref", "$defs", "oneOf", "anyOf"].iter().all(|word| !text.contains(word)), "{text}");
        assert_eq!(schema["properties"]["confidence"]["enum"], serde_json::json!(["low", "medium", "high"]));
        assert_eq!(schema["properties"]["judgements"]["items"]["properties"]["on"]["type"], "string");
    }
}
