//! Links findings: which explains which, what is left as the root, which incidents are independent.
//!
//! Start at [`incidents`]. The rules, in words: within one workload the deepest finding explains the others (of the
//! same container where both name one); across objects a finding is explained by trouble of what it points at, also
//! by things that are no trouble by themselves (zero replicas, a policy, a cordon) once something that fails points
//! at them. The root is what has no explanation left. Findings that share a root, or the object to blame, are one incident.

use std::collections::{BTreeMap, BTreeSet};

use crate::entity::EntityRef;
use crate::finding::{Finding, Reason, Role};
use crate::view::View;

/// Points of proof kept of one finding after merging its pods.
const PROOF_CAP: usize = 8;

/// Findings that stand for one failure: its root, and what it leads to.
#[derive(Clone, Debug)]
pub struct Incident {
    /// What explains the rest. More than one when a workload has several roots that do not explain each other.
    pub roots: Vec<Finding>,
    /// What the roots explain, nearest to the cause first.
    pub effects: Vec<Finding>,
}

impl Incident {
    /// The smallest set of objects whose change mends it.
    pub fn blame(&self) -> Vec<EntityRef> {
        let set: BTreeSet<EntityRef> = self.roots.iter().flat_map(|r| r.blame.iter().cloned()).collect();
        set.into_iter().collect()
    }

    /// Every finding, roots first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.roots.iter().chain(&self.effects)
    }
}

/// Merges the findings of the pods of one workload into one each.
pub fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let key = format!(
            "{:?}\u{1f}{:?}\u{1f}{}\u{1f}{:?}\u{1f}{:?}\u{1f}{}",
            finding.reason, finding.role, finding.subject, finding.container, finding.blame, finding.claim
        );
        if let Some(&at) = index.get(&key) {
            absorb(&mut merged[at], finding);
        } else {
            index.insert(key, merged.len());
            merged.push(finding);
        }
    }
    merged
}

fn absorb(into: &mut Finding, other: Finding) {
    into.since = match (into.since, other.since) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    into.points_at.extend(other.points_at);
    into.pods.extend(other.pods);
    into.confidence = into.confidence.max(other.confidence);
    for point in other.proof {
        if into.proof.len() < PROOF_CAP && !into.proof.iter().any(|p| p.text == point.text) {
            into.proof.push(point);
        }
    }
    for point in other.ruled_out {
        if !into.ruled_out.iter().any(|p| p.text == point.text) {
            into.ruled_out.push(point);
        }
    }
    for action in other.actions {
        if !into.actions.contains(&action) {
            into.actions.push(action);
        }
    }
}

/// A caller may notice before the kubelet has counted the failures of what it calls, by so many seconds.
const CALL_DELAY: i64 = 120;

/// The independent incidents among merged findings, in the order of their first root.
pub fn incidents(view: &View, findings: &[Finding]) -> Vec<Incident> {
    let graph = Links::new(view, findings);
    let failing: Vec<usize> = (0..findings.len()).filter(|&i| findings[i].role == Role::Failing).collect();
    let mut groups: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for &index in &failing {
        groups.entry(graph.root_of(index)).or_default().insert(index);
    }
    let mut incidents: Vec<(BTreeSet<usize>, BTreeSet<usize>)> = Vec::new();
    for (root, members) in groups {
        match incidents.iter_mut().find(|(roots, _)| roots.iter().any(|&r| graph.same_incident(r, root))) {
            Some((roots, effects)) => {
                roots.insert(root);
                effects.extend(members);
            }
            None => incidents.push((BTreeSet::from([root]), members)),
        }
    }
    incidents.into_iter().map(|(roots, members)| graph.incident(roots, members)).collect()
}

struct Links<'a> {
    view: &'a View,
    findings: &'a [Finding],
    units: Vec<EntityRef>,
    by_subject: BTreeMap<EntityRef, Vec<usize>>,
}

impl<'a> Links<'a> {
    fn new(view: &'a View, findings: &'a [Finding]) -> Self {
        let units: Vec<EntityRef> = findings.iter().map(|f| view.unit(&f.subject)).collect();
        let mut by_subject: BTreeMap<EntityRef, Vec<usize>> = BTreeMap::new();
        for (index, finding) in findings.iter().enumerate() {
            let mut keys = BTreeSet::from([finding.subject.clone(), units[index].clone()]);
            keys.extend(finding.pods.iter().cloned());
            for key in keys {
                by_subject.entry(key).or_default().push(index);
            }
        }
        Self { view, findings, units, by_subject }
    }

    /// Follows the best explanation until nothing explains any more. A circle ends where it began to repeat.
    fn root_of(&self, start: usize) -> usize {
        let mut seen = BTreeSet::from([start]);
        let mut current = start;
        while let Some(next) = self.best_explanation(current) {
            if !seen.insert(next) {
                // Two things that explain each other: the deeper one, then the earlier one, is the root.
                return seen.into_iter().max_by_key(|&i| self.rank(i)).unwrap_or(current);
            }
            current = next;
        }
        current
    }

    fn best_explanation(&self, index: usize) -> Option<usize> {
        self.explanations(index).into_iter().max_by_key(|&i| self.rank(i))
    }

    /// Deeper, then surer, then earlier, then first found.
    fn rank(
        &self,
        index: usize,
    ) -> (u8, crate::finding::Confidence, std::cmp::Reverse<Option<jiff::Timestamp>>, std::cmp::Reverse<usize>) {
        let finding = &self.findings[index];
        (finding.reason.depth(), finding.confidence, std::cmp::Reverse(finding.since), std::cmp::Reverse(index))
    }

    fn explanations(&self, index: usize) -> Vec<usize> {
        let pointed = self.pointed_at(index);
        if !pointed.is_empty() {
            return pointed;
        }
        let deeper = self.within_unit(index);
        if !deeper.is_empty() {
            return deeper;
        }
        self.through_calls(index)
    }

    /// The last resort: what fails without a reason of its own, because a workload that its settings name, or that what it
    /// points at calls in turn, fails for a reason and began no later.
    fn through_calls(&self, index: usize) -> Vec<usize> {
        let finding = &self.findings[index];
        let callers: BTreeSet<EntityRef> = match finding.reason {
            Reason::ReadinessFails | Reason::PodNotReady | Reason::ReplicasUnavailable => {
                BTreeSet::from([self.units[index].clone()])
            }
            Reason::LogCause => finding.points_at.iter().flat_map(|p| self.view.behind(p)).collect(),
            _ => return Vec::new(),
        };
        let callees = callers.iter().flat_map(|caller| self.view.callees(caller));
        let failing = callees.flat_map(|c| self.by_subject.get(&c).cloned().unwrap_or_default());
        let explains = |&other: &usize| {
            let cause = &self.findings[other];
            let earlier = match (cause.since, finding.since) {
                (Some(cause), Some(effect)) => cause.duration_since(effect).as_secs() <= CALL_DELAY,
                _ => true,
            };
            cause.role == Role::Failing && cause.reason.depth() > 2 && self.units[other] != self.units[index] && earlier
        };
        failing.filter(explains).collect()
    }

    fn within_unit(&self, index: usize) -> Vec<usize> {
        let finding = &self.findings[index];
        let mates = self.by_subject.get(&self.units[index]).map(Vec::as_slice).unwrap_or_default();
        let deeper = |&&other: &&usize| {
            let candidate = &self.findings[other];
            candidate.role == Role::Failing
                && candidate.reason.depth() > finding.reason.depth()
                && same_container(finding, candidate)
        };
        mates.iter().filter(deeper).copied().collect()
    }

    fn pointed_at(&self, index: usize) -> Vec<usize> {
        let finding = &self.findings[index];
        let mut found = BTreeSet::new();
        for target in &finding.points_at {
            for entity in self.view.behind(target) {
                for &other in self.by_subject.get(&entity).map(Vec::as_slice).unwrap_or_default() {
                    if other != index && self.explains(other, index) {
                        found.insert(other);
                    }
                }
            }
        }
        found.into_iter().collect()
    }

    /// Whether trouble of something pointed at can explain it: it fails now, or is a fact that does harm here.
    fn explains(&self, other: usize, index: usize) -> bool {
        let (cause, effect) = (&self.findings[other], &self.findings[index]);
        let harmful = matches!(cause.role, Role::Failing | Role::Expected | Role::Context);
        let circular = self.units[other] == self.units[index] && cause.reason.depth() <= effect.reason.depth();
        harmful && !circular
    }

    /// Two roots belong together when the same objects are to blame, or when they are two views of one workload.
    fn same_incident(&self, a: usize, b: usize) -> bool {
        let (first, second) = (&self.findings[a], &self.findings[b]);
        first.blame == second.blame || self.units[a] == self.units[b]
    }

    fn incident(&self, roots: BTreeSet<usize>, members: BTreeSet<usize>) -> Incident {
        let mut roots: Vec<usize> = roots.into_iter().collect();
        roots.sort_by_key(|&i| std::cmp::Reverse(self.rank(i)));
        let kept = self.main_roots(&roots);
        let mut effects: Vec<usize> = members.into_iter().chain(roots).filter(|i| !kept.contains(i)).collect();
        effects.sort_by_key(|&i| std::cmp::Reverse(self.rank(i)));
        effects.dedup();
        let take = |list: &[usize]| list.iter().map(|&i| self.findings[i].clone()).collect();
        Incident { roots: take(&kept), effects: take(&effects) }
    }

    /// Of several roots of one workload the best of each container stays; the others are told as effects.
    fn main_roots(&self, roots: &[usize]) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::new();
        for &root in roots {
            let finding = &self.findings[root];
            let rival = kept.iter().any(|&k| {
                let other = &self.findings[k];
                other.blame == finding.blame || same_container(other, finding) || finding.reason.depth() < 3
            });
            if !rival {
                kept.push(root);
            }
        }
        kept
    }
}

fn same_container(a: &Finding, b: &Finding) -> bool {
    match (&a.container, &b.container) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
