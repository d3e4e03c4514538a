//! A thousand secrets, planted wherever a cluster keeps them, and none of them in anything that leaves.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use midwatch_agent::alertmanager::{self, AlertGroup};
use midwatch_agent::followup::{self, Context};
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::recording::{self, Recorder};
use midwatch_agent::render;
use midwatch_agent::request::{Limits, Request};
use midwatch_console::{Console, Look, Opening, Pace, Question as Asked};
use midwatch_conversation::question::{Logs, Question, When};
use midwatch_redact::samples::seeded_secrets;
use midwatch_redact::{Redactor, SecretKind};
use serde_json::{Value, json};

use crate::support::open;

const SECRETS: usize = 1_000;
const PODS: usize = 50;

/// One pod of a Deployment that fails, with its share of the secrets in every place that the engine reads.
struct Planted {
    deployments: Vec<Value>,
    pods: Vec<Value>,
    events: Vec<Value>,
    config_maps: Vec<Value>,
    secrets: Vec<Value>,
}

fn plant(secrets: &[(SecretKind, String)], dir: &Path) {
    let mut planted =
        Planted { deployments: vec![], pods: vec![], events: vec![], config_maps: vec![], secrets: vec![] };
    for (index, share) in secrets.chunks(SECRETS / PODS).enumerate() {
        let name = format!("worker-{index}");
        plant_pod(&mut planted, &name, share);
        let pod_dir = dir.join("vault").join(format!("{name}-5d4f-abcde"));
        std::fs::create_dir_all(&pod_dir).expect("a directory");
        let log = log_of(&name, share);
        std::fs::write(pod_dir.join("logs.txt"), &log).expect("a log");
        std::fs::write(pod_dir.join("logs-previous.txt"), log).expect("a log");
    }
    let write = |file: &str, kind: &str, items: &[Value]| {
        let list = json!({"kind": format!("{kind}List"), "apiVersion": "v1", "items": items});
        std::fs::write(dir.join("vault").join(file), list.to_string()).expect("a list");
    };
    write("deployments.json", "Deployment", &planted.deployments);
    write("pods.json", "Pod", &planted.pods);
    write("events.json", "Event", &planted.events);
    write("configmaps.json", "ConfigMap", &planted.config_maps);
    write("secrets.json", "Secret", &planted.secrets);
}

fn log_of(name: &str, share: &[(SecretKind, String)]) -> String {
    let mut log = format!("==== START logs for container app of pod vault/{name}-5d4f-abcde ====\n");
    for (index, (_, secret)) in share.iter().enumerate() {
        let line = match index % 5 {
            0 => format!("2026-11-22T11:5{index}:00Z ERROR login failed password={secret} host=db.vault port=5432"),
            1 => format!("level=error msg=\"token rejected\" token=\"{secret}\""),
            2 => format!("{{\"level\":\"error\",\"api_key\":\"{secret}\",\"msg\":\"refused\"}}"),
            3 => format!("FATAL cannot connect to postgres://app:{secret}@db.vault:5432/orders: connection refused"),
            _ => format!("ERROR request failed: Authorization: Bearer {secret}"),
        };
        let _ = writeln!(log, "{line}");
    }
    let _ = writeln!(log, "==== END logs for container app of pod vault/{name}-5d4f-abcde ====");
    log
}

fn plant_pod(planted: &mut Planted, name: &str, share: &[(SecretKind, String)]) {
    let secret = |i: usize| share[i % share.len()].1.clone();
    let env: Vec<Value> =
        share.iter().enumerate().map(|(i, (_, s))| json!({"name": format!("DB_{i}_PASSWORD"), "value": s})).collect();
    let template = json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{
            "name": "app", "image": "registry.example/app:1", "env": env,
            "args": [format!("--password={}", secret(3)), format!("--token={}", secret(4))],
            "readinessProbe": {"exec": {"command": ["check", format!("--api-key={}", secret(5))]}},
        }]},
    });
    planted.deployments.push(json!({
        "metadata": {"name": name, "namespace": "vault", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": json!({"env": env}).to_string(),
            "example.com/token": secret(6),
        }},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }));
    let pod = format!("{name}-5d4f-abcde");
    planted.pods.push(json!({
        "metadata": {"name": pod, "namespace": "vault", "labels": {"app": name, "pod-template-hash": "5d4f"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": format!("{name}-5d4f"), "controller": true}]},
        "spec": template["spec"],
        "status": {"phase": "Running", "containerStatuses": [{
            "name": "app", "restartCount": 5, "ready": false,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": format!("password={}", secret(7))}},
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-22T11:59:00Z", "startedAt": "2026-11-22T11:58:58Z",
                "message": format!("cannot use redis://:{}@cache:6379", secret(8))}},
        }]},
    }));
    planted.events.push(json!({
        "metadata": {"name": format!("{pod}.1"), "namespace": "vault"},
        "involvedObject": {"kind": "Pod", "namespace": "vault", "name": pod},
        "reason": "Failed", "type": "Warning", "lastTimestamp": "2026-11-22T11:59:30Z",
        "message": format!("Error: failed to start container: mysql://root:{}@db/x: secret={}", secret(9), secret(10)),
    }));
    planted.config_maps.push(json!({"metadata": {"name": name, "namespace": "vault"}, "data": {
        "db-password": secret(11), "app.properties": format!("spring.datasource.password={}", secret(12)),
    }}));
    planted.secrets.push(json!({"metadata": {"name": name, "namespace": "vault"}, "data": {"password": secret(13)}, "stringData": {"token": secret(14)}}));
}

fn alert(secrets: &[(SecretKind, String)]) -> AlertGroup {
    let body = json!({"version": "4", "alerts": [{
        "status": "firing",
        "labels": {"alertname": "WorkerDown", "namespace": "vault", "db_password": secrets[20].1},
        "annotations": {"summary": format!("token={}", secrets[21].1), "description": format!("curl -u admin:{} http://x", secrets[22].1)},
    }]});
    alertmanager::parse(body.to_string().as_bytes()).expect("an alert")
}

#[tokio::test]
async fn none_of_a_thousand_secrets_leaves() {
    let secrets = seeded_secrets(41, SECRETS);
    let dir = tempfile::tempdir().expect("a directory");
    plant(&secrets, dir.path());
    let group = alert(&secrets);
    let question = format!("why does worker-1 fail with password={}", secrets[23].1);
    let requests = [
        Request { alerts: group.alerts.clone(), lookback: SignedDuration::from_hours(1), ..Request::default() },
        Request {
            text: Some(question.clone()),
            namespace: Some("vault".into()),
            lookback: SignedDuration::from_hours(1),
            ..Request::default()
        },
    ];
    let mut left: Vec<(&str, String)> = Vec::new();
    for request in &requests {
        left.extend(everything(dir.path(), request, &group, &question).await);
    }
    assert!(left.iter().any(|(_, text)| text.contains("[redacted:")), "something was there to hide");
    assert!(left.iter().map(|(_, t)| t.len()).sum::<usize>() > 20_000, "the outputs say something");
    for (what, text) in &left {
        for (kind, secret) in &secrets {
            assert!(!text.contains(secret.as_str()), "{what} shows a secret ({kind:?}, {} bytes)", secret.len());
        }
    }
}

/// Every way out of the program.
async fn everything(dir: &Path, request: &Request, group: &AlertGroup, question: &str) -> Vec<(&'static str, String)> {
    let source = Recorder::new(Arc::new(open(dir)));
    let progress = Mutex::new(Vec::new());
    let limits = Limits { max_reads: 2_000, ..Limits::default() };
    let watch = |p: midwatch_redact::Redacted<_>| progress.lock().expect("no panic before").push(p);
    let result = midwatch_agent::investigate(&*source, request, &limits, Redactor::default(), &watch).await;
    let plan = midwatch_agent::plan(&*source, request, &limits, &Redactor::default()).await.expect("a plan");
    let mut left = vec![
        ("plan as JSON", render::plan_json(&plan).into_inner()),
        ("plan as Markdown", render::plan_markdown(&plan).into_inner()),
    ];
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(why) => {
            left.push(("no report", format!("{why} {why:?}")));
            return left;
        }
    };
    left.push(("JSON", render::json(&outcome.report).into_inner()));
    left.push(("Markdown", render::markdown(&outcome.report).into_inner()));
    let mut thread = Vec::new();
    let mut console = Console::new(&mut thread, Look::PLAIN, Pace::default());
    let asked = Asked { text: Some(question.to_owned()), namespace: None, source: "a recording".into() };
    console.open(&Redactor::default().seal(Opening::Alerts(group.clone(), asked)));
    for one in progress.lock().expect("no panic before").iter() {
        console.progress(one);
    }
    console.report(&outcome.report, outcome.run);
    console.plan(&plan);
    console.failure().expect("a buffer takes everything");
    left.push(("thread", String::from_utf8(thread).expect("UTF-8")));
    let context = Context { request: request.clone(), report: Some(outcome.report.into_inner()) };
    left.extend(answers(&*source, &context, &limits).await);
    // With all that the answers to the questions read, too.
    let report = Redactor::default().seal(context.report.expect("there is one"));
    let bundle = source.bundle(request, &limits, (&report, &Redactor::default()), None);
    left.push(("recording", recording::text(&bundle).into_inner()));
    left
}

/// Follow-up questions of every kind.
async fn answers(source: &dyn EvidenceSource, context: &Context, limits: &Limits) -> Vec<(&'static str, String)> {
    let target = || Some("worker-1".to_owned());
    let hour = When::Ago(SignedDuration::from_hours(1));
    let logs = |previous, grep: Option<&str>| {
        let grep = grep.map(str::to_owned);
        Question::Logs(Logs { target: target(), previous, grep, lines: Some(500), ..Logs::default() })
    };
    let questions = [
        ("logs", logs(false, None)),
        ("previous logs", logs(true, None)),
        ("logs with a filter", logs(false, Some("error"))),
        ("events", Question::Events { target: target() }),
        ("describe", Question::Describe { target: target() }),
        ("describe a pod", Question::Describe { target: Some("pod/worker-1-5d4f-abcde".to_owned()) }),
        ("describe a ConfigMap", Question::Describe { target: Some("configmap/worker-1".to_owned()) }),
        ("describe a Secret", Question::Describe { target: Some("secret/worker-1".to_owned()) }),
        ("changed", Question::Changed { target: target(), since: Some(hour) }),
        ("why", Question::Why),
        ("why not", Question::WhyNot { what: None }),
        ("next steps", Question::NextSteps),
        ("compare", Question::Compare { with: hour }),
        ("who else", Question::WhoElse { place: None }),
        ("metrics", Question::Metrics { target: target(), what: None }),
    ];
    let mut left = Vec::new();
    for (what, asked) in questions {
        let answered = followup::answer(source, &asked, context, limits, Redactor::default()).await;
        let answer = answered.expect("an answer").answer.into_inner();
        left.push((what, serde_json::to_string(&answer).expect("JSON")));
    }
    left
}
