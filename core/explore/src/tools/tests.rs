//! The tools over recordings of the corpus: what they give, what they refuse, and that nothing a model writes breaks them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use jiff::SignedDuration;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::{Limits, Request, SourceKind};
use midwatch_diagnosis::metrics::seen::AlertRule;
use midwatch_diagnosis::metrics::{Labels, Point, Series, When};
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::view::Content;
use midwatch_redact::Redactor;
use midwatch_snapshot::Snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tool::{ToolError, ToolResult, Toolbox};

/// A recording with a metrics source beside it that answers every query with one series, and writes down what it was asked.
struct Recording {
    snapshot: Snapshot,
    metrics: bool,
    asked: std::sync::Mutex<Vec<Probe>>,
}

impl Recording {
    fn open(case: &str, metrics: bool) -> Arc<Self> {
        let dir: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(case).join("cluster");
        let snapshot = Snapshot::open(&dir, midwatch_snapshot::Limits::default()).unwrap();
        Arc::new(Self { snapshot, metrics, asked: std::sync::Mutex::default() })
    }

    fn asked(&self) -> Vec<Probe> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl EvidenceSource for Recording {
    fn describe(&self) -> String {
        self.snapshot.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.snapshot.namespaces().await
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        self.snapshot.serves(kind) || (self.metrics && kind == ProbeKind::Metrics)
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.asked.lock().unwrap().push(probe.clone());
        let content = match probe {
            Probe::Metric(query) => {
                let point = |at, value| Point { at, value };
                let points = match query.when {
                    When::At(at) => vec![point(at, 0.5)],
                    When::Range { from, to, .. } => vec![point(from, 1.0), point(to, 3.0)],
                };
                Content::Series(vec![Series { labels: Labels::from([("pod".into(), "a".into())]), points }])
            }
            Probe::Rules { alert } => Content::Rules(vec![AlertRule {
                name: alert.clone(),
                expr: "up == 0".to_owned(),
                pending: std::time::Duration::from_mins(5),
                labels: Labels::new(),
            }]),
            _ => return self.snapshot.read(probe).await,
        };
        Ok(Reading { content, bytes: 10, digest: 0, gaps: Vec::new() })
    }
}

/// A question about one namespace of a recording.
fn request(namespace: Option<&str>, as_of: &str) -> Request {
    Request {
        namespace: namespace.map(str::to_owned),
        as_of: Some(as_of.parse().unwrap()),
        lookback: SignedDuration::from_hours(1),
        ..Request::default()
    }
}

/// The case that most tests read: a Deployment that misses a variable.
fn crash() -> (Arc<Recording>, Toolbox) {
    let source = Recording::open("crash-missing-env", true);
    let request = request(Some("inc-crashloop"), "2026-11-22T04:36:31Z");
    let tools = box_of(&source, &request);
    (source, tools)
}

fn box_of(source: &Arc<Recording>, request: &Request) -> Toolbox {
    let limits = Limits::default();
    let report = Redactor::default()
        .seal(midwatch_agent::render::sample::report(midwatch_diagnosis::verdict::Verdict::Cause, ""));
    let source: Arc<dyn EvidenceSource> = source.clone();
    Toolbox::new(super::of(source, request, &limits, Some(&report), Redactor::default()))
}

async fn call(tools: &Toolbox, name: &str, arguments: Value) -> Result<ToolResult, ToolError> {
    tools.get(name).unwrap_or_else(|| panic!("no tool {name}")).call(arguments).await
}

async fn said(tools: &Toolbox, name: &str, arguments: Value) -> String {
    match call(tools, name, arguments).await {
        Ok(result) => format!("{}\n{}\n$ {}", result.summary, result.text, result.command),
        Err(why) => format!("{why:?}"),
    }
}

#[rstest::rstest]
#[case::pods("list_objects", json!({"kind": "po"}), &["Running, 0 of 1 ready, 10 restarts", "payments-api-", "last exit 1", "kubectl -n inc-crashloop get pods"])]
#[case::by_name("list_objects", json!({"kind": "deployments", "name_contains": "PAYMENTS"}), &["1 deployments", "0 of 1 replicas ready"])]
#[case::nodes("list_objects", json!({"kind": "nodes"}), &["Ready=True"])]
#[case::described("describe_object", json!({"object": "deployment/payments-api"}), &["payments-api", "image ", "kubectl -n inc-crashloop describe deployment/payments-api"])]
#[case::field("get_fields", json!({"object": "deployment/payments-api", "path": "spec.replicas"}), &["spec.replicas: 1"])]
#[case::field_by_name("get_fields", json!({"object": "deployment/payments-api", "path": "spec.template.spec.containers[0].name"}), &["spec.template.spec.containers[0].name: "])]
#[case::field_that_is_not("get_fields", json!({"object": "deployment/payments-api", "path": "spec.template.speck"}), &["`spec.template` has: ", "spec"])]
#[case::events("list_events", json!({}), &["BackOff", "first (UTC)"])]
#[case::events_of("list_events", json!({"object": "deployment/payments-api", "warnings_only": true}), &["Warning | BackOff", "Back-off restarting failed container"])]
#[case::log("read_log", json!({"object": "deployment/payments-api"}), &["DATABASE_URL", "wordings of the whole log", "#1 "])]
#[case::previous("read_log", json!({"object": "payments-api", "previous": true, "grep": "database_url"}), &["DATABASE_URL", "previous run"])]
#[case::changes("list_changes", json!({"since": "2d"}), &["payments-api"])]
#[case::compare("compare_with_past", json!({"with": "1h"}), &["now (", "Then"])]
#[case::neighbours("get_neighbours", json!({"object": "deployment/payments-api"}), &["owns Pod inc-crashloop/payments-api-", "runs on Node "])]
#[case::who("who_else_is_hit", json!({}), &["payments-api"])]
#[case::findings("get_findings", json!({}), &["verdict: cause", "[e1", "ruled out: "])]
#[case::why_not("get_findings", json!({"why_not": "memory"}), &["Memory is ruled out"])]
#[case::query("query_metrics", json!({"query": "up"}), &["1 series of up{namespace=~\"|inc-crashloop\"}", "{pod=\"a\"} 0.5 at 2026-11-22T04:36:31Z", "promtool query instant"])]
#[case::range("query_metrics", json!({"query": "up", "start": "1h"}), &["lowest 1 at", "highest 3 at", "2 points"])]
#[case::rule("get_alert_rule", json!({"alert": "TargetDown"}), &["expr: up == 0", "for: 300s"])]
#[case::usage("container_usage", json!({"object": "payments-api"}), &["promtool"])]
#[case::dates("date_math", json!({"operation": "difference", "a": "2026-11-22T04:00:00Z", "b": "now"}), &["2191 seconds"])]
#[tokio::test]
async fn tools_tell_what_is_there(#[case] name: &str, #[case] arguments: Value, #[case] parts: &[&str]) {
    let (_, tools) = crash();
    let said = said(&tools, name, arguments).await;
    for part in parts {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[rstest::rstest]
#[case::name("describe_object", json!({"object": "deployment/zanzibar"}), "Nothing that was read is called")]
#[case::kind("list_objects", json!({"kind": "flux-capacitors"}), "no kind that can be read")]
#[case::namespace("list_objects", json!({"kind": "pods", "namespace": "nowhere"}), "no namespace `nowhere`")]
#[case::container("read_log", json!({"object": "payments-api", "container": "sidecar"}), "no container is called `sidecar`")]
#[case::time("list_events", json!({"since": "the other day"}), "is no time")]
#[case::range("query_metrics", json!({"query": "up", "start": "2026-11-22T05:00:00Z"}), "`start` must be before")]
#[case::expression("query_metrics", json!({"query": "up{"}), "do not match")]
#[case::missing("describe_object", json!({}), "`object` (string)")]
#[case::unknown("describe_object", json!({"object": "a", "verbose": true}), "unknown field `verbose`")]
#[case::type_("read_log", json!({"object": "a", "tail": "many"}), "`tail` (integer, may be left out)")]
#[case::no_object("list_objects", json!(["pods"]), "must be a JSON object")]
#[tokio::test]
async fn what_cannot_be_answered_is_told_in_words(#[case] name: &str, #[case] arguments: Value, #[case] part: &str) {
    let (_, tools) = crash();
    let said = said(&tools, name, arguments).await;
    assert!(said.contains(part) && (said.starts_with("Failed") || said.starts_with("Arguments")), "{said}");
}

/// Which namespace a probe reads; none: all, or no namespace at all.
fn place(probe: &Probe) -> Option<String> {
    match probe {
        Probe::Objects { namespace, .. } => namespace.clone(),
        Probe::Log { of, .. } | Probe::Lines { of, .. } => Some(of.namespace.clone()),
        Probe::Rules { .. } | Probe::Metric(_) => None,
    }
}

#[rstest::rstest]
#[case("list_objects", json!({"kind": "pods", "namespace": "OTHER"}))]
#[case("describe_object", json!({"object": "OTHER/anything"}))]
#[case("describe_object", json!({"object": "pod/anything", "namespace": "OTHER"}))]
#[case("get_fields", json!({"object": "OTHER/configmap/anything"}))]
#[case("list_events", json!({"namespace": "OTHER"}))]
#[case("read_log", json!({"object": "OTHER/pod/anything"}))]
#[case("list_changes", json!({"namespace": "OTHER"}))]
#[case("who_else_is_hit", json!({"namespace": "OTHER"}))]
#[case("get_neighbours", json!({"object": "OTHER/deploy/anything"}))]
#[case("container_usage", json!({"namespace": "OTHER"}))]
#[tokio::test]
async fn what_is_outside_of_the_request_is_refused(#[case] name: &str, #[case] arguments: Value) {
    let source = Recording::open("webhook-no-endpoints", true);
    let all = source.namespaces().await.unwrap();
    let (own, other) = (all.first().unwrap(), all.last().unwrap());
    assert_ne!(own, other, "the recording holds several namespaces");
    let tools = box_of(&source, &request(Some(own), "2026-11-27T19:40:00Z"));
    let arguments: Value = serde_json::from_str(&arguments.to_string().replace("OTHER", other)).unwrap();
    let why = call(&tools, name, arguments).await.unwrap_err();
    assert!(matches!(&why, ToolError::Denied(words) if words.contains(other.as_str())), "{why:?}");
    for probe in source.asked() {
        let place = place(&probe);
        let is_own =
            place.as_ref().is_none_or(|ns| ns == own || (ns == "default" && matches!(probe, Probe::Objects { .. })));
        assert!(is_own, "{probe:?}");
    }
}

#[tokio::test]
async fn objects_are_read_once_for_all_calls() {
    let (source, tools) = crash();
    for object in ["deployment/payments-api", "payments-api", "deployment/payments-api"] {
        call(&tools, "describe_object", json!({"object": object})).await.unwrap();
        call(&tools, "list_events", json!({"object": object})).await.unwrap();
    }
    let mut asked = source.asked();
    let all = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), all, "nothing is read twice");
    let events = call(&tools, "list_events", json!({})).await.unwrap();
    assert!(events.reads.is_empty() && events.bytes == 0, "it is all there");
}

#[tokio::test]
async fn results_say_what_was_read_and_what_they_name() {
    let (_, tools) = crash();
    let log = call(&tools, "read_log", json!({"object": "deployment/payments-api"})).await.unwrap();
    assert!(log.bytes > 0 && log.reads.iter().any(|probe| matches!(probe, Probe::Lines { .. })));
    assert!(log.command.starts_with("kubectl -n inc-crashloop logs "), "{}", log.command);
    let names: Vec<String> = log.names.iter().map(ToString::to_string).collect();
    assert!(names.iter().any(|name| name.starts_with("Pod inc-crashloop/payments-api-")), "{names:?}");
    assert!(names.contains(&"Deployment inc-crashloop/payments-api".to_owned()), "{names:?}");
    let pods = call(&tools, "list_objects", json!({"kind": "pods"})).await.unwrap();
    assert!(pods.names.iter().filter(|e| e.kind == midwatch_diagnosis::entity::Kind::Pod).count() == 1);
}

#[tokio::test]
async fn only_what_the_source_serves_is_offered() {
    let source = Recording::open("crash-missing-env", false);
    let request = request(Some("inc-crashloop"), "2026-11-22T04:36:31Z");
    let names = |tools: &Toolbox| tools.names().map(str::to_owned).collect::<Vec<_>>();
    let without = names(&box_of(&source, &request));
    assert!(!without.contains(&"query_metrics".to_owned()) && without.contains(&"read_log".to_owned()));
    let with = Recording::open("crash-missing-env", true);
    let allowed = Limits { sources: [SourceKind::Kubernetes].into(), ..Limits::default() };
    let tools = super::of(with, &request, &allowed, None, Redactor::default());
    let names = names(&Toolbox::new(tools));
    assert!(!names.contains(&"query_metrics".to_owned()), "a pack may leave metrics out");
    assert!(!names.contains(&"get_findings".to_owned()), "there is no report");
}

/// Secrets in variables and in ConfigMaps are hidden wherever the tools meet their values, and values of Secrets are nowhere.
#[tokio::test]
async fn secrets_do_not_come_through_any_tool() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("shop");
    std::fs::create_dir_all(place.join("api-1")).unwrap();
    let write = |name: &str, value: Value| std::fs::write(place.join(name), value.to_string()).unwrap();
    let env = json!([{"name": "DB_PASSWORD", "value": "hunter2secret"}, {"name": "HOST", "value": "db.shop"}]);
    // Words that are secret only for the word before them, and too short to be found by their form.
    let args = json!(["serve", "--db-password", "Zx81kkPq"]);
    let probe = json!({"exec": {"command": ["redis-cli", "-a", "Qw72mmRt", "ping"]}});
    let env = json!([env[0], env[1], {"name": "PIN_PASSWORD", "value": "pw1"}]);
    let container = json!({"name": "app", "image": "api:1", "args": args, "env": env, "livenessProbe": probe});
    let status = json!({"phase": "Running", "containerStatuses": [{"name": "app", "ready": true, "state": {"running": {"startedAt": "2026-11-22T04:00:00Z"}}}]});
    let meta = json!({"name": "api-1", "namespace": "shop"});
    let pod = json!({"kind": "Pod", "metadata": meta, "spec": {"containers": [container]}, "status": status});
    write("pods.json", json!({"kind": "PodList", "items": [pod]}));
    let map = json!({"kind": "ConfigMap", "metadata": {"name": "cfg", "namespace": "shop"}, "data": {"api_token": "t0psecretvalue", "app.conf": "a=1\nb=2"}});
    write("configmaps.json", json!({"kind": "ConfigMapList", "items": [map]}));
    let secret = json!({"kind": "Secret", "metadata": {"name": "cred", "namespace": "shop"}, "data": {"key": "c3VwZXJoaWRkZW4="}});
    write("secrets.json", json!({"kind": "SecretList", "items": [secret]}));
    std::fs::write(place.join("api-1/logs.txt"), "login with hunter2secret and t0psecretvalue failed\n").unwrap();
    let snapshot = Snapshot::open(dir.path(), midwatch_snapshot::Limits::default()).unwrap();
    let source = Arc::new(Recording { snapshot, metrics: true, asked: std::sync::Mutex::default() });
    let request = request(Some("shop"), "2026-11-22T04:36:31Z");
    let (tools, learned) = super::with_learned(source, &request, &Limits::default(), None, Redactor::default());
    let tools = Toolbox::new(tools);
    let mut all = String::new();
    for (name, arguments) in [
        ("read_log", json!({"object": "pod/api-1"})),
        ("get_fields", json!({"object": "pod/api-1"})),
        ("get_fields", json!({"object": "configmap/cfg"})),
        ("get_fields", json!({"object": "secret/cred"})),
        ("describe_object", json!({"object": "secret/cred"})),
        ("describe_object", json!({"object": "configmap/cfg"})),
        ("list_objects", json!({"kind": "secrets"})),
        ("query_metrics", json!({"query": "login{with=\"hunter2secret\"}"})),
        ("describe_object", json!({"object": "hunter2secret"})),
    ] {
        all.push_str(&said(&tools, name, arguments).await);
    }
    // What others give is hidden by what was learned here, too.
    all.push_str(&learned.redactor().await.redact_text("a dashboard says hunter2secret"));
    for secret in ["hunter2secret", "t0psecretvalue", "c3VwZXJoaWRkZW4", "superhidden", "Zx81kkPq", "Qw72mmRt", "pw1"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    for plain in [
        "data.key (its value is never read)",
        "args[1]: --db-password",
        "command[3]: ping",
        "db.shop",
        "data.app.conf:\n  a=1\n  b=2",
        "login with ",
        "failed",
    ] {
        assert!(all.contains(plain), "{plain}: {all}");
    }
}

#[tokio::test]
async fn every_name_that_was_read_is_learned() {
    let source = Recording::open("crash-missing-env", true);
    let request = request(Some("inc-crashloop"), "2026-11-22T04:36:31Z");
    let (tools, learned) = super::with_learned(source, &request, &Limits::default(), None, Redactor::default());
    said(&Toolbox::new(tools), "list_objects", json!({"kind": "pods"})).await;
    let mut veil = crate::veil::Veil::new(Redactor::default(), Some(midwatch_redact::Mask::new()));
    learned.names().await.iter().for_each(|name| veil.learn(name));
    let out = veil.out("lookup payments-api.inc-crashloop on 10.0.0.10:53; PAYMENTS_API_HOST of payments-api-7c9f-x");
    let lower = out.to_lowercase();
    assert!(!lower.contains("payments") && !lower.contains("crashloop"), "{lower}");
}

#[tokio::test]
async fn names_and_schemas_are_plain_enough_for_every_provider() {
    let (_, tools) = crash();
    let mut specs = tools.specs();
    specs.push(crate::shelf::spec());
    for spec in &specs {
        let named = spec.name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && spec.name.len() <= 64;
        assert!(named && !spec.name.is_empty(), "{}", spec.name);
        assert!(
            spec.description.len() > 60 && spec.description.len() < 1024,
            "{}: {}",
            spec.name,
            spec.description.len()
        );
        assert!(!spec.description.contains("  "), "{}", spec.name);
        let schema = &spec.schema;
        assert_eq!(
            (&schema["type"], &schema["additionalProperties"]),
            (&json!("object"), &json!(false)),
            "{}",
            spec.name
        );
        for (name, member) in schema["properties"].as_object().unwrap() {
            let kind = member["type"].as_str().unwrap_or_default();
            assert!(["string", "integer", "boolean"].contains(&kind), "{} {name}: {member}", spec.name);
            assert!(member["description"].as_str().is_some_and(|says| says.len() > 8), "{} {name}", spec.name);
        }
        let text = schema.to_string();
        for word in ["$ref", "$defs", "definitions", "oneOf", "anyOf", "allOf", "null", "$schema", "format"] {
            assert!(!text.contains(&format!("\"{word}\"")), "{} has {word}: {text}", spec.name);
        }
    }
    let sets: std::collections::BTreeSet<&str> =
        specs.iter().filter_map(|spec| Some(tools.get(&spec.name)?.toolset())).collect();
    assert_eq!(sets.into_iter().collect::<Vec<_>>(), ["graph", "kubernetes", "logs", "metrics", "time"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&specs).unwrap());
}

/// Any JSON, mostly with the names of real arguments in it.
fn arguments() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,24}".prop_map(Value::from),
        prop::sample::select(vec![
            "deployment/payments-api",
            "payments-api",
            "pods",
            "inc-crashloop",
            "2h",
            "add",
            "[0].a..[",
            "spec",
            "../..",
            "/",
            "a/b/c/d",
            "2026-11-22T04:00:00Z",
            "difference",
            "sum(up)",
            "99999999999h",
            "-1",
            "*",
        ])
        .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "object",
        "namespace",
        "kind",
        "name_contains",
        "path",
        "container",
        "previous",
        "grep",
        "since",
        "tail",
        "query",
        "at",
        "start",
        "alert",
        "with",
        "why_not",
        "operation",
        "a",
        "b",
        "by",
        "warnings_only",
        "else",
    ]);
    let members = prop::collection::vec((name, leaf.clone()), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()));
    prop_oneof![8 => members, 1 => leaf.clone(), 1 => prop::collection::vec(leaf, 0..3).prop_map(Value::from)]
}

/// One reading for all of the cases below: what matters is the arguments.
static SHARED: LazyLock<(tokio::runtime::Runtime, Toolbox)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tools = runtime.block_on(async { crash().1 });
    (runtime, tools)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_arguments_break_a_tool(given in arguments()) {
        let (runtime, tools) = &*SHARED;
        for name in tools.names() {
            match runtime.block_on(call(tools, name, given.clone())) {
                Ok(result) => prop_assert!(!result.summary.is_empty() || !result.text.is_empty(), "{name} {given}"),
                Err(why) => prop_assert!(!why.to_string().is_empty(), "{name} {given}"),
            }
        }
    }
}
