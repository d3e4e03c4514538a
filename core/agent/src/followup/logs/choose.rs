//! Which containers: what fails first, a bounded number, the rest by name.

use std::collections::BTreeSet;

use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::kube::{ContainerStatus, Pod};
use midwatch_diagnosis::probe::ContainerRef;
use midwatch_diagnosis::view::View;
use midwatch_diagnosis::view::relate::pod_ref;

use crate::followup::{say, target};
use crate::plan::suspicion;
use crate::request::Limits;

/// Logs that one answer shows.
const LOGS: usize = 6;

/// Containers of one pod that are shown when none is named.
const CONTAINERS: usize = 3;

/// One container whose log is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::followup) struct Container {
    pub(in crate::followup) of: ContainerRef,
    pub(super) restarts: i64,
    waiting: Option<String>,
}

impl Container {
    fn new(pod: &Pod, name: &str, status: Option<&ContainerStatus>) -> Self {
        let of = ContainerRef {
            namespace: pod.metadata.namespace.clone(),
            pod: pod.metadata.name.clone(),
            container: name.to_owned(),
        };
        let waiting = status.and_then(|s| s.state.waiting.as_ref()).map(|w| w.reason.clone());
        Self { of, restarts: status.map_or(0, |s| s.restart_count), waiting }
    }

    /// As a reader says it.
    pub(super) fn name(&self) -> String {
        let pod = say::code(format!("Pod {}/{}", self.of.namespace, self.of.pod));
        format!("Container {} of {pod}", say::code(&self.of.container))
    }

    /// What it waits for, in a clause.
    pub(super) fn state(&self) -> String {
        self.waiting.as_ref().map(|reason| format!(" ({})", say::line(reason, say::CELL))).unwrap_or_default()
    }
}

/// The containers to read, and the names of those that are not.
pub(in crate::followup) struct Chosen {
    pub(in crate::followup) containers: Vec<Container>,
    pub(in crate::followup) left_out: Vec<String>,
}

/// What there is none of.
pub(in crate::followup) enum Nothing {
    Target,
    Pods(Vec<EntityRef>),
    Container { asked: String, there: BTreeSet<String> },
}

/// Chooses among the pods of the targets.
pub(in crate::followup) fn choose(
    view: &View,
    targets: &[EntityRef],
    named: Option<&str>,
    limits: &Limits,
) -> Result<Chosen, Nothing> {
    if targets.is_empty() {
        return Err(Nothing::Target);
    }
    let mut containers = Vec::new();
    let mut left_out = Vec::new();
    let mut there = BTreeSet::new();
    let mut any = false;
    for target in targets {
        let mut pods = target::pods(view, target);
        pods.sort_by_key(|p| (std::cmp::Reverse(suspicion(p)), pod_ref(p)));
        any |= !pods.is_empty();
        there.extend(pods.iter().flat_map(|p| p.containers()).map(|(c, ..)| c.name.clone()));
        let beyond = pods.split_off(pods.len().min(limits.pods_per_workload.max(1)));
        left_out.extend(beyond.iter().map(|p| say::code_of(&pod_ref(p))));
        for pod in pods {
            let (chosen, rest) = of_pod(pod, named);
            containers.extend(chosen);
            left_out.extend(rest);
        }
    }
    if let (Some(asked), true, true) = (named, any, containers.is_empty()) {
        return Err(Nothing::Container { asked: asked.to_owned(), there });
    }
    if containers.is_empty() {
        return Err(Nothing::Pods(targets.to_vec()));
    }
    let beyond = containers.split_off(containers.len().min(LOGS));
    left_out.extend(beyond.iter().map(Container::name));
    Ok(Chosen { containers, left_out })
}

/// The containers of one pod: the one that is named, else those that run or failed. Init containers that have done their
/// work are told by name only.
fn of_pod(pod: &Pod, named: Option<&str>) -> (Vec<Container>, Vec<String>) {
    if let Some(name) = named {
        let fits = pod.containers().filter(|(c, ..)| c.name.eq_ignore_ascii_case(name));
        return (fits.map(|(c, status, _)| Container::new(pod, &c.name, status)).collect(), Vec::new());
    }
    let done = |status: Option<&ContainerStatus>| {
        let ended = status.and_then(|s| s.state.terminated.as_ref());
        ended.is_some_and(|t| t.exit_code == 0)
    };
    let (past, mut live): (Vec<_>, Vec<_>) =
        pod.containers().partition(|(_, status, is_init)| *is_init && done(*status));
    live.sort_by_key(|(_, status, _)| status.is_none_or(|s| s.ready));
    let rest = live.split_off(live.len().min(CONTAINERS));
    let chosen = live.into_iter().map(|(c, status, _)| Container::new(pod, &c.name, status)).collect();
    let left = rest.into_iter().chain(past).map(|(c, status, _)| Container::new(pod, &c.name, status).name());
    (chosen, left.collect())
}
