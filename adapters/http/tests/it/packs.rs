//! Packs are listed and switched by who may, and it counts at once.

use midwatch_service::policy::Verb;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Setup, World, json, problem, rule};

#[tokio::test]
async fn a_switch_is_durable_audited_and_counts_at_once() {
    let world = World::new().await;
    let (status, list) = json(world.get("/api/v1/packs")).await;
    assert_eq!(status, StatusCode::OK);
    let expected =
        json!({"name": "one", "version": "1.0.0", "description": "the only one", "enabled": true, "built_in": true});
    assert_eq!(list["packs"], json!([expected]));

    let (status, pack) = json(world.post("/api/v1/packs/one/disable", &json!({}))).await;
    assert_eq!((status, &pack["enabled"]), (StatusCode::OK, &json!(false)));
    assert!(!world.packs.is_enabled("one"));
    assert_eq!(world.store.packs().await.unwrap(), [("one".to_owned(), false)]);
    let (_, list) = json(world.get("/api/v1/packs")).await;
    assert_eq!(list["packs"][0]["enabled"], false);

    let (status, pack) = json(world.post("/api/v1/packs/one/enable", &json!({}))).await;
    assert_eq!((status, &pack["enabled"]), (StatusCode::OK, &json!(true)));
    assert!(world.packs.is_enabled("one"));
    let trail = world.store.audit(0, 10).await.unwrap();
    let told: Vec<_> = trail.iter().map(|one| (one.entry.action.as_str(), one.entry.subject.as_str())).collect();
    assert_eq!(told, [("pack disable", "one"), ("pack enable", "one")]);
    assert!(trail.iter().all(|one| one.entry.actor.as_ref().is_some_and(|actor| actor.user == "local")));
}

#[tokio::test]
async fn an_unknown_pack_is_not_found() {
    let world = World::new().await;
    let (status, code, detail) = problem(world.post("/api/v1/packs/two/disable", &json!({}))).await;
    assert_eq!((status, code.as_str()), (404, "E001"));
    assert!(detail.contains("`two`") && detail.contains("there are: one"), "{detail}");
    assert!(world.store.packs().await.unwrap().is_empty());
}

#[tokio::test]
async fn only_who_may_switch_packs_does_and_learns_their_names() {
    let rules = vec![rule("ops", &[Verb::Pack], &[]), rule("shop", &[Verb::List, Verb::Status], &[])];
    let world = World::with(Setup { rules, ..Setup::default() }.key("ops", "o").key("shop", "s")).await;
    for (path, words) in
        [("/api/v1/packs/one/disable", "may not `pack`"), ("/api/v1/packs/two/disable", "may not `pack`")]
    {
        let (status, code, detail) = problem(world.post(path, &json!({})).bearer_auth("s")).await;
        assert_eq!((status, code.as_str()), (403, "E005"));
        assert!(detail.contains(words) && !detail.contains("one"), "{detail}");
    }
    assert_eq!(problem(world.get("/api/v1/packs").bearer_auth("s")).await.0, 403);
    assert!(world.packs.is_enabled("one"));
    assert_eq!(json(world.get("/api/v1/packs").bearer_auth("o")).await.0, StatusCode::OK);
    let denied = world.store.audit(0, 10).await.unwrap();
    assert!(denied.len() == 2 && denied.iter().all(|one| one.entry.action == "denied"), "{denied:?}");
    assert_eq!(json(world.post("/api/v1/packs/one/disable", &json!({})).bearer_auth("o")).await.0, StatusCode::OK);
}
