//! Which objects a question is about: those that it names, else those of the thread.
//!
//! Must never take another object for the one that was named: what fits several is asked back. Start at [`find`].

use std::collections::BTreeSet;

use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::view::View;

use super::read::{Depth, Reader};
use super::say;
use crate::request::{NoReport, Request};
use crate::scope::resolve;

/// Objects that one answer is about.
const TARGETS: usize = 3;

/// What a question is about, or what is said instead of an answer.
pub(super) type Found = Result<Vec<EntityRef>, Answer>;

/// Reads objects and finds what words name in them, else what the thread is about and `fits`. Empty: the namespaces as a
/// whole.
///
/// # Errors
/// When the source cannot be listed.
pub(super) async fn find(
    reader: &mut Reader<'_>,
    words: Option<&str>,
    depth: Depth,
    fits: fn(&View, &EntityRef) -> bool,
) -> Result<Found, NoReport> {
    let words = words.map(str::trim).filter(|words| !words.is_empty());
    reader.objects(words, depth).await?;
    let Some(words) = words else { return Ok(Ok(usual(reader, fits))) };
    let first = named(&reader.view, words, &reader.namespaces);
    let found = match first {
        Err(NoReport::NoMatch { .. }) if !reader.namespaces.is_empty() && reader.also(BTreeSet::new(), depth).await => {
            named(&reader.view, words, &reader.namespaces)
        }
        other => other,
    };
    if found.is_err() && reader.is_cut_short() {
        return Err(NoReport::TooLate);
    }
    Ok(found.map_err(|why| beyond(reader, &why)))
}

/// What words name. A pod that is named is meant itself, not its workload.
fn named(view: &View, words: &str, namespaces: &BTreeSet<String>) -> Result<Vec<EntityRef>, NoReport> {
    if let Some(exact) = exactly(view, words, namespaces) {
        return Ok(vec![exact]);
    }
    let request = Request { text: Some(words.to_owned()), ..Request::default() };
    let scope = resolve(view, &request, namespaces)?;
    let nothing = || NoReport::NoMatch { asked: words.to_owned(), nearest: Vec::new() };
    let is_place = scope.targets.is_empty() && namespaces.iter().any(|ns| words.split_whitespace().any(|w| w == ns));
    if scope.targets.is_empty() && !is_place { Err(nothing()) } else { Ok(scope.targets) }
}

/// The one object that is named by kind and name, or the one pod or node of that name.
fn exactly(view: &View, words: &str, namespaces: &BTreeSet<String>) -> Option<EntityRef> {
    let lower = words.to_lowercase();
    let parts: Vec<&str> = lower.split([' ', '/']).filter(|p| !p.is_empty()).collect();
    let name = *parts.last()?;
    let kind = parts.iter().rev().skip(1).find_map(|p| Kind::parse(p));
    let place = parts.iter().rev().skip(1).find(|p| Kind::parse(p).is_none());
    let kinds = kind.map_or_else(|| vec![Kind::Pod, Kind::Node], |kind| vec![kind]);
    let here = |e: &EntityRef| match (&e.namespace, place) {
        (Some(ns), Some(place)) => ns == place,
        (Some(ns), None) => namespaces.is_empty() || namespaces.contains(ns),
        (None, _) => true,
    };
    let all = kinds.iter().flat_map(|kind| view.names(kind));
    let mut fitting = all.filter(|e| e.name.to_lowercase() == name && here(e));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// What the thread is about: the roots of its report, then what was asked about, then what the request names.
fn usual(reader: &Reader<'_>, fits: fn(&View, &EntityRef) -> bool) -> Vec<EntityRef> {
    let view = &reader.view;
    let report = reader.context.report.as_ref();
    let roots = report.map(|r| r.root_entities.clone()).unwrap_or_default();
    let scope = report.map(|r| r.scope.clone()).unwrap_or_default();
    let asked = resolve(view, &reader.context.request, &reader.namespaces).map(|s| s.targets).unwrap_or_default();
    for mut candidates in [roots, scope, asked] {
        candidates.retain(|e| fits(view, e));
        if !candidates.is_empty() {
            candidates.truncate(TARGETS);
            return candidates;
        }
    }
    Vec::new()
}

/// A name that was not found, with the bounds of the looking where there are any.
fn beyond(reader: &Reader<'_>, why: &NoReport) -> Answer {
    let places: Vec<String> = reader.namespaces.iter().map(say::code).collect();
    let answer = match places.as_slice() {
        [] => say::unclear(why),
        _ => say::unclear(why).with_text(format!(
            "Looked in namespace {} only: that is what this thread is about. For another place, start an investigation there.",
            places.join(", ")
        )),
    };
    say::with_gaps(answer, &reader.gaps(&[Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet]))
}

/// Anything that is there.
pub(super) fn is_there(view: &View, entity: &EntityRef) -> bool {
    view.meta(entity).is_some()
}

/// What has pods, itself or behind it.
pub(super) fn has_pods(view: &View, entity: &EntityRef) -> bool {
    !pods(view, entity).is_empty()
}

/// The pods of an object, or of what stands behind it.
pub(super) fn pods<'a>(view: &'a View, entity: &EntityRef) -> Vec<&'a midwatch_diagnosis::kube::Pod> {
    if entity.kind == Kind::Node {
        return view.pods.iter().filter(|p| p.spec.node_name == entity.name).collect();
    }
    let own = view.pods_of(entity);
    if own.is_empty() { view.behind(entity).iter().flat_map(|unit| view.pods_of(unit)).collect() } else { own }
}
