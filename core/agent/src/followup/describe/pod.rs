//! Pods and their containers.

use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::kube::{Container, ContainerState, ContainerStatus, EnvVar, PodSpec, Terminated};
use midwatch_diagnosis::view::View;

use super::{LISTED, Lines};
use crate::followup::say;

/// Variables whose names are shown of one container.
const ENV: usize = 30;

/// A pod; its state in a clause.
pub(super) fn pod(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let pod = view.pods.get(entity.ns(), &entity.name)?;
    let status = &pod.status;
    lines.field("node", if pod.spec.node_name.is_empty() { "none yet" } else { &pod.spec.node_name });
    lines.field("phase", [&status.phase, &status.reason].map(String::as_str).join(" ").trim());
    lines.field("message", say::line(&status.message, say::CELL));
    lines.field("quality of service", &status.qos_class);
    lines.conditions(&status.conditions);
    for (spec, status, is_init) in pod.containers() {
        container(spec, status, is_init, lines);
    }
    volumes(&pod.spec, lines);
    let ready = pod.containers().filter(|(.., init)| !init).filter(|(_, s, _)| s.is_some_and(|s| s.ready)).count();
    let restarts: i64 = pod.containers().filter_map(|(_, s, _)| s).map(|s| s.restart_count).sum();
    Some(format!(
        "{} of {} ready, {}, phase {}",
        ready,
        say::count(pod.spec.containers.len(), "container"),
        say::count(restarts.unsigned_abs(), "restart"),
        say::line(&status.phase, say::CELL)
    ))
}

/// The containers of a template.
pub(super) fn template(spec: &PodSpec, lines: &mut Lines) {
    let init = spec.init_containers.iter().map(|c| (c, true));
    for (one, is_init) in init.chain(spec.containers.iter().map(|c| (c, false))) {
        container(one, None, is_init, lines);
    }
    volumes(spec, lines);
}

fn container(spec: &Container, status: Option<&ContainerStatus>, is_init: bool, lines: &mut Lines) {
    lines.field(if is_init { "init container" } else { "container" }, &spec.name);
    lines.below(format!("image {}", spec.image));
    if let Some(status) = status {
        lines.below(format!(
            "{}, {}",
            state(&status.state),
            say::count(status.restart_count.unsigned_abs(), "restart")
        ));
        if let Some(ended) = &status.last_state.terminated {
            lines.below(format!("before that {}", terminated(ended)));
        }
    }
    if !(spec.command.is_empty() && spec.args.is_empty()) {
        let all: Vec<&str> = spec.command.iter().chain(&spec.args).map(String::as_str).collect();
        lines.below(format!("command {}", say::line(&all.join(" "), say::CELL)));
    }
    let resources = |map: &midwatch_diagnosis::kube::Map| {
        let all = map.iter().map(|(k, v)| format!("{k} {v}"));
        if map.is_empty() { "none".to_owned() } else { say::some(all, LISTED) }
    };
    lines.below(format!(
        "requests {}; limits {}",
        resources(&spec.resources.requests),
        resources(&spec.resources.limits)
    ));
    if !spec.ports.is_empty() {
        let port =
            |p: &midwatch_diagnosis::kube::ContainerPort| format!("{} {}", p.container_port, p.name).trim().to_owned();
        lines.below(format!("ports {}", say::some(spec.ports.iter().map(port), LISTED)));
    }
    let probes =
        [("liveness", &spec.liveness_probe), ("readiness", &spec.readiness_probe), ("startup", &spec.startup_probe)];
    for (name, probe) in probes.into_iter().filter_map(|(name, probe)| Some((name, probe.as_ref()?))) {
        let what = say::line(&probe.describe(), say::CELL);
        lines.below(format!(
            "{name} probe: {what}, every {} s, {} failures, after {} s",
            probe.period(),
            probe.failures(),
            probe.initial_delay_seconds
        ));
    }
    env(spec, lines);
}

/// Names of variables, and where their values come from; never a value.
fn env(spec: &Container, lines: &mut Lines) {
    let name = |var: &EnvVar| {
        let source = var.value_from.as_ref();
        let secret = source.and_then(|s| s.secret_key_ref.as_ref()).map(|k| format!("Secret {}", k.name));
        let config = || source.and_then(|s| s.config_map_key_ref.as_ref()).map(|k| format!("ConfigMap {}", k.name));
        secret.or_else(config).map_or_else(|| var.name.clone(), |from| format!("{} (of {from})", var.name))
    };
    if !spec.env.is_empty() {
        lines.below(format!("env {}", say::some(spec.env.iter().map(name), ENV)));
    }
    for from in &spec.env_from {
        let config = from.config_map_ref.as_ref().map(|r| format!("ConfigMap {}", r.name));
        let secret = from.secret_ref.as_ref().map(|r| format!("Secret {}", r.name));
        if let Some(name) = config.or(secret) {
            lines.below(format!("env of all keys of {name}"));
        }
    }
}

fn volumes(spec: &PodSpec, lines: &mut Lines) {
    let source = |v: &midwatch_diagnosis::kube::Volume| {
        let config = v.config_map.as_ref().map(|c| format!("ConfigMap {}", c.name));
        let secret = || v.secret.as_ref().map(|s| format!("Secret {}", s.secret_name));
        let claim = || v.persistent_volume_claim.as_ref().map(|c| format!("claim {}", c.claim_name));
        let empty = || v.empty_dir.as_ref().map(|_| "emptyDir".to_owned());
        let source = config.or_else(secret).or_else(claim).or_else(empty)?;
        Some(format!("{} ({source})", v.name))
    };
    lines.field("volumes", say::some(spec.volumes.iter().filter_map(source), LISTED));
}

fn state(state: &ContainerState) -> String {
    if let Some(waiting) = &state.waiting {
        let words = say::line(&waiting.message, say::CELL);
        let words = if words.is_empty() { words } else { format!(": {words}") };
        return format!("waiting, {}{words}", waiting.reason);
    }
    if let Some(running) = &state.running {
        let since = running.started_at.map(|at| format!(" since {} UTC", say::when(at))).unwrap_or_default();
        return format!("running{since}");
    }
    state.terminated.as_ref().map_or_else(|| "state not reported".to_owned(), terminated)
}

fn terminated(ended: &Terminated) -> String {
    let at = ended.finished_at.map(|at| format!(" at {} UTC", say::when(at))).unwrap_or_default();
    let words = say::line(&ended.message, say::CELL);
    let words = if words.is_empty() { words } else { format!(": {words}") };
    format!("ended{at} with code {} ({}){words}", ended.exit_code, ended.reason)
}
