//! One table: what people type, and what it means.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::Object;
use midwatch_diagnosis::probe::Probe;
use midwatch_diagnosis::view::{Collected, Content, View};
use rstest::rstest;

use super::targets;
use crate::request::NoReport;

fn object(kind: Kind, namespace: &str, name: &str, app: &str, owner: Option<(&str, &str)>) -> Object {
    let owners = owner.map(|(kind, name)| serde_json::json!([{"kind": kind, "name": name, "controller": true}]));
    let value = serde_json::json!({
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}, "ownerReferences": owners},
        "spec": {"selector": {"app": app}},
    });
    let value = if kind == Kind::Service { value } else { serde_json::json!({"metadata": value["metadata"]}) };
    Object::decode(&kind, value).unwrap()
}

fn cluster() -> View {
    let objects = vec![
        object(Kind::Deployment, "shop", "checkout", "checkout", None),
        object(Kind::Service, "shop", "checkout", "checkout", None),
        object(Kind::ReplicaSet, "shop", "checkout-5d4f", "checkout", Some(("Deployment", "checkout"))),
        object(Kind::Pod, "shop", "checkout-5d4f-abcde", "checkout", Some(("ReplicaSet", "checkout-5d4f"))),
        object(Kind::Deployment, "shop", "cart-api", "cart", None),
        object(Kind::Deployment, "shop", "search-api", "search-api", None),
        object(Kind::Deployment, "shop", "search-worker", "indexer", None),
        object(Kind::StatefulSet, "shop", "orders-db", "orders-db", None),
        object(Kind::Deployment, "billing", "gateway", "gateway", None),
        object(Kind::Deployment, "shop", "gateway", "gateway", None),
        object(Kind::Node, "", "worker-1", "", None),
        object(Kind::Deployment, "shop", "slow", "slow", None),
    ];
    let mut collected = Vec::new();
    for kind in Kind::KNOWN {
        let of_kind = objects.iter().filter(|o| o.kind() == *kind).cloned().collect();
        let probe = Probe::Objects { kind: kind.clone(), namespace: None };
        collected.push(Collected { probe, result: Ok(Content::Objects(of_kind)), gaps: vec![] });
    }
    View::new(collected, None, SignedDuration::from_hours(1))
}

#[rstest]
// exact, with or without kind and namespace
#[case("checkout", "Deployment shop/checkout")]
#[case("deploy/checkout", "Deployment shop/checkout")]
#[case("deployment checkout", "Deployment shop/checkout")]
#[case("svc/checkout", "Service shop/checkout")]
#[case("shop/gateway", "Deployment shop/gateway")]
#[case("worker-1", "Node worker-1")]
#[case("is node worker-1 ok?", "Node worker-1")]
#[case("checkout-5d4f-abcde", "Deployment shop/checkout")]
#[case("why is `checkout` slow?", "Deployment shop/checkout")]
#[case("Why is CHECKOUT down", "Deployment shop/checkout")]
// by app label, by prefix, near
#[case("indexer", "Deployment shop/search-worker")]
#[case("why does orders restart", "StatefulSet shop/orders-db")]
#[case("cart", "Deployment shop/cart-api")]
#[case("does db answer?", "StatefulSet shop/orders-db")]
#[case("why is chekout down", "Deployment shop/checkout")]
#[case("orders-bd", "StatefulSet shop/orders-db")]
// plain English names nothing, unless a kind stands before it
#[case("what is broken?", "")]
#[case("why is cart-api at 0/1 for 10 minutes", "Deployment shop/cart-api")]
#[case("why is deployment slow failing", "Deployment shop/slow")]
#[case("checkout cannot reach orders-db", "Deployment shop/checkout, StatefulSet shop/orders-db")]
// several, none
#[case("search", "Deployment shop/search-api | Deployment shop/search-worker")]
#[case("gateway", "Deployment billing/gateway | Deployment shop/gateway")]
#[case("why is payments down", "? payments")]
#[case("no-such-thing", "? no-such-thing")]
fn words_to_entities(#[case] text: &str, #[case] expected: &str) {
    let join = |list: &[midwatch_diagnosis::entity::EntityRef], by: &str| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(by)
    };
    let got = match targets(&cluster(), text, &BTreeSet::new(), false) {
        Ok(named) => join(&named.targets, ", "),
        Err(NoReport::Ambiguous { candidates, .. }) => join(&candidates, " | "),
        Err(NoReport::NoMatch { asked, nearest }) => {
            assert!(!nearest.is_empty(), "the nearest names are shown");
            format!("? {asked}")
        }
        Err(other) => panic!("{other}"),
    };
    assert_eq!(got, expected);
}

#[test]
fn with_a_namespace_an_open_question_is_about_the_namespace() {
    let shop = BTreeSet::from(["shop".to_owned()]);
    let open = targets(&cluster(), "customers say promo-api is gone", &shop, true).unwrap();
    assert_eq!((open.targets, open.unknown), (vec![], vec!["promo-api".to_owned()]));
    let got = targets(&cluster(), "gateway", &shop, true).unwrap().targets;
    assert_eq!(got[0].to_string(), "Deployment shop/gateway");
}
