//! One run of the engine: scope, plan, read, detect, link, judge, report.
//!
//! Start at [`investigate`]. What is not I/O or time is done by the pure engine; the same evidence gives the same
//! report, whatever the order of the answers.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::detect::Detectors;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::{Object, PodSpec};
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::report::{Gap, compose};
use midwatch_diagnosis::scope::Scope;
use midwatch_diagnosis::verdict::judge;
use midwatch_diagnosis::view::{Collected, View};
use midwatch_redact::{Redacted, Redactor};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::collect::Collector;
use crate::plan::{self as reads};
use crate::port::EvidenceSource;
use crate::request::{Limits, NoReport, Outcome, Plan, Progress, Request, RunFacts, Step, StepState};
use crate::scope::{completed, namespaces_of, resolve};

/// Whoever watches an investigation.
pub type Watcher<'a> = &'a (dyn Fn(Redacted<Progress>) + Sync);

/// Investigates: reads what the request is about and says what it amounts to.
///
/// # Errors
/// When there is nothing to report on: the question fits several things or none, or the source cannot be listed.
/// Reads that fail are no errors; the report says what could not be seen.
pub async fn investigate(
    source: &dyn EvidenceSource,
    request: &Request,
    limits: &Limits,
    mut redactor: Redactor,
    watcher: Watcher<'_>,
) -> Result<Outcome, Redacted<NoReport>> {
    let started = Instant::now();
    let mut collector = Collector::new(source, limits);
    let readable = collector.namespaces().await.map_err(|e| redactor.seal(e))?;
    let request = &completed(request, &readable);
    let namespaces = namespaces_of(request, &readable);

    say(watcher, &redactor, Step::Scope, StepState::InProgress, &asked(request, &namespaces));
    say(watcher, &redactor, Step::Objects, StepState::InProgress, "objects and events");
    let probes = reads::objects(&namespaces, readable.len(), &collector.other_kinds().await)
        .into_iter()
        .map(|r| r.probe)
        .collect();
    let collected = collector.read(probes).await;
    let state = state_of(&collected);
    log_failures(&redactor, &collected);
    let mut view = View::new(collected, request.as_of, request.lookback);
    view.limit_to(readable.iter().cloned());
    view.reach_back_to(request.alerts.iter().filter_map(|a| a.starts_at).min());
    learn_secrets(&view, &mut redactor);
    say(watcher, &redactor, Step::Objects, state, &objects_read(&view));

    // What was cut off may hold the name: "nothing is called that" would be a guess.
    let unresolved = |e| redactor.seal(if collector.cut_short { NoReport::TooLate } else { e });
    let scope = resolve(&view, request, &namespaces).map_err(unresolved)?;
    say(watcher, &redactor, Step::Scope, StepState::Complete, &describe_scope(&scope));

    view.extend(collector.read(reads::of_nodes(&view, &scope)).await);

    say(watcher, &redactor, Step::Logs, StepState::InProgress, "logs");
    // The few reads of metrics go first: a namespace full of logs must not use up their budget.
    let mut probes = if collector.serves(ProbeKind::Metrics) { metrics(&view, &scope) } else { Vec::new() };
    probes.extend(reads::logs(&view, &scope, request.depth, limits));
    let logs = collector.read(probes).await;
    let mut state = state_of(&logs);
    log_failures(&redactor, &logs);
    view.extend(logs);
    if collector.serves(ProbeKind::Metrics) {
        let expressions = collector.read(reads::expressions(&view, &scope)).await;
        state = state.max(state_of(&expressions));
        log_failures(&redactor, &expressions);
        view.extend(expressions);
    }
    say(watcher, &redactor, Step::Logs, state, &logs_read(&view));

    say(watcher, &redactor, Step::Verdict, StepState::InProgress, "causes");
    let mut findings = limits.detectors.detect(&view);
    let more = reads::elsewhere(&view, &findings, &readable);
    if !more.is_empty() {
        view.extend(collector.read(more).await);
        learn_secrets(&view, &mut redactor);
        let seen: BTreeSet<Probe> = collector.digests().iter().map(|(p, _)| p.clone()).collect();
        let logs =
            reads::logs(&view, &scope, request.depth, limits).into_iter().filter(|p| !seen.contains(p)).collect();
        view.extend(collector.read(logs).await);
        findings = limits.detectors.detect(&view);
    }
    let found = findings.len();
    let diagnosis = judge(&view, &scope, findings);
    let mut report = compose(&view, &scope, &diagnosis, input_hash(request, limits, &collector));
    report.could_not_see.extend(not_looked_for(&limits.detectors));
    let text = format!("{}, verdict {}", count(found, "finding"), report.verdict.as_str());
    say(watcher, &redactor, Step::Verdict, StepState::Complete, &text);

    tracing::info!(id = %report.id, verdict = report.verdict.as_str(), findings = found, reads = collector.reads, "investigated");
    let run = RunFacts { elapsed: started.elapsed(), reads: collector.reads, bytes: collector.bytes, model: None };
    let cut_short = collector.cut_short;
    let read = redactor.seal(collector.summary);
    Ok(Outcome { report: redactor.seal(report), run, cut_short, read, redactor })
}

/// Says what would be read, and why, without reading more than the list of namespaces.
///
/// # Errors
/// When the source cannot even be listed.
pub async fn plan(
    source: &dyn EvidenceSource,
    request: &Request,
    limits: &Limits,
    redactor: &Redactor,
) -> Result<Redacted<Plan>, Redacted<NoReport>> {
    let mut collector = Collector::new(source, limits);
    let readable = collector.namespaces().await.map_err(|e| redactor.seal(e))?;
    let request = &completed(request, &readable);
    let namespaces = namespaces_of(request, &readable);
    let metrics = collector.serves(ProbeKind::Metrics);
    let mut then = vec![
        format!(
            "logs, up to {} pods of a workload, what fails first, with the previous run after a restart{}",
            limits.pods_per_workload,
            if limits.previous_logs { "" } else { " (switched off)" }
        ),
        "other namespaces that the findings point into: the Service of a webhook, a database, the DNS".to_owned(),
        format!(
            "at most {} reads, {} at a time, within {:?}",
            limits.max_reads, limits.parallel_reads, limits.deadline
        ),
    ];
    let mut planned = reads::objects(&namespaces, readable.len(), &collector.other_kinds().await);
    if metrics {
        planned.extend(reads::rules(&request.alerts));
        then.insert(1, "metrics: the alerts' expressions around the onset and now; memory, CPU throttling and restarts of the pods in scope".to_owned());
    }
    let about = asked(request, &namespaces);
    Ok(redactor.seal(Plan { about, source: source.describe(), reads: planned, then }))
}

/// The reads of metrics that need no other: rules behind the alerts, use of the containers in scope.
fn metrics(view: &View, scope: &Scope) -> Vec<Probe> {
    let rules = reads::rules(&scope.alerts).into_iter().map(|r| r.probe);
    rules.chain(reads::usage(view, scope)).collect()
}

/// What the request is about, before anything was read.
fn asked(request: &Request, namespaces: &BTreeSet<String>) -> String {
    let about = match (&request.text, request.alerts.first()) {
        (Some(text), _) => format!("`{text}`"),
        (None, Some(alert)) => format!("alert {}", alert.name),
        (None, None) => "everything".to_owned(),
    };
    let places: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    let place =
        if places.is_empty() { "all namespaces".to_owned() } else { format!("namespace {}", places.join(", ")) };
    format!("{about} in {place}")
}

fn say(watcher: Watcher<'_>, redactor: &Redactor, step: Step, state: StepState, text: &str) {
    watcher(redactor.seal(Progress { step, state, text: text.to_owned() }));
}

/// Partial when something that matters was not read. What a recording never holds (leases, API services) and a log
/// that does not exist are told in the report; they do not make every investigation look broken.
fn state_of(collected: &[Collected]) -> StepState {
    let matters = |c: &Collected| match (&c.result, &c.probe) {
        (Ok(_) | Err(ReadFailure::NoPrevious | ReadFailure::NotStarted), _) => false,
        (Err(ReadFailure::NotRecorded | ReadFailure::NotServed), Probe::Objects { kind, .. }) => {
            matches!(kind, Kind::Pod)
        }
        (Err(_), _) => true,
    };
    if collected.iter().any(matters) { StepState::Partial } else { StepState::Complete }
}

/// Tells the operator's log which reads failed. Its words come from outside, so they pass the redactor as all else.
fn log_failures(redactor: &Redactor, collected: &[Collected]) {
    for one in collected {
        if let Err(failure) = &one.result {
            tracing::debug!("not read: {}", *redactor.redact_text(&format!("{}: {failure}", one.probe)));
        }
    }
}

/// `1 pod`, `2 pods`.
fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn objects_read(view: &View) -> String {
    [
        count(view.pods.len(), "pod"),
        count(view.events().len(), "event"),
        count(view.nodes.len(), "node"),
        count(view.replica_sets.len(), "revision"),
    ]
    .join(", ")
}

fn logs_read(view: &View) -> String {
    let read: Vec<u64> = view.logs().filter_map(|(_, _, l)| l.as_ref().ok()).map(|l| l.lines).collect();
    let lines = usize::try_from(read.iter().sum::<u64>()).unwrap_or(usize::MAX);
    let series = view.metrics().series();
    let metrics = if view.metrics().has_source() { format!(", {series} series") } else { String::new() };
    format!("{}, {}{metrics}", count(read.len(), "log"), count(lines, "line"))
}

fn describe_scope(scope: &Scope) -> String {
    let mut names: Vec<String> = scope.targets.iter().map(ToString::to_string).collect();
    names.extend(scope.gone.iter().map(|g| format!("{g} (gone)")));
    names.extend(scope.unseen.iter().map(|u| format!("{u} (not seen)")));
    match (names.is_empty(), scope.namespaces.is_empty()) {
        (false, _) => names.join(", "),
        (true, false) => format!("namespace {}", scope.namespaces.iter().cloned().collect::<Vec<_>>().join(", ")),
        (true, true) => "all namespaces".to_owned(),
    }
}

/// Literal values of secret-looking variables are hidden wherever they turn up: in logs, messages, diffs.
pub(crate) fn learn_secrets(view: &View, redactor: &mut Redactor) {
    let templates = [
        view.deployments.iter().map(|o| &o.spec.template.spec).collect::<Vec<_>>(),
        view.replica_sets.iter().map(|o| &o.spec.template.spec).collect(),
        view.stateful_sets.iter().map(|o| &o.spec.template.spec).collect(),
        view.daemon_sets.iter().map(|o| &o.spec.template.spec).collect(),
        view.jobs.iter().map(|o| &o.spec.template.spec).collect(),
        view.cron_jobs.iter().map(|o| &o.spec.job_template.spec.template.spec).collect(),
    ];
    for spec in view.pods.iter().map(|p| &p.spec).chain(templates.into_iter().flatten()) {
        learn_variables(spec, redactor);
    }
    for (key, value) in view.config_maps.iter().flat_map(|c| &c.data) {
        redactor.learn_env(key, value);
    }
    redactor.freeze();
}

/// The same of one object.
pub(crate) fn learn_object(object: &Object, redactor: &mut Redactor) {
    match object {
        Object::Pod(o) => learn_variables(&o.spec, redactor),
        Object::Deployment(o) => learn_variables(&o.spec.template.spec, redactor),
        Object::ReplicaSet(o) => learn_variables(&o.spec.template.spec, redactor),
        Object::StatefulSet(o) => learn_variables(&o.spec.template.spec, redactor),
        Object::DaemonSet(o) => learn_variables(&o.spec.template.spec, redactor),
        Object::Job(o) => learn_variables(&o.spec.template.spec, redactor),
        Object::CronJob(o) => learn_variables(&o.spec.job_template.spec.template.spec, redactor),
        Object::ConfigMap(o) => o.data.iter().for_each(|(key, value)| redactor.learn_env(key, value)),
        _ => {}
    }
}

fn learn_variables(spec: &PodSpec, redactor: &mut Redactor) {
    for var in spec.init_containers.iter().chain(&spec.containers).flat_map(|c| &c.env) {
        if let Some(value) = &var.value {
            redactor.learn_env(&var.name, value);
        }
    }
}

/// A verdict without some detectors is a verdict about less: the reader is told.
fn not_looked_for(detectors: &Detectors) -> Option<Gap> {
    let off: Vec<&str> = detectors.off().collect();
    (!off.is_empty()).then(|| Gap {
        what: format!("what these detectors look for: {}", off.join(", ")),
        why: "the pack leaves them out".to_owned(),
        fix: Some("name them under `detectors` of the pack".to_owned()),
    })
}

/// The report's id: a hash of what was asked and of everything that was read, and of what was left out of the looking.
fn input_hash(request: &Request, limits: &Limits, collector: &Collector<'_>) -> String {
    let mut hasher = Sha256::new();
    let alerts: Vec<Named<'_>> = request.alerts.iter().map(Named).collect();
    let asked = format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n",
        request.text, request.namespace, alerts, request.as_of, request.lookback, request.depth
    );
    hasher.update(asked.as_bytes());
    for detector in limits.detectors.off() {
        hasher.update(format!("without {detector}\n").as_bytes());
    }
    for (probe, digest) in collector.digests() {
        hasher.update(format!("{probe:?} {digest:016x}\n").as_bytes());
    }
    let mut id = String::new();
    for byte in hasher.finalize().iter().take(16) {
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// An alert as far as it says what is asked. The link to its maker is none of that; the expression in it, where one is read,
/// counts by what was read.
struct Named<'a>(&'a Alert);

impl std::fmt::Debug for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Alert { name, firing, labels, annotations, starts_at, ends_at, fingerprint, generator_url: _ } = self.0;
        f.debug_struct("Alert")
            .field("name", name)
            .field("firing", firing)
            .field("labels", labels)
            .field("annotations", annotations)
            .field("starts_at", starts_at)
            .field("ends_at", ends_at)
            .field("fingerprint", fingerprint)
            .finish()
    }
}
