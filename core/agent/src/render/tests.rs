//! Each renderer on a report of each verdict, and on text that wants to be more than text.

use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redacted, Redactor};

use super::{clean, json, markdown, sample};

fn sealed(verdict: Verdict, hostile: &str) -> Redacted<Report> {
    Redactor::default().seal(sample::report(verdict, hostile))
}

/// Control characters, a direction override, markup, a fence's end.
const HOSTILE: &str = "\x1b]0;t\x07\u{202e}\u{9b}2J ```\n# h1 <img src=x> ![i](http://e) | cell";

#[test]
fn every_verdict_has_every_field_in_json() {
    for verdict in Verdict::ALL {
        let text = json(&sealed(verdict, ""));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["verdict"], verdict.as_str());
        for field in
            ["id", "root_entities", "alert", "ruled_out", "could_not_see", "incidents", "why", "evidence_items"]
        {
            assert!(!value[field].is_null(), "{verdict:?} {field}");
        }
        for field in ["root_cause", "confidence", "reasoning", "timeline", "evidence", "recommendations"] {
            assert!(!value["analysis"][field].is_null(), "{verdict:?} analysis.{field}");
        }
        let roots = value["root_entities"].as_array().unwrap();
        assert_eq!(roots.is_empty(), verdict != Verdict::Cause, "{verdict:?}");
    }
}

#[test]
fn every_id_that_is_cited_is_listed() {
    let value: serde_json::Value = serde_json::from_str(&json(&sealed(Verdict::Cause, ""))).unwrap();
    let listed: Vec<&str> =
        value["evidence_items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    let claims = ["why", "ruled_out", "blast_radius"].into_iter().flat_map(|f| value[f].as_array().unwrap());
    for id in claims.flat_map(|claim| claim["evidence"].as_array().unwrap()) {
        assert!(listed.contains(&id.as_str().unwrap()), "{id}");
    }
}

#[test]
fn equal_reports_give_equal_bytes() {
    for verdict in Verdict::ALL {
        assert_eq!(json(&sealed(verdict, "x")), json(&sealed(verdict, "x")));
        assert_eq!(markdown(&sealed(verdict, "x")), markdown(&sealed(verdict, "x")));
    }
}

#[test]
fn nothing_that_acts_gets_out() {
    for verdict in Verdict::ALL {
        for text in [json(&sealed(verdict, HOSTILE)), markdown(&sealed(verdict, HOSTILE))] {
            let acts = text.chars().find(|c| *c != '\n' && clean::is_active(*c));
            assert_eq!(acts, None, "{verdict:?}\n{}", text.escape_debug());
        }
    }
}

#[test]
fn what_json_escapes_reads_back() {
    let value: serde_json::Value = serde_json::from_str(&json(&sealed(Verdict::Cause, HOSTILE))).unwrap();
    let line = value["analysis"]["evidence"]["logs"][0]["line"].as_str().unwrap();
    assert_eq!(line, format!("FATAL DATABASE_URL is not set{HOSTILE}"));
}

#[test]
fn quoted_text_is_no_markup() {
    let page = markdown(&sealed(Verdict::Cause, HOSTILE)).into_inner();
    let mut fence: Option<String> = None;
    for line in page.lines() {
        let ticks: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line.trim() == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                assert!(!line.starts_with("# h1"), "{line}");
                assert!(!outside_code(line).contains("<img"), "{line}");
            }
        }
    }
    assert_eq!(fence, None, "a fence stays open");
}

/// The line without its code spans and escaped characters.
fn outside_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches('`').len();
        if c == '\\' {
            rest = rest.get(2..).unwrap_or_default();
        } else if run > 0 {
            let fence = "`".repeat(run);
            let inside = &rest[run..];
            rest = &inside[inside.find(&fence).expect("a code span stays open") + run..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

#[test]
fn a_cause_as_markdown() {
    insta::assert_snapshot!(markdown(&sealed(Verdict::Cause, "")).as_ref());
}

#[test]
fn other_verdicts_as_markdown() {
    let pages: Vec<String> = Verdict::ALL.into_iter().skip(1).map(|v| markdown(&sealed(v, "")).into_inner()).collect();
    insta::assert_snapshot!(pages.join("\n----------------\n\n"));
}

#[test]
fn a_cause_as_json() {
    insta::assert_snapshot!(json(&sealed(Verdict::Cause, "")).as_ref());
}
