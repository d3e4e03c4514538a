//! Permissions as their users meet them: two keys, one of them for one namespace only.

use serde_json::{Value, json};

use crate::support::{CASE, OPS, Place, SHOP, alert, webhook};

const RULES: &str = "permissions: {rules: [{who: {platform: webhook}, verbs: [investigate]}, {who: {platform: api, user: \
                     ops}}, {who: {platform: api, user: shop}, verbs: [investigate, list, status], namespaces: [shop]}]}\n";

fn names<'a>(list: &'a Value, of: &str, field: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = list[of].as_array().unwrap().iter().filter_map(|one| one[field].as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_one_namespace_asks_and_sees_that_one_alone() {
    let place = Place::new(CASE, RULES).await;
    let keys = place.two_keys();
    let settings = [("server__api_keys", keys.as_str())];
    let mut server = place.start_with(&settings);
    server.ready().await;

    let pod = |namespace: &str| json!({"namespace": namespace, "pod": "payments-api-768fcbbc49-t6lgw", "wait": "0s"});
    let path = "/api/v1/analyze/pod";
    assert_eq!(server.keyed("no-key-at-all", path, Some(&pod("shop"))).await.0, 401);
    let (status, mine) = server.keyed(SHOP, path, Some(&pod("shop"))).await;
    assert_eq!(status, 202, "{mine}");
    let (status, denied) = server.keyed(SHOP, path, Some(&pod("inc-crashloop"))).await;
    assert_eq!((status, denied["code"].as_str()), (403, Some("E005")), "{denied}");
    let words = denied["detail"].as_str().unwrap();
    assert!(words.contains("api shop may not `investigate` in namespace inc-crashloop"), "{words}");
    let (status, _) = server.keyed(SHOP, "/api/v1/analyze", Some(&json!({"text": "everything", "wait": "0s"}))).await;
    assert_eq!(status, 403, "no namespace is all of them");
    let (status, other) = server.keyed(OPS, path, Some(&pod("inc-crashloop"))).await;
    assert_eq!(status, 202, "{other}");

    let alerts = ["shop", "bank"].map(|ns| alert("Slow", "firing", &json!({"namespace": ns, "service": "api"})));
    let delivered = server.post("/webhook/alertmanager", &webhook("slow", "firing", &alerts)).await;
    assert_eq!(delivered.unwrap().0, 200);
    let (_, list) = server.keyed(SHOP, "/api/v1/alerts", None).await;
    assert_eq!(names(&list, "alerts", "namespace"), ["shop"], "{list}");
    let (_, list) = server.keyed(OPS, "/api/v1/alerts", None).await;
    assert_eq!(names(&list, "alerts", "namespace"), ["bank", "shop"], "{list}");

    let (_, list) = server.keyed(SHOP, "/api/v1/jobs", None).await;
    assert_eq!(names(&list, "jobs", "id"), [mine["id"].as_str().unwrap()], "{list}");
    let (_, list) = server.keyed(OPS, "/api/v1/jobs", None).await;
    assert!(list["jobs"].as_array().unwrap().len() >= 2, "{list}");
    let link = |job: &Value, name: &str| job["links"][name].as_str().unwrap().to_owned();
    assert_eq!(server.keyed(SHOP, &link(&other, "job"), None).await.0, 403);
    assert_eq!(server.keyed(SHOP, &link(&mine, "cancel"), Some(&json!({}))).await.0, 403, "it may not stop");
    assert_eq!(server.keyed(SHOP, "/api/v1/health", None).await.0, 403);
    assert_eq!(server.keyed(OPS, "/api/v1/health", None).await.0, 200);

    let (code, trail, err) = place.run(&["audit", "list"], &settings).await;
    assert_eq!(code, Some(0), "{err}");
    let denied: Vec<&str> = trail.lines().filter(|line| line.contains("denied")).collect();
    assert!(denied.len() == 3 && denied.iter().all(|line| line.contains("shop")), "{trail}");
    assert!(denied[0].contains("inc-crashloop"), "{trail}");
}
