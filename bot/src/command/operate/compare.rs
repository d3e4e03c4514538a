//! How two reports differ: verdict, cause, findings, evidence.
//!
//! Pure. What is compared is what a reader would compare: numbers of evidence are of one report alone and say nothing. Must
//! never call equal what is missing in one. Start at [`reports`].

use std::collections::BTreeSet;

use midwatch_conversation::answer::{Answer, Part};
use serde_json::{Value, json};

use super::shown::{cut, items, short, text};

/// Lines of one list that a person is shown.
const SHOWN: usize = 20;

/// What a list of a report says, and what a value of it is.
type Listed = fn(&Value) -> BTreeSet<String>;
type Told = fn(&Value) -> Value;

/// Lists that are compared, each by what its items say.
const LISTS: [(&str, Listed); 6] = [
    ("root_entities", |report| set(&report["root_entities"], entity)),
    ("findings", |report| set(&report["why"], said)),
    ("ruled_out", |report| set(&report["ruled_out"], said)),
    ("evidence", |report| set(&report["evidence_items"], evidence)),
    ("could_not_see", |report| set(&report["could_not_see"], |gap| text(&gap["what"]))),
    ("recommendations", |report| set(&report["analysis"]["recommendations"], |one| text(&one["action"]))),
];

/// Values that are compared.
const VALUES: [(&str, Told); 3] = [
    ("verdict", |report| report["verdict"].clone()),
    ("confidence", |report| report["confidence"].clone()),
    ("root_cause", |report| report["analysis"]["root_cause"].clone()),
];

/// The differences of two reports, for a program: `one` and `other` of each value, `only_one`, `only_other` and `both` of each
/// list.
pub(super) fn reports((one_id, one): (&str, &Value), (other_id, other): (&str, &Value)) -> Value {
    let mut told = json!({"one": one_id, "other": other_id, "same": true});
    let mut same = true;
    for (name, of) in VALUES {
        let (first, second) = (of(one), of(other));
        same &= first == second;
        told[name] = json!({"same": first == second, "one": first, "other": second});
    }
    for (name, of) in LISTS {
        let (first, second) = (of(one), of(other));
        same &= first == second;
        told[name] = json!({
            "same": first == second,
            "only_one": first.difference(&second).collect::<Vec<_>>(),
            "only_other": second.difference(&first).collect::<Vec<_>>(),
            "both": first.intersection(&second).count(),
        });
    }
    told["same"] = json!(same);
    told
}

/// The same in words.
pub(super) fn words(told: &Value) -> Answer {
    let (one, other) = (short(&told["one"]), short(&told["other"]));
    if told["same"] == true {
        let verdict = text(&told["verdict"]["one"]);
        return Answer::text(format!("the reports of {one} and {other} say the same: {verdict}"));
    }
    let rows = VALUES.iter().filter(|(name, _)| told[*name]["same"] == false).map(|(name, _)| {
        let said = |side: &str| cut(&text(&told[*name][side]), 60);
        vec![name.replace('_', " "), said("one"), said("other")]
    });
    let rows: Vec<_> = rows.collect();
    let mut answer = Answer::text(format!("the reports of {one} and {other} differ"));
    if rows.is_empty() {
        answer =
            answer.with_text(format!("Verdict, confidence and cause are the same: {}", text(&told["verdict"]["one"])));
    } else {
        answer = answer.with(Part::Table { head: vec!["WHAT".to_owned(), one, other], rows });
    }
    for (name, _) in LISTS.iter().filter(|(name, _)| told[*name]["same"] == false) {
        let of = &told[*name];
        let both = text(&of["both"]);
        answer = answer.with_text(format!("{} ({both} in both):", name.replace('_', " ")));
        let lines = signed(&of["only_one"], '-').into_iter().chain(signed(&of["only_other"], '+'));
        answer = answer.with_code(lines.collect::<Vec<_>>().join("\n"));
    }
    answer
}

fn signed(list: &Value, sign: char) -> Vec<String> {
    let all: Vec<String> = items(list).map(|one| format!("{sign} {}", cut(&text(one), 200))).collect();
    let more = all.len().saturating_sub(SHOWN);
    let rest = (more > 0).then(|| format!("{sign} and {more} more"));
    all.into_iter().take(SHOWN).chain(rest).collect()
}

fn set(list: &Value, of: fn(&Value) -> String) -> BTreeSet<String> {
    items(list).map(of).collect()
}

fn said(claim: &Value) -> String {
    text(&claim["text"])
}

fn entity(entity: &Value) -> String {
    match entity["namespace"].as_str() {
        Some(namespace) => format!("{} {namespace}/{}", text(&entity["kind"]), text(&entity["name"])),
        None => format!("{} {}", text(&entity["kind"]), text(&entity["name"])),
    }
}

fn evidence(item: &Value) -> String {
    format!("{} of {}: {}", text(&item["kind"]), entity(&item["about"]), text(&item["text"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: &str, why: &[&str], pod: &str) -> Value {
        let claims: Vec<_> = why.iter().map(|text| json!({"text": text, "evidence": ["e1"]})).collect();
        let about = json!({"kind": "Pod", "namespace": "shop", "name": pod});
        json!({"verdict": verdict, "confidence": "high", "analysis": {"root_cause": "it crashes", "recommendations": []},
            "root_entities": [about], "why": claims, "ruled_out": [], "could_not_see": [],
            "evidence_items": [{"id": "e1", "about": about, "kind": "log", "text": "boom"}]})
    }

    #[test]
    fn equal_reports_say_so_whatever_their_numbers() {
        let one = report("cause", &["a", "b"], "web-0");
        let mut other = report("cause", &["b", "a"], "web-0");
        other["evidence_items"][0]["id"] = json!("e9");
        let told = reports(("1111aaaa2222", &one), ("3333bbbb4444", &other));
        assert_eq!(told["same"], true, "{told}");
        assert_eq!(words(&told), Answer::text("the reports of aaaa2222 and bbbb4444 say the same: cause"));
    }

    #[test]
    fn differences_are_told_with_their_side() {
        let (one, other) = (report("cause", &["a", "b"], "web-0"), report("healthy", &["b"], "web-1"));
        let told = reports(("1111aaaa2222", &one), ("3333bbbb4444", &other));
        assert_eq!(told["same"], false);
        assert_eq!(told["verdict"], json!({"same": false, "one": "cause", "other": "healthy"}));
        assert_eq!(told["findings"], json!({"same": false, "only_one": ["a"], "only_other": [], "both": 1}));
        assert_eq!(told["evidence"]["only_other"], json!(["log of Pod shop/web-1: boom"]));
        assert_eq!(told["ruled_out"], json!({"same": true, "only_one": [], "only_other": [], "both": 0}));
        let text = serde_json::to_string(&words(&told)).unwrap();
        for part in ["verdict", "healthy", "- a", "- Pod shop/web-0", "+ Pod shop/web-1", "findings (1 in both)"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("ruled out"), "what is the same is not listed: {text}");
    }

    #[test]
    fn what_is_missing_in_one_is_a_difference() {
        let (one, other) = (report("cause", &[], "web-0"), json!({"verdict": "cause"}));
        let told = reports(("1", &one), ("2", &other));
        assert_eq!((&told["same"], &told["confidence"]["other"]), (&json!(false), &Value::Null));
    }
}
