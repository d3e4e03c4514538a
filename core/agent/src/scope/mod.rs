//! From a question or alerts to the entities they are about.
//!
//! Start at [`resolve`]. Alerts are resolved by their labels ([`alerts`]), words by names ([`text`]); neither guesses: what
//! fits several things is asked back, what fits nothing is said with the nearest names.

use std::collections::BTreeSet;

use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::scope::Scope;
use midwatch_diagnosis::view::View;

use crate::request::{NoReport, Request};

mod alerts;
mod names;
mod text;
mod told;

pub(crate) use told::completed;

/// The namespaces to read: those that the request names; none means all.
pub(crate) fn namespaces_of(request: &Request, readable: &[String]) -> BTreeSet<String> {
    if let Some(namespace) = &request.namespace {
        return BTreeSet::from([namespace.clone()]);
    }
    let named: BTreeSet<String> = request.alerts.iter().filter_map(namespace_of).map(str::to_owned).collect();
    if !named.is_empty() {
        return named;
    }
    let text = request.text.as_deref().unwrap_or_default();
    let in_text: BTreeSet<String> = text::namespaces(text, readable);
    match (in_text.is_empty(), readable) {
        (true, [only]) => BTreeSet::from([only.clone()]),
        _ => in_text,
    }
}

/// The namespaces that whoever asked named, and so was allowed to ask about; none: all of them.
pub(crate) fn bounds_of(request: &Request) -> BTreeSet<String> {
    let of_alerts: Option<BTreeSet<String>> =
        request.alerts.iter().map(|alert| namespace_of(alert).map(str::to_owned)).collect();
    match of_alerts {
        // An alert without a namespace is about all of them, whatever namespace the request names.
        None => BTreeSet::new(),
        Some(mut namespaces) => {
            namespaces.extend(request.namespace.clone());
            namespaces
        }
    }
}

/// The workload that an object belongs to, or belonged to before it was gone.
pub(crate) fn unit_of(view: &View, entity: &EntityRef) -> EntityRef {
    if view.meta(entity).is_some() {
        return view.unit(entity);
    }
    names::unit_of_gone(view, entity).unwrap_or_else(|| entity.clone())
}

/// Whether alerts alone started it and none of them says what it is about.
fn is_aimless(request: &Request, scope: &Scope) -> bool {
    let named = !scope.targets.is_empty() || !scope.gone.is_empty() || !scope.unseen.is_empty();
    let placed = request.namespace.is_some() || request.alerts.iter().any(|a| namespace_of(a).is_some());
    !request.alerts.is_empty() && request.text.is_none() && !named && !placed
}

fn namespace_of(alert: &Alert) -> Option<&str> {
    alert.label("namespace").or(alert.label("exported_namespace"))
}

/// Resolves a request against what was seen.
///
/// # Errors
/// [`NoReport::Ambiguous`] and [`NoReport::NoMatch`], for the words of a question. Alerts always resolve, at worst to
/// their namespace.
pub(crate) fn resolve(view: &View, request: &Request, namespaces: &BTreeSet<String>) -> Result<Scope, NoReport> {
    let mut scope = Scope {
        namespaces: namespaces.clone(),
        onset: request.alerts.iter().filter_map(|a| a.starts_at).min(),
        alerts: request.alerts.clone(),
        question: request.text.clone(),
        ..Scope::default()
    };
    if let Some(text) = request.text.as_deref().filter(|t| !t.trim().is_empty()) {
        let named = text::targets(view, text, namespaces, request.namespace.is_some())?;
        (scope.targets, scope.unknown) = (named.targets, named.unknown);
    }
    if scope.targets.is_empty() {
        alerts::targets(view, &mut scope);
    }
    scope.targets.sort();
    scope.targets.dedup();
    scope.aimless = is_aimless(request, &scope);
    Ok(scope)
}
