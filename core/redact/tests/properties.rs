//! What holds for any text: it never panics, twice is once, JSON stays JSON of the same structure,
//! and text made of what Kubernetes writes is left alone.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test")]

use midwatch_redact::{Redactor, samples};
use proptest::prelude::*;
use serde_json::Value;
use std::sync::LazyLock;

/// Pieces that make rules start, nest and collide.
const PIECES: &[&str] = &[
    "password",
    "\"password\"",
    "=",
    ":",
    ": ",
    "\"",
    "\\\"",
    "\\\\\\\"",
    "'",
    "\n",
    "\\n",
    "\\",
    ",",
    "{",
    "}",
    "[",
    "]",
    "token=",
    "--secret ",
    "://",
    "user:",
    "pass@",
    "@",
    "eyJ",
    ".",
    "-----BEGIN PRIVATE KEY-----",
    "-----END",
    "kind: Secret",
    "\"kind\":\"Secret\"",
    "data:\n",
    "  a: b\n",
    "\"data\":{",
    "last-applied-configuration",
    "[redacted:",
    "[redacted:token]",
    "Authorization: ",
    "Bearer ",
    "hunter2",
    "abc123XYZ",
    "\u{e9}",
    "\u{1f600}",
    "\\u00e9",
    "%3D",
    "$(",
    "Cookie: ",
    "a=b; ",
    "mysql -p",
    "AKIA",
    "ghp_",
    "value",
    "name",
    "\t",
    " ",
    "12345678",
    "true",
    "null",
    "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9",
    "jdbc:oracle:",
    "@tcp(",
    "<",
    ">",
    ";",
    "&",
    "|\n",
    "/",
    "LS0tLS1CRUdJTi",
    ":AA",
    "sig=",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => "\\PC{0,6}"];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        soup().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        soup().prop_map(|text| Value::from(serde_json::json!({"token": text, "n": 1}).to_string())),
    ];
    let key =
        prop::sample::select(&["password", "a", "name", "value", "kind", "data", "msg", "token", "Authorization"][..]);
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5).prop_map(|entries| Value::Object(
                entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    let mut redactor = Redactor::default();
    redactor.learn_env("DB_PASSWORD", "hunter2");
    redactor.learn_env("DB_PASSWORD", "12345678");
    redactor.learn_env("DB_PASSWORD", "ab\"c\\d\u{e9}!");
    for (_, secret) in samples::seeded_secrets(3, 20) {
        redactor.learn_env("API_TOKEN", &secret);
    }
    redactor
});

/// The same keys, lists of the same length; a number may have become a string.
fn same_structure(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same_structure(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_structure(a, b)),
        (Value::String(_) | Value::Number(_), Value::String(_)) => true,
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CASES").map_or(600, |n| n.parse().unwrap()), failure_persistence: None, rng_seed: prop::test_runner::RngSeed::Fixed(std::env::var("SEED").map_or(7, |n| n.parse().unwrap())), ..ProptestConfig::default() })]

    #[test]
    fn never_panics_and_twice_is_once(text in soup()) {
        let once = REDACTOR.redact_text(&text);
        prop_assert_eq!(REDACTOR.redact_text(&once), once);
        REDACTOR.explain(&text);
    }

    #[test]
    fn json_stays_json(value in document(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        let safe = REDACTOR.redact_text(&text);
        let parsed = serde_json::from_str::<Value>(&safe);
        prop_assert!(parsed.is_ok(), "in: {text}\nout: {safe}");
        prop_assert!(same_structure(&value, &parsed.unwrap()), "in: {text}\nout: {safe}");
    }

    #[test]
    fn what_kubernetes_writes_stays(text in kubernetes()) {
        let safe = REDACTOR.redact_text(&text);
        prop_assert_eq!(safe.as_str(), &text);
    }
}

fn kubernetes() -> impl Strategy<Value = String> {
    let word =
        "(shop|checkout|payments|kube|state|metrics|token|auth|secret|api|horizontal|autoscaler|controller|key|web)";
    let pieces = vec![
        format!("{word}(-{word}){{0,4}}-[bcdf2456789]{{8,10}}-[bcdf2456789]{{5}}"),
        format!("{word}-{word}\\.{word}\\.svc\\.cluster\\.local:[1-9][0-9]{{3}}"),
        format!("registry\\.acme\\.io/{word}/{word}-{word}:v[0-9]\\.[0-9]{{1,2}}\\.[0-9]"),
        "sha256:[0-9a-f]{64}".to_owned(),
        "containerd://[0-9a-f]{64}".to_owned(),
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}".to_owned(),
        "2026-1[0-2]-[0-2][1-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z".to_owned(),
        "resourceVersion: [1-9][0-9]{6,9}".to_owned(),
        "exit code (1|137|143), restarts [0-9]{1,2}".to_owned(),
        format!("/var/lib/kubelet/pods/[0-9a-f]{{8}}/volumes/kubernetes.io~secret/{word}-{word}"),
        "(HorizontalPodAutoscaler|PersistentVolumeClaim|ValidatingWebhookConfiguration)(Failed|NotFound|Updated)V[12]"
            .to_owned(),
        format!("app.kubernetes.io/name={word}-{word}"),
    ];
    prop::collection::vec(
        prop::sample::select(pieces)
            .prop_flat_map(|regex| prop::string::string_regex(&regex).expect("a regex of this test")),
        1..12,
    )
    .prop_map(|pieces| pieces.join(" "))
}
