//! The rules of marking, on a corpus made on the spot.

use std::fs;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redacted, Redactor};

use super::case::Case;
use super::*;
use crate::port::Reading;
use crate::render::sample;

fn report(verdict: Verdict) -> Redacted<Report> {
    Redactor::default().seal(sample::report(verdict, ""))
}

/// Marks the sample of a verdict against an `expect` in YAML.
fn marked(verdict: Verdict, expect: &str) -> (Marks, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("case.yaml"), case_yaml("a", expect)).unwrap();
    let case = Case::load(dir.path()).unwrap();
    let mut failures = Vec::new();
    let marks = check::check(&report(verdict), &case.expect, &mut failures);
    (marks, failures)
}

fn case_yaml(id: &str, expect: &str) -> String {
    format!(
        "id: {id}\ntitle: t\nclass: c\nas_of: \"2026-11-22T12:00:00Z\"\nquestion: is shop ok?\nscope: {{namespace: shop}}\nexpect: {expect}\n"
    )
}

const CHECKOUT: &str = "{kind: Deployment, namespace: shop, name: checkout}";
const FAST: &str = "{kind: StorageClass, name: fast}";

#[test]
fn the_rules() {
    for (verdict, expect, wrong) in [
        (Verdict::Cause, format!("{{verdict: cause, root: [{CHECKOUT}], reason_any: [nope, database_url]}}"), ""),
        (Verdict::Cause, format!("{{verdict: cause, root: [{CHECKOUT}, {FAST}], must_mention: ['fast', 'e1']}}"), ""),
        (
            Verdict::Cause,
            format!("{{verdict: cause, root: [{{kind: Node, name: n}}], root_alternatives: [[{FAST}]]}}"),
            "",
        ),
        (Verdict::Cause, "{verdict: cause, root: [{kind: Node, name: n}]}".into(), "root"),
        (Verdict::Cause, format!("{{verdict: healthy, root: [], root_alternatives: [[{FAST}]]}}"), "verdict"),
        (Verdict::Healthy, format!("{{verdict: cause, root: [{CHECKOUT}], verdict_alternatives: [healthy]}}"), ""),
        (Verdict::Healthy, "{verdict: healthy, must_mention: [3 pods ready]}".into(), ""),
        (Verdict::Healthy, "{verdict: recovered}".into(), "verdict"),
        (Verdict::Cause, format!("{{verdict: cause, root: [{CHECKOUT}], reason_any: [oom]}}"), "reason"),
        (Verdict::Cause, format!("{{verdict: cause, root: [{CHECKOUT}], must_mention: [oom]}}"), "must mention"),
        (Verdict::Cause, format!("{{verdict: cause, root: [{CHECKOUT}], must_not_claim: [EXITS]}}"), "must not claim"),
        (Verdict::Cause, format!("{{verdict: cause, root: [{CHECKOUT}], must_not_claim: ['(']}}"), "case"),
    ] {
        let (_, failures) = marked(verdict, &expect);
        assert!(failures.len() <= 1, "{expect}: {failures:?}");
        assert_eq!(failures.first().map_or("", |f| f.split(':').next().unwrap()), wrong, "{expect}: {failures:?}");
    }
}

#[test]
fn roots_beyond_the_expected_cost_precision() {
    let (marks, failures) = marked(Verdict::Cause, &format!("{{verdict: cause, root: [{CHECKOUT}]}}"));
    assert_eq!((marks.found, marks.named, marks.right), (Some(true), 2, 1));
    assert_eq!(failures, Vec::<String>::new());
    let (marks, _) = marked(Verdict::Cause, "{verdict: expected}");
    assert_eq!((marks.found, marks.right, marks.false_cause), (None, 0, true));
}

/// A recording of an empty cluster.
struct Empty;

#[async_trait]
impl EvidenceSource for Empty {
    fn describe(&self) -> String {
        "nothing".to_owned()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        Ok(vec!["shop".to_owned()])
    }

    async fn read(&self, _: &Probe) -> Result<Reading, ReadFailure> {
        Err(ReadFailure::NotRecorded)
    }
}

fn setup() -> Setup {
    Setup {
        limits: Limits::default(),
        lookback: SignedDuration::from_hours(1),
        depth: Depth::Standard,
        redactor: Redactor::default(),
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    fs::create_dir_all(dir.join(name).join("cluster")).unwrap();
    fs::write(dir.join(name).join("case.yaml"), text).unwrap();
}

#[tokio::test]
async fn a_bad_case_is_a_failed_case() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a-good", &case_yaml("a-good", "{verdict: blind}"));
    write(dir.path(), "b-broken", "id: [");
    write(dir.path(), "c-verdict", &case_yaml("c-verdict", "{verdict: fine}"));
    write(dir.path(), "d-alert", &case_yaml("d-alert", "{verdict: blind}"));
    fs::write(dir.path().join("d-alert/alert.json"), "{").unwrap();
    write(dir.path(), "e-shut", &case_yaml("e-shut", "{verdict: blind}"));
    let open = |dir: &Path| -> Result<Box<dyn EvidenceSource>, OpenFailure> {
        if dir.ends_with("e-shut/cluster") { Err("it is shut".into()) } else { Ok(Box::new(Empty)) }
    };
    let score = run(dir.path(), &setup(), open).await.unwrap();
    let failed: Vec<(&str, bool)> = score.cases.iter().map(|c| (c.id.as_str(), !c.failures.is_empty())).collect();
    assert_eq!(
        failed,
        [("a-good", false), ("b-broken", true), ("c-verdict", true), ("d-alert", true), ("e-shut", true)]
    );
    assert!(!score.passed());
    assert!(matches!(run(&dir.path().join("a-good/cluster"), &setup(), open).await, Err(ScoreError::NoCases(_))));
    assert!(matches!(run(&dir.path().join("none"), &setup(), open).await, Err(ScoreError::Unreadable { .. })));
}

fn case(id: &str, class: &str, marks: Marks, failures: &[&str], ms: u64) -> CaseScore {
    let failures = failures.iter().map(|f| (*f).to_owned()).collect();
    CaseScore { id: id.into(), class: class.into(), failures, marks, elapsed: Duration::from_millis(ms) }
}

#[test]
fn the_table() {
    let found = Marks { found: Some(true), named: 1, right: 1, ..Marks::default() };
    let missed = Marks { found: Some(false), named: 1, wrong_verdict: false, ..Marks::default() };
    let fooled = Marks { named: 1, false_cause: true, wrong_verdict: true, ..Marks::default() };
    let score = Redactor::default().seal(Score {
        cases: vec![
            case("a", "oom", found, &[], 3),
            case("b", "oom", missed, &["root: expected Node n, got none"], 5),
            case("c", "quiet", fooled, &["verdict: expected healthy, got cause: \x1b[31m"], 100),
            case("d", "quiet", Marks::default(), &[], 1),
        ],
    });
    insta::assert_snapshot!(text(&score).as_ref());
    insta::assert_snapshot!(json(&score).as_ref());
}
