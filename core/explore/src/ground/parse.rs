//! From the arguments of `conclude` to a [`Conclusion`]: as tolerant as is safe, and where not, in words that tell the model
//! how to say it.
//!
//! Must never invent a citation or a verdict. Start at [`parse`].

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::conclusion::Conclusion;

/// Sentences of one list; a reader reads no more.
const SENTENCES: usize = 12;

/// Objects that are blamed.
const OBJECTS: usize = 8;

/// Citations in a sentence: `[e3]`, `[e3, e5]`, `(e3)`.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static CITED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s*[\[(]\s*(?:evidence\s+)?(e\d+(?:(?:\s*(?:,|;|and|&)\s*|\s+)e\d+)*)\s*[\])]").unwrap()
});

/// One number of evidence.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\be?\d+\b").unwrap());

/// What a model concludes.
///
/// # Errors
/// Why it cannot be read, for the model.
pub fn parse(value: &Value) -> Result<Conclusion, String> {
    let unpacked;
    let value = match value {
        // Models wrap arguments in text now and then.
        Value::String(text) => {
            unpacked =
                serde_json::from_str::<Value>(text).map_err(|e| format!("the arguments are no JSON object: {e}"))?;
            &unpacked
        }
        other => other,
    };
    let Value::Object(said) = value else {
        return Err("the arguments must be a JSON object with `verdict` and the rest of the conclusion".to_owned());
    };
    let shaped = json!({
        "verdict": verdict(said)?,
        "confidence": confidence(said.get("confidence"))?,
        "root_cause": said.get("root_cause").map(|v| sentence(v, "root_cause")).transpose()?.filter(|s| s["text"] != ""),
        "root_entities": objects(said.get("root_entities"))?,
        "summary": sentences(said, "summary")?,
        "findings": sentences(said, "findings")?,
        "judgements": judgements(said.get("judgements"))?,
        "next": texts(said.get("next"), "next")?,
    });
    serde_json::from_value(shaped).map_err(|e| format!("the conclusion cannot be read: {e}"))
}

/// A sentence without its citations, and what it cites.
pub(super) fn cited(text: &str) -> (String, Vec<String>) {
    let mut ids: Vec<String> = Vec::new();
    for group in CITED.captures_iter(text) {
        for id in NUMBER.find_iter(&group[1]) {
            let id = id.as_str().to_lowercase();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    (CITED.replace_all(text, "").trim().to_owned(), ids)
}

fn verdict(said: &Map<String, Value>) -> Result<Value, String> {
    const CLASSES: &[&str] = &["cause", "healthy", "recovered", "expected", "blind", "inconclusive", "abstain"];
    let word = match said.get("verdict") {
        Some(Value::String(word)) => word.trim().to_lowercase(),
        Some(Value::Null) => "abstain".to_owned(),
        _ => return Err(format!("`verdict` is missing; it must be one of {}", CLASSES.join(", "))),
    };
    let word = match word.as_str() {
        "root_cause" | "root cause" => "cause",
        "" | "none" | "unknown" | "abstained" => "abstain",
        other => other,
    };
    match CLASSES.iter().find(|class| **class == word) {
        Some(class) => Ok(json!(class)),
        None => Err(format!("`verdict` cannot be `{word}`; it must be one of {}", CLASSES.join(", "))),
    }
}

fn confidence(said: Option<&Value>) -> Result<Value, String> {
    let levels = ["low", "medium", "high"];
    match said {
        None | Some(Value::Null) => Ok(json!("low")),
        Some(Value::String(word)) if levels.contains(&word.trim().to_lowercase().as_str()) => {
            Ok(json!(word.trim().to_lowercase()))
        }
        Some(Value::Number(number)) => Ok(json!(level(number.as_f64().unwrap_or(0.0)))),
        _ => Err("`confidence` must be low, medium or high".to_owned()),
    }
}

/// Of a share, or of a number up to a hundred.
fn level(number: f64) -> &'static str {
    match if number > 1.0 { number / 100.0 } else { number } {
        share if share >= 0.8 => "high",
        share if share >= 0.5 => "medium",
        _ => "low",
    }
}

fn sentences(said: &Map<String, Value>, field: &str) -> Result<Vec<Value>, String> {
    let list = match said.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
    };
    list.iter().take(SENTENCES).map(|item| sentence(item, field)).collect()
}

fn sentence(said: &Value, field: &str) -> Result<Value, String> {
    let wrong = || format!("each sentence of `{field}` must be {{\"text\": \"...\", \"evidence\": [\"e3\"]}}");
    match said {
        Value::Null => Ok(json!({"text": "", "evidence": []})),
        Value::String(text) => {
            let (text, evidence) = cited(text);
            Ok(json!({"text": text, "evidence": evidence}))
        }
        Value::Object(members) => {
            let text = members.get("text").and_then(Value::as_str).ok_or_else(wrong)?;
            let (text, mut evidence) = cited(text);
            for id in ids(members.get("evidence")).ok_or_else(wrong)? {
                if !evidence.contains(&id) {
                    evidence.push(id);
                }
            }
            Ok(json!({"text": text, "evidence": evidence}))
        }
        _ => Err(wrong()),
    }
}

/// Numbers of evidence, as `["e3"]`, `"e3, e5"`, `3`.
fn ids(said: Option<&Value>) -> Option<Vec<String>> {
    match said {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(text)) => Some(NUMBER.find_iter(text).map(|id| numbered(id.as_str())).collect()),
        Some(Value::Number(number)) => Some(vec![numbered(&number.to_string())]),
        Some(Value::Array(list)) => {
            list.iter().map(|id| ids(Some(id))).collect::<Option<Vec<_>>>().map(|ids| ids.concat())
        }
        Some(Value::Bool(_) | Value::Object(_)) => None,
    }
}

fn numbered(id: &str) -> String {
    let id = id.to_lowercase();
    if id.starts_with('e') { id } else { format!("e{id}") }
}

fn objects(said: Option<&Value>) -> Result<Vec<Value>, String> {
    let wrong =
        || "each of `root_entities` must be {\"kind\": \"Deployment\", \"namespace\": \"shop\", \"name\": \"api\"}";
    let list = match said {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
    };
    let object = |item: &Value| match item {
        // `Deployment shop/api`, `Node n1`.
        Value::String(text) => {
            let (kind, rest) = text.trim().split_once([' ', '/'])?;
            let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
            Some(json!({"kind": kind, "namespace": namespace.trim(), "name": name.trim()}))
        }
        Value::Object(members) => {
            let text = |key: &str| members.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
            let (kind, name) = (text("kind"), text("name"));
            (!kind.is_empty() && !name.is_empty())
                .then(|| json!({"kind": kind, "namespace": text("namespace"), "name": name}))
        }
        _ => None,
    };
    list.iter().take(OBJECTS).map(|item| object(item).ok_or_else(|| wrong().to_owned())).collect()
}

fn judgements(said: Option<&Value>) -> Result<Vec<Value>, String> {
    let wrong = || {
        "each of `judgements` must be {\"on\": \"h1\", \"stance\": \"raises\" | \"lowers\" | \"rejects\", \"because\": \
         {\"text\": \"...\", \"evidence\": [\"e3\"]}}"
            .to_owned()
    };
    let list = match said {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
    };
    let judgement = |item: &Value| {
        let on = item.get("on").and_then(Value::as_str).ok_or_else(wrong)?.trim().to_lowercase();
        let stance = item.get("stance").and_then(Value::as_str).ok_or_else(wrong)?.trim().to_lowercase();
        let stance = match stance.as_str() {
            "raises" | "raise" | "supports" | "support" | "confirms" => "raises",
            "lowers" | "lower" | "doubts" | "doubt" => "lowers",
            "rejects" | "reject" | "refutes" => "rejects",
            _ => return Err(wrong()),
        };
        let because = sentence(item.get("because").ok_or_else(wrong)?, "judgements")?;
        Ok(json!({"on": on, "stance": stance, "because": because}))
    };
    list.iter().take(2 * SENTENCES).map(judgement).collect()
}

fn texts(said: Option<&Value>, field: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{field}` must be a list of texts");
    match said {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(list)) => {
            list.iter().take(SENTENCES).map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}
