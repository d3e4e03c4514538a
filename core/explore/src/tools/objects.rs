//! Objects of a kind, a line of status each.

use async_trait::async_trait;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::kube::Pod;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::view::View;
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::{Desk, Reads, labels, table};
use super::moments::brief;
use crate::tool::{ToolError, ToolResult};

/// `list_objects`.
pub(super) struct List;

/// What is listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedList {
    /// The kind, as kubectl takes it: `pods`, `deploy`, `pvc`, `nodes`, or a custom kind by its full name.
    kind: String,
    /// The namespace. Leave out for all that may be read, and for kinds that are of the cluster.
    #[serde(default)]
    namespace: Option<String>,
    /// Only objects whose name holds this text.
    #[serde(default)]
    name_contains: Option<String>,
}

#[async_trait]
impl Reads for List {
    type Asked = AskedList;
    const NAME: &'static str = "list_objects";
    const SET: &'static str = "kubernetes";
    const DESCRIPTION: &'static str = "Lists the Kubernetes objects of a kind with a line of status each: what there is and how it stands. Use it to find names, or what \
         else of the kind is in trouble. For events use list_events.";

    async fn read(desk: &Desk, asked: AskedList) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        let kind = match Kind::parse(&asked.kind) {
            Some(Kind::Event) => return Err(ToolError::Arguments("for events use list_events".to_owned())),
            Some(kind) => kind,
            None => {
                let others = open.session.other_kinds().await;
                let wanted = asked.kind.to_lowercase();
                let wanted = wanted.split('.').next().unwrap_or_default();
                let fits = |kind: &&Kind| kind.as_str().eq_ignore_ascii_case(wanted) || kind.plural() == wanted;
                others.iter().find(fits).cloned().ok_or_else(|| unknown_kind(&asked.kind, &others))?
            }
        };
        let namespace = asked.namespace.as_deref().filter(|_| kind.namespaced());
        open.list().await?;
        if let Some(namespace) = namespace {
            open.permits(namespace).await?;
        }
        // What owns and selects pods is told by what the pods are.
        for needed in
            [&kind, &Kind::Pod].into_iter().take(if kind.is_workload() || kind == Kind::Service { 2 } else { 1 })
        {
            open.session.objects(needed, namespace).await;
        }
        let bounds = open.session.bounds();
        let view = open.view()?;
        let part = asked.name_contains.as_deref().unwrap_or_default().to_lowercase();
        let here = |e: &EntityRef| {
            let place = if e.kind == Kind::Namespace { Some(&e.name) } else { e.namespace.as_ref() };
            let bound = place.is_none_or(|ns| bounds.is_empty() || bounds.contains(ns));
            bound && namespace.is_none_or(|ns| e.ns() == ns) && e.name.to_lowercase().contains(&part)
        };
        let found: Vec<EntityRef> = view.names(&kind).into_iter().filter(here).collect();
        let unread = unread(view, &kind, namespace, &bounds);
        if found.is_empty() && !unread.is_empty() {
            return Err(ToolError::Failed(format!("{} could not be read: {}", kind.plural(), unread.join("; "))));
        }
        let rows: Vec<Vec<String>> =
            found.iter().map(|e| vec![e.ns().to_owned(), e.name.clone(), status(view, e)]).collect();
        let gaps = if unread.is_empty() { String::new() } else { format!("; not read: {}", unread.join("; ")) };
        let place = namespace.map_or_else(String::new, |ns| format!(" in {ns}"));
        let summary = format!("{} {}{place}{gaps}", found.len(), kind.plural());
        let text = if rows.is_empty() { String::new() } else { table(&["namespace", "name", "status"], &rows) };
        let one = namespace.map(str::to_owned).or_else(|| open.home()).filter(|_| kind.namespaced());
        let command = Probe::Objects { kind, namespace: one }.command();
        let command = command.trim_end_matches(" -o json").to_owned();
        Ok(open.result(summary, text, command, None))
    }
}

fn unknown_kind(asked: &str, others: &[Kind]) -> ToolError {
    let others: Vec<&str> = others.iter().map(Kind::as_str).collect();
    let custom = if others.is_empty() { String::new() } else { format!("; custom kinds here: {}", others.join(", ")) };
    ToolError::Arguments(format!(
        "`{}` is no kind that can be read: write it as kubectl does, like `pods`{custom}",
        brief(asked)
    ))
}

/// Where the kind could not be read, and why.
fn unread(
    view: &View,
    kind: &Kind,
    namespace: Option<&str>,
    bounds: &std::collections::BTreeSet<String>,
) -> Vec<String> {
    let places: Vec<&str> = match namespace {
        Some(namespace) => vec![namespace],
        None if kind.namespaced() && !bounds.is_empty() => bounds.iter().map(String::as_str).collect(),
        None => vec![""],
    };
    let why = |place: &&str| -> Option<&ReadFailure> { view.coverage_of(kind, place)?.as_ref().err() };
    places.iter().filter_map(|place| Some(format!("{place} {}", why(place)?).trim().to_owned())).collect()
}

/// How an object stands, in a line.
fn status(view: &View, entity: &EntityRef) -> String {
    let (ns, name) = (entity.ns(), entity.name.as_str());
    let told = match entity.kind {
        Kind::Pod => view.pods.get(ns, name).map(pod),
        Kind::Node => view.nodes.get("", name).map(|node| {
            let ready =
                node.status.conditions.iter().find(|c| c.r#type == "Ready").map_or("unknown", |c| c.status.as_str());
            let cordoned = if node.spec.unschedulable { ", cordoned" } else { "" };
            let pressed = node.status.conditions.iter().filter(|c| c.r#type != "Ready" && c.is_true());
            let pressed: Vec<&str> = pressed.map(|c| c.r#type.as_str()).collect();
            let taints: Vec<String> = node.spec.taints.iter().map(|t| format!("{}:{}", t.key, t.effect)).collect();
            format!(
                "Ready={ready}{cordoned}; true: {}; taints: {}",
                or_none(&pressed.join(",")),
                or_none(&taints.join(","))
            )
        }),
        Kind::PersistentVolumeClaim => view.claims.get(ns, name).map(|claim| {
            let class = claim.spec.storage_class_name.as_deref().unwrap_or("default");
            format!("{}; class {class}; volume {}", claim.status.phase, or_none(&claim.spec.volume_name))
        }),
        Kind::PersistentVolume => view.volumes.get("", name).map(|volume| volume.status.phase.clone()),
        Kind::Service => view.services.get(ns, name).map(|service| {
            let pods: Vec<&Pod> = view.selected_pods(service).filter(|pod| !pod.is_completed()).collect();
            let ready = pods.iter().filter(|pod| pod.is_ready()).count();
            format!(
                "{ready} of {} selected pods ready; selector {}",
                pods.len(),
                or_none(&labels(&service.spec.selector))
            )
        }),
        Kind::HorizontalPodAutoscaler => view.autoscalers.get(ns, name).map(|hpa| {
            let least = hpa.spec.min_replicas.unwrap_or(1);
            format!(
                "{} replicas, {least} to {}; scales {}",
                hpa.status.current_replicas, hpa.spec.max_replicas, hpa.spec.scale_target_ref.name
            )
        }),
        ref kind if kind.is_workload() => Some(workload(view, entity)),
        _ => None,
    };
    told.or_else(|| conditions(view, entity)).unwrap_or_else(|| created(view, entity))
}

fn pod(pod: &Pod) -> String {
    let all: Vec<_> = pod.containers().filter(|(.., init)| !init).collect();
    let ready = all.iter().filter(|(_, status, _)| status.is_some_and(|s| s.ready)).count();
    let statuses = || pod.containers().filter_map(|(_, status, _)| status);
    let restarts: i64 = statuses().map(|s| s.restart_count).sum();
    let waiting = statuses().find_map(|s| s.state.waiting.as_ref()).map(|w| format!(", {}", w.reason));
    let ended = statuses().find_map(|s| s.last_state.terminated.as_ref());
    let ended = ended.map(|t| format!(", last exit {} {}", t.exit_code, t.reason));
    let reason = if pod.status.reason.is_empty() { String::new() } else { format!(" {}", pod.status.reason) };
    format!(
        "{}{reason}, {ready} of {} ready, {restarts} restarts{}{}, node {}",
        pod.status.phase,
        all.len(),
        waiting.unwrap_or_default(),
        ended.unwrap_or_default(),
        or_none(&pod.spec.node_name)
    )
}

/// Wanted and ready where the status says so, else by its pods.
fn workload(view: &View, entity: &EntityRef) -> String {
    let (ns, name) = (entity.ns(), entity.name.as_str());
    let of = |spec: &midwatch_diagnosis::kube::WorkloadSpec, status: &midwatch_diagnosis::kube::WorkloadStatus| {
        let paused = if spec.paused { ", paused" } else { "" };
        format!(
            "{} of {} replicas ready, {} updated{paused}",
            status.ready_replicas,
            spec.replicas(),
            status.updated_replicas
        )
    };
    let told = match entity.kind {
        Kind::Deployment => view.deployments.get(ns, name).map(|d| of(&d.spec, &d.status)),
        Kind::ReplicaSet => view.replica_sets.get(ns, name).map(|d| of(&d.spec, &d.status)),
        Kind::StatefulSet => view.stateful_sets.get(ns, name).map(|d| of(&d.spec, &d.status)),
        Kind::Job => view.jobs.get(ns, name).map(|job| {
            let status = &job.status;
            format!("{} active, {} succeeded, {} failed", status.active, status.succeeded, status.failed)
        }),
        Kind::CronJob => view.cron_jobs.get(ns, name).map(|cron| {
            let suspended = if cron.spec.suspend { ", suspended" } else { "" };
            format!("schedule {}, {} active{suspended}", cron.spec.schedule, cron.status.active.len())
        }),
        _ => None,
    };
    told.unwrap_or_else(|| {
        let pods = view.pods_of(entity);
        format!("{} of {} pods ready", pods.iter().filter(|pod| pod.is_ready()).count(), pods.len())
    })
}

fn conditions(view: &View, entity: &EntityRef) -> Option<String> {
    let custom = view.custom.get(entity)?;
    let told: Vec<String> =
        custom.conditions().iter().map(|c| format!("{}={} {}", c.r#type, c.status, c.reason)).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn created(view: &View, entity: &EntityRef) -> String {
    let at = view.meta(entity).and_then(|meta| *meta.creation_timestamp);
    at.map(|at| format!("created {at}")).unwrap_or_default()
}

pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
