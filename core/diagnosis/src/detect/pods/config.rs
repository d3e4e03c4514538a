//! Containers that cannot be created: configuration that is named and not there, refusals for the security context,
//! commands that the runtime cannot start.
//!
//! The kubelet's own words decide (Secret values are never read). Must keep apart "the Secret does not exist" and "the
//! Secret lacks a key". References marked optional never get here: the kubelet does not complain about them.

use crate::entity::{EntityRef, Kind};
use crate::evidence::absence;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::Event;
use crate::shell::word;
use crate::view::View;

use super::command::cannot_start;
use super::container::{Case, cases};
use crate::detect::nearest::nearest;

/// Something that the kubelet looked for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The object.
    Object(Kind, String),
    /// A key of it.
    Key(Kind, String, String),
}

/// Containers that cannot be created or started.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    cases(view).filter_map(|case| one(&case)).collect()
}

fn one(case: &Case<'_>) -> Option<Finding> {
    let waiting = case.waiting();
    let refused = waiting.filter(|w| w.reason == "CreateContainerConfigError");
    let Some(waiting) = refused else { return cannot_start(case) };
    let event = last_failure(case, &waiting.message);
    let words = match (waiting.message.as_str(), event) {
        ("", Some(e)) => e.text().strip_prefix("Error: ").unwrap_or(e.text()),
        (message, _) => message,
    };
    let finding = match missing(words) {
        Some(missing) => what_is_missing(case.view, &case.unit(), &case.who(), case.ns(), &missing)?,
        None if is_security(words) => security(case, words),
        None => {
            let claim = format!("{} cannot be created: {words}", case.who());
            Finding::new(Reason::BadCommand, case.unit(), claim).confidence(Confidence::Medium).action(
                "see what the kubelet says",
                Some(describe(case)),
                "none",
            )
        }
    };
    let mut finding =
        case.mark(finding).because("the kubelet cannot create the container", case.waiting_evidence(waiting));
    if let Some(event) = event {
        finding = finding.because("it says so again and again", crate::evidence::event(event)).since(event.first());
    }
    let pulled = case.view.last_event(&case.pod_ref(), &["Pulled"]);
    Some(match pulled {
        Some(pulled) => finding.rules_out("the image: it was pulled", crate::evidence::event(pulled)),
        None => finding,
    })
}

fn last_failure<'a>(case: &Case<'a>, message: &str) -> Option<&'a Event> {
    let fits = |e: &&Event| e.container().is_none_or(|c| c == case.spec.name) && e.text().contains(message);
    case.events().into_iter().rev().filter(|e| e.reason == "Failed").find(fits)
}

fn describe(case: &Case<'_>) -> String {
    format!("{} describe pod {}", case.kubectl(), case.pod.metadata.name)
}

/// Reads the kubelet's words: `configmap "x" not found`, `couldn't find key k in Secret ns/x`,
/// `references non-existent config key: k` (which does not name the object: an empty name).
pub(super) fn missing(words: &str) -> Option<Missing> {
    if let Some((_, rest)) = words.split_once("couldn't find key ") {
        let (key, rest) = rest.split_once(" in ")?;
        let (kind, rest) = rest.split_once(' ')?;
        let name = rest.split([' ', ',', ';']).next()?.rsplit('/').next()?;
        return Some(Missing::Key(object_kind(kind)?, name.to_owned(), key.to_owned()));
    }
    for (says, kind) in [("non-existent config key: ", Kind::ConfigMap), ("non-existent secret key: ", Kind::Secret)] {
        if let Some((_, rest)) = words.split_once(says) {
            let key = rest.split_whitespace().next()?;
            return Some(Missing::Key(kind, String::new(), key.to_owned()));
        }
    }
    for kind in ["configmap", "secret"] {
        let lower = words.to_lowercase();
        let Some(at) = lower.find(&format!("{kind} \"")) else { continue };
        let rest = &words[at + kind.len() + 2..];
        if let Some((name, after)) = rest.split_once('"')
            && after.trim_start().starts_with("not found")
        {
            return Some(Missing::Object(object_kind(kind)?, name.to_owned()));
        }
    }
    None
}

fn object_kind(word: &str) -> Option<Kind> {
    match word.to_lowercase().as_str() {
        "configmap" => Some(Kind::ConfigMap),
        "secret" => Some(Kind::Secret),
        _ => None,
    }
}

/// The finding about something missing, blaming the object that is missing or lacks the key. Silent (none) about an
/// object without a name.
pub(super) fn what_is_missing(view: &View, unit: &EntityRef, who: &str, ns: &str, what: &Missing) -> Option<Finding> {
    match what {
        Missing::Object(kind, name) => {
            Some(missing_object(view, unit, who, &EntityRef::new(kind.clone(), ns, name.clone())))
        }
        Missing::Key(_, name, _) if name.is_empty() => None,
        Missing::Key(kind, name, key) => {
            Some(missing_key(view, unit, who, &EntityRef::new(kind.clone(), ns, name.clone()), key))
        }
    }
}

fn missing_object(view: &View, unit: &EntityRef, who: &str, object: &EntityRef) -> Finding {
    let names = view.names(&object.kind);
    let near = nearest(&object.name, names.iter().filter(|e| e.namespace == object.namespace).map(|e| e.name.as_str()));
    let hint = near.map(|n| format!(" (there is \"{n}\")")).unwrap_or_default();
    let appeared = view.meta(object).is_some();
    let claim = if appeared {
        format!("{who} does not start: {object} was not found, it exists only since")
    } else {
        format!("{who} does not start: {object} does not exist{hint}")
    };
    let mut finding = Finding::new(Reason::MissingReference, unit.clone(), claim).blame(object.clone());
    if view.absent(object) {
        finding = finding.because(format!("{object} is not there{hint}"), absence(object));
    } else if appeared {
        finding = finding.confidence(Confidence::Medium);
    }
    let (kubectl, what) = (crate::detect::say::kubectl(object), object.kind.as_str().to_lowercase());
    let create = if object.kind == Kind::Secret { "secret generic" } else { "configmap" };
    finding = finding
        .action(
            format!("create {object}"),
            Some(format!("{kubectl} create {create} {} --from-literal=<key>=<value>", word(&object.name))),
            "low",
        )
        .check(format!("{kubectl} get {what} {} && {kubectl} get {}", word(&object.name), unit.slash()));
    let correct = near
        .map_or_else(|| "or take the reference out".to_owned(), |n| format!("or refer to \"{n}\", if that is meant"));
    finding.action(correct, Some(format!("{kubectl} edit {}", unit.slash())), "low: replaces the pods")
}

/// `key` of `object` is not there; the claim must not say that the object is not there.
pub(crate) fn missing_key(view: &View, unit: &EntityRef, who: &str, object: &EntityRef, key: &str) -> Finding {
    let keys = keys_of(view, object);
    let list = keys.as_ref().map(|k| k.join(", "));
    let near = keys.as_ref().and_then(|k| nearest(key, k.iter().map(String::as_str)));
    let hint = near.map(|n| format!(", the nearest is \"{n}\"")).unwrap_or_default();
    let has = match &list {
        Some(list) if list.is_empty() => " (it has no keys)".to_owned(),
        Some(list) => format!(" (it has {list})"),
        None => String::new(),
    };
    let claim = format!("{who} does not start: {object} has no key \"{key}\"{has}{hint}");
    let mut finding = Finding::new(Reason::MissingKey, unit.clone(), claim).blame(object.clone());
    if let Some(list) = list {
        finding = finding.because(
            format!("the keys of {object}{hint}"),
            crate::evidence::object(object, format!("data keys: {list}")),
        );
        finding = finding.rules_out(
            format!("{object} itself: it is there"),
            crate::evidence::object(object, format!("metadata.name={}", object.name)),
        );
    }
    let kubectl = crate::detect::say::kubectl(object);
    let field = if object.kind == Kind::Secret { "stringData" } else { "data" };
    let patch =
        format!("{kubectl} patch {} --type merge -p '{{\"{field}\":{{\"{key}\":\"<value>\"}}}}'", object.slash());
    let correct = near.map_or_else(
        || "or refer to a key that is there".to_owned(),
        |n| format!("or refer to key \"{n}\", if that is meant"),
    );
    finding
        .action(format!("add key {key} to {object}"), Some(patch), "low")
        .check(format!("{kubectl} get {}", unit.slash()))
        .action(correct, Some(format!("{kubectl} edit {}", unit.slash())), "low: replaces the pods")
}

/// The keys of a ConfigMap or Secret, where it was seen with keys.
pub(crate) fn keys_of(view: &View, object: &EntityRef) -> Option<Vec<String>> {
    match object.kind {
        Kind::ConfigMap => {
            let map = view.config_maps.get(object.ns(), &object.name)?;
            Some(map.data.keys().chain(map.binary_data.iter()).cloned().collect())
        }
        // A Secret read as metadata only shows no keys, which says nothing.
        Kind::Secret => view
            .secrets
            .get(object.ns(), &object.name)
            .map(|s| s.data.iter().chain(s.string_data.iter()).cloned().collect::<Vec<_>>())
            .filter(|k| !k.is_empty()),
        _ => None,
    }
}

fn is_security(words: &str) -> bool {
    ["runAsNonRoot", "non-root", "non-numeric user", "seccomp", "AppArmor", "apparmor", "SELinux"]
        .iter()
        .any(|w| words.contains(w))
}

fn security(case: &Case<'_>, words: &str) -> Finding {
    // The kubelet adds the pod's name in brackets; the claim must be the same for all pods.
    let said = words.split(" (pod:").next().unwrap_or(words).trim_start_matches("Error: ");
    let claim = format!("the kubelet refuses to start {} for its security context: {said}", case.who());
    let set = case.spec.security_context.run_as_non_root.or(case.pod.spec.security_context.run_as_non_root);
    let user = case.spec.security_context.run_as_user.or(case.pod.spec.security_context.run_as_user);
    let says = format!(
        "securityContext: runAsNonRoot={} runAsUser={}",
        set.map_or_else(|| "unset".to_owned(), |v| v.to_string()),
        user.map_or_else(|| "unset".to_owned(), |v| v.to_string())
    );
    Finding::new(Reason::SecurityRefused, case.unit(), claim)
        .because("its security context", case.says(says))
        .action(
            "set a numeric runAsUser other than 0 that the image can run as",
            Some(case.edit()),
            "low: replaces the pods",
        )
        .check(case.watch())
}

#[cfg(test)]
mod tests;
