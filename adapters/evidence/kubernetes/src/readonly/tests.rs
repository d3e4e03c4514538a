//! What the layer lets through and what it refuses.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn judged(method: &str, target: &str, accept: Option<&str>) -> bool {
    let mut headers = HeaderMap::new();
    if let Some(accept) = accept {
        headers.insert(ACCEPT, accept.parse().unwrap());
    }
    let Ok(uri) = target.parse::<Uri>() else { return false };
    check(&method.parse().unwrap(), &uri, &headers).is_ok()
}

#[rstest]
#[case("/version")]
#[case("/apis")]
#[case("/api/v1/pods?limit=500")]
#[case("/api/v1/namespaces/shop/pods?limit=500&continue=abc%3D")]
#[case("/api/v1/nodes")]
#[case("/apis/apps/v1/namespaces/shop/deployments")]
#[case("/apis/autoscaling/v2/horizontalpodautoscalers?limit=500")]
#[case("/apis/cert-manager.io/v1/certificates?limit=500")]
#[case("/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/gateways")]
#[case(
    "/api/v1/namespaces/shop/pods/api-1.x/log?container=api&tailLines=1000&limitBytes=10&timestamps=true&previous=true"
)]
fn reads_pass(#[case] target: &str) {
    assert!(judged("GET", target, Some("application/json")));
    for method in ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "HEAD"] {
        assert!(!judged(method, target, Some("application/json")), "{method}");
    }
}

#[rstest]
#[case("/api/v1/namespaces/shop/pods/api-1/exec?command=sh")]
#[case("/api/v1/namespaces/shop/pods/api-1/attach")]
#[case("/api/v1/namespaces/shop/pods/api-1/portforward?ports=80")]
#[case("/api/v1/namespaces/shop/pods/api-1/proxy")]
#[case("/api/v1/namespaces/shop/pods/api-1/proxy/admin")]
#[case("/api/v1/namespaces/shop/pods/api-1:8080/proxy/")]
#[case("/api/v1/namespaces/shop/services/db/proxy/metrics")]
#[case("/api/v1/nodes/worker-1/proxy/logs/")]
#[case("/api/v1/proxy/nodes/worker-1")]
#[case("/api/v1/namespaces/shop/pods/api-1/log/../exec")]
#[case("/api/v1/namespaces/shop/pods/../exec/log")]
#[case("/api/v1/namespaces/shop/pods/api-1/log?follow=true")]
#[case("/api/v1/namespaces/shop/pods/api-1/log?container=a&insecureSkipTLSVerifyBackend=true")]
#[case("/api/v1/namespaces/shop/pods/api-1/%65xec")]
#[case("/api/v1/namespaces/shop/serviceaccounts/default/token")]
#[case("/api/v1/secrets")]
#[case("/api/v1/namespaces/shop/secrets")]
#[case("/api/v1/namespaces/shop/secrets?watch=true")]
#[case("/api/v1/namespaces/shop/secrets/db")]
#[case("/api/v1/namespaces/shop/secrets/")]
#[case("/api/v1/namespaces/shop//secrets")]
#[case("/api/v1//namespaces/shop/secrets")]
#[case("//api/v1/namespaces/shop/secrets")]
#[case("/api/v1/namespaces/shop/%73ecrets")]
#[case("/api/v1/namespaces/shop/Secrets")]
#[case("/api/v1/namespaces/shop/SECRETS")]
#[case("/api/v1/watch/secrets")]
#[case("/api/v1/watch/namespaces/shop/secrets")]
#[case("/api/v1/watch/namespaces/shop/secrets/db")]
#[case("/api/v1/namespaces/shop/pods/..%2fsecrets/log")]
#[case("/api/v1/namespaces/shop/configmaps/../secrets")]
#[case("/api/v1/namespaces/../secrets")]
#[case("/api/v1/namespaces/shop/pods?watch=1")]
#[case("/api/v1/pods?limit=1&includeObject=Object")]
#[case("/apis/v1/v1/secrets")]
#[case("/apis/evil.example/v1/secrets")]
#[case("/apis/evil.example/v1/watch")]
#[case("/apis/authentication.k8s.io/v1/tokenreviews")]
#[case("/apis/certificates.k8s.io/v1/certificatesigningrequests")]
#[case("/metrics")]
#[case("/logs/kube-apiserver.log")]
#[case("/debug/pprof/heap")]
#[case("/")]
#[case("*")]
#[case("http://elsewhere/api/v1/pods")]
fn what_is_no_plain_read_is_refused(#[case] target: &str) {
    for accept in [None, Some("application/json"), Some(AS_TABLE)] {
        let is_secret_list =
            matches!(target, "/api/v1/secrets" | "/api/v1/namespaces/shop/secrets") && accept == Some(AS_TABLE);
        assert_eq!(judged("GET", target, accept), is_secret_list, "{target} {accept:?}");
    }
    assert!(!judged("POST", target, None));
}

#[rstest]
#[case("application/json;as=Table;g=meta.k8s.io;v=v1, application/json")]
#[case("application/json, application/json;as=Table;g=meta.k8s.io;v=v1")]
#[case("application/json;as=Table")]
#[case("*/*")]
fn secrets_come_as_a_table_or_not_at_all(#[case] accept: &str) {
    assert!(!judged("GET", "/api/v1/namespaces/shop/secrets?limit=500", Some(accept)));
    assert!(judged("GET", "/api/v1/namespaces/shop/secrets?limit=500", Some(AS_TABLE)));
    let mut two = HeaderMap::new();
    two.append(ACCEPT, AS_TABLE.parse().unwrap());
    two.append(ACCEPT, "application/json".parse().unwrap());
    assert!(check(&Method::GET, &Uri::from_static("/api/v1/secrets"), &two).is_err());
    let uri = Uri::from_static("/api/v1/secrets?includeObject=Object");
    let mut one = HeaderMap::new();
    one.insert(ACCEPT, AS_TABLE.parse().unwrap());
    assert!(check(&Method::GET, &uri, &one).is_err());
}

#[test]
fn questions_about_oneself_are_the_only_posts() {
    let own = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert!(judged("POST", own, None));
    assert!(judged("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", None));
    assert!(!judged("POST", &format!("{own}?dryRun=All"), None));
    for other in ["subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews/"] {
        assert!(!judged("POST", &format!("/apis/authorization.k8s.io/v1/{other}"), None), "{other}");
    }
    assert!(!judged("POST", "/api/v1/namespaces/shop/pods", None));
    assert!(!judged("POST", "/api/v1/namespaces/shop/pods/a/eviction", None));
}

#[test]
fn another_protocol_is_refused() {
    let mut headers = HeaderMap::new();
    headers.insert(UPGRADE, "websocket".parse().unwrap());
    assert!(check(&Method::GET, &Uri::from_static("/api/v1/pods"), &headers).is_err());
}

#[tokio::test]
async fn the_layer_lets_nothing_else_reach_the_client() {
    let (mock, mut handle) = tower_test::mock::pair::<Request<()>, http::Response<()>>();
    let mut service = ReadOnly.layer(mock);
    let exec = Request::get("/api/v1/namespaces/a/pods/b/exec").body(()).unwrap();
    let refused = service.call(exec).await.unwrap_err();
    assert!(refused.is::<Refused>(), "{refused}");
    handle.allow(1);
    std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    let answer = service.call(Request::get("/version").body(()).unwrap());
    let ((), answer) = tokio::join!(
        async {
            let (request, send) = handle.next_request().await.unwrap();
            assert_eq!(request.uri().path(), "/version");
            send.send_response(http::Response::new(()));
        },
        answer
    );
    assert!(answer.is_ok());
}

/// Pieces that paths of the API are made of, hostile ones included.
fn piece() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = vec![
        "api",
        "apis",
        "v1",
        "v2",
        "apps",
        "namespaces",
        "shop",
        "pods",
        "secrets",
        "log",
        "exec",
        "attach",
        "proxy",
        "portforward",
        "watch",
        "nodes",
        "services",
        "token",
        "serviceaccounts",
        "configmaps",
        "..",
        ".",
        "",
        "%73ecrets",
        "Secrets",
        "cert-manager.io",
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "db",
    ];
    prop_oneof![4 => proptest::sample::select(known).prop_map(str::to_owned), 1 => "[a-zA-Z0-9.%_~:;@-]{0,12}"]
}

/// The grammar once more, written down another way than the code's: as a sentence over the whole path.
fn grammar() -> regex::Regex {
    let name = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?";
    let plural = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    regex::Regex::new(&format!(
        "^/(version|apis|api/v1/(namespaces/{name}/)?{plural}|apis/{name}/v[0-9][a-z0-9]*/(namespaces/{name}/)?{plural}\
         |api/v1/namespaces/{name}/pods/{name}/log)$"
    ))
    .unwrap()
}

proptest! {
    #[test]
    fn nothing_outside_of_the_grammar_passes(
        pieces in proptest::collection::vec(piece(), 0..8),
        query in proptest::option::of("(limit=1|watch=true|follow=true|continue=a|includeObject=Object)"),
        table in any::<bool>(),
    ) {
        let path = format!("/{}", pieces.join("/"));
        let target = query.as_ref().map_or_else(|| path.clone(), |q| format!("{path}?{q}"));
        let accept = if table { AS_TABLE } else { "application/json" };
        if judged("GET", &target, Some(accept)) {
            prop_assert!(grammar().is_match(&path), "{path}");
            let last = pieces.last().map(String::as_str).unwrap_or_default();
            prop_assert!(!matches!(last, "exec" | "attach" | "portforward" | "proxy" | "token" | "watch"), "{path}");
            prop_assert!(last != "secrets" || table, "{path}");
            let query = query.unwrap_or_default();
            prop_assert!(!query.starts_with("watch") && !query.starts_with("follow") && !query.starts_with("include"));
        }
        prop_assert!(!judged("DELETE", &target, Some(accept)));
    }
}
