//! Settings, files, modules, ports and limits that a program complains about.
//!
//! Start at [`explain`]. Whether a variable is really absent is read from the pod's own spec.

use std::collections::BTreeSet;

use crate::entity::{EntityRef, Kind};
use crate::finding::{Finding, Reason};
use crate::logs::Signature;
use crate::shell::word;

use super::cause::Told;
use super::origin::origin;
use super::storage::mount_of;
use crate::detect::nearest::nearest;
use crate::detect::pods::config::{keys_of, missing_key};
use crate::detect::pods::container::Case;

/// Every complaint that the other families leave.
pub(super) fn explain(told: &Told<'_>) -> Finding {
    match told.hit.signature {
        Signature::MissingConfiguration => missing_setting(told),
        Signature::MissingFile => missing_file(told),
        Signature::PortInUse => port_in_use(told),
        Signature::PoolExhausted => pool(told),
        other => plain(told, what(other)),
    }
}

/// What a complaint means, as a clause.
fn what(signature: Signature) -> &'static str {
    match signature {
        Signature::InvalidConfiguration => "refuses its configuration",
        Signature::OutOfMemory => "runs out of memory inside the process",
        Signature::TooManyOpenFiles => "has too many open files",
        Signature::ThreadOrProcessLimit => "reaches the limit of threads or processes",
        Signature::CommandNotFound => "calls a command that its image does not have",
        Signature::MissingModule => "misses a module or library in its image",
        Signature::ExecFormat => "cannot run its binary: another processor architecture, exec format error",
        Signature::RateLimited => "is rate limited by its peer",
        Signature::SchemaMissing => "misses something in its database",
        Signature::QueueFull => "has a full queue",
        Signature::Deadlock => "runs into a deadlock",
        _ => "fails",
    }
}

/// What is used up, without the numbers that change from line to line: `total=10, active=10`, `100/100`.
fn limits(number: &str) -> String {
    let steady = |part: &&str| !["waiting", "idle", "pending"].iter().any(|w| part.contains(w));
    number.split(", ").filter(steady).collect::<Vec<_>>().join(", ")
}

fn pool(told: &Told<'_>) -> Finding {
    let values = &told.hit.values;
    let name = values.name.as_deref().map(|n| format!(" {n}")).unwrap_or_default();
    let used = values.number.as_deref().map(|n| format!(" ({})", limits(n))).unwrap_or_default();
    let claim =
        format!("{} has used up its connection pool{name}{used} and waits for free connections", told.case.who());
    let finding = told.finding(Reason::LogCause, claim);
    let mend = "find what holds the connections (slow queries, leaks), or raise the pool's limit within what the server allows";
    told.done(finding.action(mend, Some(told.case.edit()), "low: replaces the pods").check(told.case.watch()))
}

fn plain(told: &Told<'_>, what: &str) -> Finding {
    let case = &told.case;
    let values = &told.hit.values;
    let name = values.name.as_deref().or(values.number.as_deref()).map(|n| format!(" ({n})")).unwrap_or_default();
    let image = match told.hit.signature {
        Signature::MissingModule | Signature::CommandNotFound | Signature::ExecFormat => {
            format!(", image {}", case.spec.image)
        }
        _ => String::new(),
    };
    let claim = format!("{} {what}{name}{image}: \"{}\"", case.who(), told.quote());
    let finding = told.finding(Reason::LogCause, claim);
    told.done(match case.undo() {
        Some(undo) => finding
            .action("if it began with the last rollout, go back", Some(undo), "low: replaces the pods")
            .check(case.watch()),
        None => finding
            .action("correct its image or settings", Some(case.edit()), "low: replaces the pods")
            .check(case.watch()),
    })
}

fn missing_setting(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let Some(name) = told.hit.values.name.as_deref() else { return plain(told, "misses a setting") };
    let env: BTreeSet<&str> = case.spec.env.iter().map(|e| e.name.as_str()).collect();
    let all = provided(case);
    let state = if env.contains(name) || all.contains(name) {
        "which its spec sets, so its value is empty or refused".to_owned()
    } else {
        match nearest(name, all.iter().map(String::as_str)) {
            Some(near) => format!("which its spec does not set (it sets {near})"),
            None => "which its spec does not set".to_owned(),
        }
    };
    let elsewhere = unused_holder(case, name);
    let hint =
        elsewhere.as_ref().map(|e| format!("; {e} has a key of that name, which it does not use")).unwrap_or_default();
    let claim = format!("{} misses the setting {name}, {state}{hint}: \"{}\"", case.who(), told.quote());
    let listed = if all.is_empty() { "none".to_owned() } else { all.iter().cloned().collect::<Vec<_>>().join(", ") };
    let says = case.says(format!("spec.containers[{}].env: {listed}", case.spec.name));
    let mut finding = told.finding(Reason::LogCause, claim).because("the environment that its spec gives it", says);
    let unit = case.unit();
    let set = match &elsewhere {
        Some(holder) => {
            format!("{} set env {} -c {} --from={}", case.kubectl(), unit.slash(), case.spec.name, holder.slash())
        }
        None => format!("{} set env {} -c {} {}=<value>", case.kubectl(), unit.slash(), case.spec.name, word(name)),
    };
    finding = finding.action(format!("set {name}"), Some(set), "low: replaces the pods").check(case.watch());
    told.done(match case.undo() {
        Some(undo) => finding
            .action("or go back to the revision before", Some(undo), "low: replaces the pods")
            .check(case.watch()),
        None => finding,
    })
}

/// Names of the variables that a container is given, as far as they were seen.
fn provided(case: &Case<'_>) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = case.spec.env.iter().map(|e| e.name.clone()).collect();
    for source in &case.spec.env_from {
        let map = source.config_map_ref.as_ref().map(|r| (Kind::ConfigMap, &r.name));
        let secret = source.secret_ref.as_ref().map(|r| (Kind::Secret, &r.name));
        for (kind, name) in map.into_iter().chain(secret) {
            let keys = keys_of(case.view, &EntityRef::new(kind, case.ns(), name.clone())).unwrap_or_default();
            all.extend(keys.into_iter().map(|k| format!("{}{k}", source.prefix)));
        }
    }
    all
}

/// A ConfigMap or Secret of the namespace that has this key, though the container does not use it.
fn unused_holder(case: &Case<'_>, key: &str) -> Option<EntityRef> {
    let ns = case.ns();
    let maps = case.view.config_maps.within(ns).map(|m| EntityRef::new(Kind::ConfigMap, ns, m.metadata.name.clone()));
    let secrets = case.view.secrets.within(ns).map(|s| EntityRef::new(Kind::Secret, ns, s.metadata.name.clone()));
    maps.chain(secrets).find(|e| keys_of(case.view, e).is_some_and(|keys| keys.iter().any(|k| k == key)))
}

fn missing_file(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let Some(path) = told.hit.values.path.as_deref() else { return plain(told, "misses a file") };
    if let Some((mount, volume)) = mount_of(case, path) {
        let map = volume.config_map.as_ref().map(|c| EntityRef::new(Kind::ConfigMap, case.ns(), c.name.clone()));
        let secret = volume.secret.as_ref().map(|s| EntityRef::new(Kind::Secret, case.ns(), s.secret_name.clone()));
        let key = path.strip_prefix(mount.mount_path.trim_end_matches('/')).unwrap_or(path).trim_matches('/');
        if let Some(holder) = map.or(secret)
            && let Some(keys) = keys_of(case.view, &holder).filter(|keys| !keys.iter().any(|k| k == key))
        {
            let base = missing_key(case.view, &case.unit(), &case.who(), &holder, key);
            let claim = format!(
                "{} misses file {path}: {holder}, mounted at {}, has no key \"{key}\" (it has {}): \"{}\"",
                case.who(),
                mount.mount_path,
                keys.join(", "),
                told.quote()
            );
            let mut finding = told.finding(Reason::MissingKey, claim).blame(holder);
            finding.proof.extend(base.proof);
            finding.ruled_out.extend(base.ruled_out);
            finding.actions.extend(base.actions);
            return told.done(finding);
        }
        let place = format!("misses file {path} on volume {} at {}", mount.name, mount.mount_path);
        return plain(told, &place);
    }
    let from = origin(case, path).map(|o| format!("; the path comes from {}", o.text)).unwrap_or_default();
    plain(told, &format!("misses file {path}{from}"))
}

fn port_in_use(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let Some(port) = told.hit.values.port.map(i64::from) else {
        return plain(told, "cannot listen: the address is already in use");
    };
    let declares =
        |c: &&crate::kube::Container| c.name != case.spec.name && c.ports.iter().any(|p| p.container_port == port);
    let sidecars = case.pod.spec.init_containers.iter().filter(|c| c.restart_policy == "Always");
    let names = |c: &crate::kube::Container| {
        super::origin::holds(&c.args.join(" "), &port.to_string())
            || c.env.iter().any(|e| e.value.as_deref() == Some(&port.to_string()))
    };
    let mut others = case.pod.spec.containers.iter().chain(sidecars).filter(|c| c.name != case.spec.name);
    let other = case.pod.spec.containers.iter().find(declares).or_else(|| others.find(|c| names(c)));
    let by = match other {
        Some(c) => format!(": container {} of the same pod has it", c.name),
        None if case.pod.spec.host_network => {
            ": the pod uses the node's network, where something else has it".to_owned()
        }
        None => String::new(),
    };
    let claim =
        format!("{} cannot listen on port {port}, which is already in use{by}: \"{}\"", case.who(), told.quote());
    let finding = told.finding(Reason::LogCause, claim);
    told.done(
        finding
            .action("give one of the two another port", Some(case.edit()), "low: replaces the pods")
            .check(case.watch()),
    )
}
