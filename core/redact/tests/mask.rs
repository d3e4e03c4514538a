//! What masking promises: names are hidden wherever they are words, and what comes back is what went in, byte for byte.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test")]

use midwatch_redact::{Mask, Redacted, Redactor};
use proptest::prelude::*;

fn mask() -> Mask {
    let mut mask = Mask::new();
    for (kind, name) in [
        ("Deployment", "api"),
        ("Pod", "api-7d9f-x2x"),
        ("Namespace", "shop"),
        ("Node", "node-1"),
        ("Node", "worker-b"),
        ("StatefulSet", "orders-db"),
        ("Gadget", "pod-2"),
        ("Namespace", "kube-system"),
        ("Pod", "1234"),
    ] {
        mask.name(kind, name);
    }
    mask
}

fn text(text: &str) -> Redacted<String> {
    Redactor::default().redact_text(text)
}

#[test]
fn names_are_hidden_wherever_they_are_words() {
    for (given, hidden) in [
        ("Pod shop/api-7d9f-x2x is down", "Pod ns-1/pod-1 is down"),
        ("Deployment shop/api", "Deployment ns-1/deploy-1"),
        ("api-7d9f-zzz9 of api", "deploy-1-7d9f-zzz9 of deploy-1"),
        ("http://api.shop.svc:8080/x?y=api", "http://deploy-1.ns-1.svc:8080/x?y=deploy-1"),
        ("api.shop.svc.cluster.local.", "deploy-1.ns-1.svc.cluster.local."),
        ("dig cluster.local svc.cluster.local", "dig cluster.local svc.cluster.local"),
        ("{\"app\":\"api\",\"m\":\"\\napi\\tshop\"}", "{\"app\":\"deploy-1\",\"m\":\"\\ndeploy-1\\tns-1\"}"),
        ("/v1/%2Fapi%2Fshop", "/v1/%2Fdeploy-1%2Fns-1"),
        ("\u{1b}[31mapi\u{1b}[0m", "\u{1b}[31mdeploy-1\u{1b}[0m"),
        ("app=api,ns=shop", "app=deploy-1,ns=ns-1"),
        ("10.0.3.7:443 refused", "ip-1:443 refused"),
        ("dial tcp [fd00::12]:6379", "dial tcp [ip-1]:6379"),
        ("registry.acme.io/shop/api:v2", "host-1/ns-1/deploy-1:v2"),
        ("redis://cache:6379/0", "redis://host-1:6379/0"),
        ("redis://default@cache:6379/0", "redis://default@host-1:6379/0"),
        ("payments.prod.svc", "host-1.host-2.svc"),
        ("10-0-1-23.shop.pod.cluster.local", "host-1.ns-1.pod.cluster.local"),
        ("on ip-10-0-1-23.ec2.internal", "on host-1"),
        ("orders-db-0", "sts-1-0"),
        // Written in another way: its own placeholder, so that it comes back as it was.
        ("ORDERS_DB_HOST=x Api", "sts-2_HOST=x deploy-2"),
        // A real name that looks like a placeholder, and text that does.
        ("node-1 and worker-b", "node-2 and node-3"),
        ("pod-2 pod-1 Pod-9", "name-1 name-2 name-3"),
    ] {
        let mask = mask();
        let masked = mask.hide(&text(given));
        assert_eq!(masked.as_str(), hidden, "{given}");
        assert_eq!(mask.show(&masked), given);
    }
}

#[test]
fn what_is_no_name_stays() {
    for same in [
        "in kube-system, restarted 1234 times",
        "the apis of shopping, rapid",
        "spec.containers[0].image in main.py, v1.2.3 of 2026-11-22T14:01:58Z",
        "docker.io/library/redis:7 and app.kubernetes.io/name",
        "127.0.0.1:6379 and 0.0.0.0, ::1, std::io, 12:34:56",
        "",
    ] {
        assert_eq!(mask().hide(&text(same)).as_str(), same);
    }
}

#[test]
fn a_model_may_write_it_in_its_own_way() {
    let mask = mask();
    for (said, shown) in [
        ("Deploy-1 fails; **pod-1** too", "api fails; **api-7d9f-x2x** too"),
        ("`ns-1/deploy-1`, _node-3_", "`shop/api`, _worker-b_"),
        ("pod\u{2011}1 and pod\\-1", "api-7d9f-x2x and api-7d9f-x2x"),
        ("deploy-1's pods, deploy-1.ns-1.svc", "api's pods, api.shop.svc"),
        // Never given out, or no placeholder.
        ("pod-77, pod-01, tripod-1, pod-1x, e13", "pod-77, pod-01, tripod-1, pod-1x, e13"),
    ] {
        assert_eq!(mask.show(said), shown);
    }
}

#[test]
fn what_is_learned_later_leaves_earlier_placeholders_as_they_are() {
    let mut mask = Mask::new();
    mask.name("Pod", "web-1");
    assert_eq!(mask.hide(&text("web-1 web-2")).as_str(), "pod-1 web-2");
    mask.name("Pod", "web-2");
    mask.name("Pod", "pod-1");
    assert_eq!(mask.hide(&text("web-1 web-2 pod-1")).as_str(), "pod-1 pod-2 pod-3");
    assert_eq!(mask.show("pod-1 pod-2 pod-3"), "web-1 web-2 pod-1");
}

#[test]
fn it_tells_no_name_of_itself() {
    assert!(!format!("{:?}", mask()).contains("api"));
}

/// Pieces that make words, names and placeholders begin, end and collide.
const PIECES: &[&str] = &[
    "api",
    "API",
    "shop",
    "api-7d9f-x2x",
    "node-1",
    "orders_db",
    "orders-db",
    "worker-b",
    "pod-",
    "pod-1",
    "Pod-2",
    "1",
    "0",
    "deploy",
    "-",
    "_",
    ".",
    "/",
    ":",
    "::",
    "@",
    "://",
    " ",
    "\\n",
    "\\",
    "%2F",
    "%",
    "\\u003c",
    "\u{1b}[31m",
    "\u{1b}[",
    "m",
    ";",
    "10.0.0.1",
    "fd00::1",
    ".svc",
    ".com",
    "acme",
    "ip-10-0-0-1",
    "name-3",
    "ns",
    "n",
    "é",
    "\u{2011}",
    "host-1",
    "\n",
    "\u{1f600}",
    "\"",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![6 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => "\\PC{0,4}"];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Whether a name is a word of a text.
fn is_word(text: &str, name: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(name)
        .any(|(at, _)| !joins(text[..at].chars().next_back()) && !joins(text[at + name.len()..].chars().next()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CASES").map_or(2000, |n| n.parse().unwrap()), failure_persistence: None, rng_seed: prop::test_runner::RngSeed::Fixed(std::env::var("SEED").map_or(7, |n| n.parse().unwrap())), ..ProptestConfig::default() })]

    #[test]
    fn what_comes_back_is_what_went_in(texts in prop::collection::vec(soup(), 1..4)) {
        let mask = mask();
        let hidden: Vec<_> = texts.iter().map(|t| mask.hide(&text(t))).collect();
        for (given, hidden) in texts.iter().zip(&hidden) {
            let given = text(given);
            prop_assert_eq!(&mask.show(hidden), given.as_str(), "{}", hidden.as_str());
            prop_assert_eq!(&mask.hide(&given), hidden);
            for name in ["api", "shop", "worker-b", "orders-db", "api-7d9f-x2x"] {
                prop_assert!(!is_word(hidden, name), "{name} in {}", hidden.as_str());
            }
        }
    }

    #[test]
    fn the_same_calls_give_the_same(text_of in soup()) {
        let given = text(&text_of);
        prop_assert_eq!(mask().hide(&given), mask().hide(&given));
    }
}
