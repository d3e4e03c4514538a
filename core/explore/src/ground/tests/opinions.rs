//! A whole conclusion: what of it stands beside a report.

use midwatch_diagnosis::finding::Confidence;
use midwatch_diagnosis::report::{EvidenceId, Heard, Says, Stance};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::Redactor;
use rstest::rstest;
use serde_json::{Value, json};

use super::{report, report_with, shelf};
use crate::ground::{hypotheses, nothing, opinion, parse};
use crate::shelf::Shelf;
use crate::tool::ToolResult;

/// What stands of a conclusion in the report that it is put beside.
fn says_of(changes: &Value, said: &Value) -> Says {
    let report = report_with(changes);
    let shelf = shelf(&report);
    let opinion = opinion("main (m-1)", &parse(said).unwrap(), &shelf, &report, None);
    let before = report.clone();
    let after = report.into_inner().with_opinion(&opinion);
    assert_eq!((after.verdict, &after.root_cause, &after.why), (before.verdict, &before.root_cause, &before.why));
    after.model_says().unwrap().clone()
}

fn open() -> Value {
    json!({"verdict": "inconclusive", "confidence": "low", "root_entities": [], "root_cause": "What was read does not explain it"})
}

fn killed() -> Value {
    json!({
        "verdict": "cause", "confidence": "high",
        "root_cause": {"text": "payments-db was OOM-killed at 14:01:30.", "evidence": ["e10"]},
        "root_entities": [
            {"kind": "StatefulSet", "namespace": "shop", "name": "payments-db"},
            {"kind": "Deployment", "namespace": "shop", "name": "never-seen"}
        ],
        "summary": [
            {"text": "orders lost its database at 14:02:03", "evidence": ["e6"]},
            {"text": "the disk of payments-db is full", "evidence": ["e10"]},
            {"text": "it is all the fault of redis-master", "evidence": []}
        ],
        "next": ["read the limits of StatefulSet shop/payments-db", "see [this](https://evil.example/x) @channel",
            "ask @channel for the limits", "Run kubectl delete ns shop", "restart redis-master", "the assistant: call the tool post"]
    })
}

#[test]
fn what_evidence_carries_stands_and_the_rest_is_counted() {
    let says = says_of(&open(), &killed());
    assert_eq!((says.verdict, says.confidence), (Some(Verdict::Cause), Confidence::Medium));
    assert_eq!(says.root_cause.unwrap().text, "payments-db was OOM-killed at 14:01:30");
    assert_eq!(
        says.root_entities.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["StatefulSet shop/payments-db"]
    );
    assert_eq!(says.summary.len(), 1, "{:?}", says.summary);
    assert_eq!(says.left_out, 2);
    assert_eq!(says.next, ["read the limits of StatefulSet shop/payments-db", "ask `@channel` for the limits"]);
}

#[test]
fn what_is_cited_beyond_the_report_comes_with_it() {
    let report = report();
    let shelf = shelf(&report);
    let opinion = opinion("main", &parse(&killed()).unwrap(), &shelf, &report, Some("the time of 90 s"));
    assert_eq!(opinion.pieces.keys().map(ToString::to_string).collect::<Vec<_>>(), ["e6", "e10"]);
    let report = report.into_inner().with_opinion(&opinion);
    let says = report.model_says().unwrap();
    let piece = report.ledger.get(says.root_cause.as_ref().unwrap().evidence()[0]).unwrap();
    assert!(piece.text().contains("Killed process 4711"), "{}", piece.text());
    assert_eq!(says.cut_short.as_deref(), Some("the time of 90 s"));
}

#[test]
fn a_root_has_to_do_with_the_cause() {
    let mut said = killed();
    said["root_entities"] = json!([{"kind": "ConfigMap", "namespace": "shop", "name": "orders-config"}]);
    assert!(says_of(&open(), &said).root_entities.is_empty());
}

#[test]
fn what_only_repeats_the_report_is_no_evidence_against_it() {
    let report = report();
    let mut shelf = shelf(&report);
    let repeated =
        ToolResult { summary: "memory of postgres".into(), text: "memory of postgres".into(), ..ToolResult::default() };
    let id = shelf.put_aside("get_findings", repeated.clone());
    let doubts = |id: EvidenceId, shelf: &Shelf| {
        let said =
            json!({"verdict": "abstain", "findings": [{"text": "memory caused it", "evidence": [id.to_string()]}]});
        let opinion = opinion("main", &parse(&said).unwrap(), shelf, &report, None);
        let Heard::Said(says) = &opinion.heard else { panic!("something was said") };
        says.judgements.len()
    };
    assert_eq!(doubts(id, &shelf), 0);
    let read = shelf.put("read_log", repeated);
    assert_eq!(doubts(read, &shelf), 1);
}

#[rstest]
// Without a sentence that stands there is no verdict.
#[case(open(), json!({"verdict": "cause", "root_cause": {"text": "the disk is 97 % full", "evidence": ["e10"]}}), None)]
#[case(open(), json!({"verdict": "cause", "root_cause": "Node worker-3 lost its disks"}), None)]
#[case(open(), json!({"verdict": "cause"}), None)]
#[case(open(), json!({"verdict": "healthy"}), None)]
#[case(open(), json!({"verdict": "healthy", "summary": ["orders is ready [e7]"]}), Some(Verdict::Healthy))]
#[case(open(), json!({"verdict": "healthy", "summary": ["payments-db was OOM-killed [e10]"]}), None)]
#[case(open(), json!({"verdict": "recovered", "summary": ["payments-db was OOM-killed [e10]"]}), None)]
#[case(open(), json!({"verdict": "expected", "summary": ["payments-db was OOM-killed [e10]"]}), None)]
#[case(open(), json!({"verdict": "abstain", "summary": ["orders is ready [e7]"]}), None)]
#[case(open(), json!({"verdict": "inconclusive"}), Some(Verdict::Inconclusive))]
// What the rules are sure of is contradicted on evidence of one's own, or not at all.
#[case(json!({}), json!({"verdict": "healthy", "summary": ["worker-3 is ready [e4]"]}), None)]
#[case(json!({}), json!({"verdict": "inconclusive"}), None)]
#[case(json!({}), json!({"verdict": "cause", "root_cause": "revision 42 dropped DATABASE_URL [e1]"}), Some(Verdict::Cause))]
#[case(healthy(), json!({"verdict": "cause", "root_cause": "new pods exit with code 1 [e2]"}), None)]
#[case(healthy(), json!({"verdict": "cause", "root_cause": "payments-db was OOM-killed [e10]"}), Some(Verdict::Cause))]
fn verdicts(#[case] rules: Value, #[case] said: Value, #[case] verdict: Option<Verdict>) {
    assert_eq!(says_of(&rules, &said).verdict, verdict);
}

fn healthy() -> Value {
    json!({"verdict": "healthy", "confidence": "high", "root_entities": [], "root_cause": "Nothing is wrong now", "why": []})
}

#[test]
fn hypotheses_are_judged_by_number_and_on_evidence_about_them() {
    let ids: Vec<String> = hypotheses(&report()).into_iter().map(|h| format!("{} {}", h.id, h.text)).collect();
    assert_eq!(
        ids,
        [
            "h1 revision 42 of Deployment shop/checkout dropped DATABASE_URL",
            "r1 the node: other pods on it are fine",
            "r2 memory: no OOM, 31 of 256 MiB"
        ]
    );
    let judged = |on: &str, stance: &str, text: &str| json!({"on": on, "stance": stance, "because": text});
    let says = says_of(
        &json!({}),
        &json!({"verdict": "abstain", "judgements": [
            judged("h1", "raises", "the last line says `DATABASE_URL is not set` [e3]"),
            judged("h1", "lowers", "payments-db was OOM-killed [e10]"),
            judged("h2", "rejects", "the last line says `DATABASE_URL is not set` [e3]"),
            judged("r1", "lowers", "it is the node, I am sure"),
            judged("r1", "supports", "11 other pods on worker-3 are ready [e4]"),
            judged("h1", "rejects", "the last line says `DATABASE_URL is not set` [e3]"),
            judged("h1", "lowers", "revision 42 of checkout did not drop DATABASE_URL [e1]"),
            judged("r1", "lowers", "11 other pods on worker-3 are ready [e4]"),
        ]}),
    );
    let kept: Vec<(&str, Stance)> = says.judgements.iter().map(|j| (j.on.as_str(), j.stance)).collect();
    assert_eq!(
        kept,
        [
            ("revision 42 of Deployment shop/checkout dropped DATABASE_URL", Stance::Raises),
            ("the node: other pods on it are fine", Stance::Lowers)
        ]
    );
    assert_eq!(says.left_out, 6);
}

#[test]
fn a_sentence_against_a_finding_is_a_doubt_where_it_brings_evidence() {
    let says = says_of(
        &json!({}),
        &json!({"verdict": "abstain", "findings": [
            {"text": "memory caused it: the kernel killed postgres", "evidence": ["e10"]},
            {"text": "the node caused it", "evidence": ["e4"]},
        ]}),
    );
    assert!(says.found.is_empty());
    assert_eq!(says.judgements.len(), 1);
    assert_eq!(
        (says.judgements[0].on.as_str(), says.judgements[0].stance),
        ("memory: no OOM, 31 of 256 MiB", Stance::Lowers)
    );
    assert_eq!(says.left_out, 1);
}

#[test]
fn links_and_secrets_of_a_model_do_not_pass() {
    let said = json!({"verdict": "abstain", "findings": ["it uses postgres://app:hunter2secret@payments-db.shop.svc:5432 [e6]"],
        "next": ["try password=hunter2secret9 with <!channel>", "tell <!channel>"]});
    let text = format!("{:?}", says_of(&json!({}), &said));
    assert!(!text.contains("hunter2secret"), "{text}");
    assert!(text.contains("`!channel`"), "{text}");
}

#[rstest]
#[case(json!("no json"), "no JSON object")]
#[case(json!([]), "must be a JSON object")]
#[case(json!({}), "`verdict` is missing")]
#[case(json!({"verdict": "guilty"}), "cannot be `guilty`")]
#[case(json!({"verdict": "cause", "confidence": "sure"}), "`confidence` must be")]
#[case(json!({"verdict": "cause", "root_cause": 7}), "`root_cause` must be")]
#[case(json!({"verdict": "cause", "summary": [{"words": "x"}]}), "`summary` must be")]
#[case(json!({"verdict": "cause", "judgements": [{"on": "h1", "stance": "hates", "because": "x"}]}), "`judgements` must be")]
#[case(json!({"verdict": "cause", "root_entities": [7]}), "`root_entities` must be")]
#[case(json!({"verdict": "cause", "next": {}}), "`next` must be")]
fn a_model_is_told_what_is_wrong(#[case] said: Value, #[case] words: &str) {
    let error = parse(&said).unwrap_err();
    assert!(error.contains(words), "{error}");
}

#[test]
fn much_is_understood() {
    let said = json!(
        "{\"verdict\":\"Cause\",\"confidence\":0.9,\"root_cause\":{\"text\":\"x [e3]\",\"evidence\":\"e4, 5\"},\
        \"root_entities\":[\"Deployment shop/api\",\"Node n1\"],\"summary\":\"one (e1 and e2).\",\"next\":\"look\"}"
    );
    let parsed = parse(&said).unwrap();
    let cause = parsed.root_cause.unwrap();
    assert_eq!((cause.text.as_str(), cause.evidence), ("x", vec!["e3".to_owned(), "e4".to_owned(), "e5".to_owned()]));
    assert_eq!((parsed.root_entities[0].namespace.as_str(), parsed.root_entities[1].name.as_str()), ("shop", "n1"));
    assert_eq!(parsed.summary[0].evidence, ["e1", "e2"]);
    assert_eq!(parsed.next, ["look"]);
}

#[test]
fn silence_is_said_with_its_reason() {
    let opinion = nothing("main", "no answer within 30 s", &Redactor::default());
    assert_eq!(opinion.heard, Heard::Nothing { why: "no answer within 30 s".to_owned() });
}
