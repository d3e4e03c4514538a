//! Answers a probe for objects: which files speak for it, what they hold, and whether that counts as having looked.
//!
//! Must never answer "none" for a kind that nobody recorded: an empty answer needs a file that covers the kind and the
//! namespace. Start at [`read`].

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use midwatch_agent::port::Reading;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::Object;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_diagnosis::view::Content;

use crate::index::{DataFile, Fit, Index, Spread};
use crate::load::Facts;
use crate::store::Store;

/// Reads all objects of a kind, in one namespace or everywhere.
pub(crate) async fn read(
    index: &Index,
    store: &Store,
    kind: &Kind,
    namespace: Option<&str>,
) -> Result<Reading, ReadFailure> {
    let namespace = namespace.filter(|ns| kind.namespaced() && !ns.is_empty());
    let mut answer = Answer::default();
    for at in index.candidates(kind, namespace) {
        let Some(file) = index.data.get(at) else { continue };
        match store.take(at, file, kind, namespace).await {
            Ok((facts, objects)) => {
                let covers = covers(file, &facts, kind, namespace, index.spread.get(&file.dirs));
                answer.take(Part { file, facts: &facts, kind, covers }, objects);
            }
            Err(failure) => answer.failures.push((file.rel.clone(), failure)),
        }
    }
    answer.finish(kind, &index.notes)
}

/// Whether a file that holds no such object still shows that there is none.
fn covers(file: &DataFile, facts: &Facts, kind: &Kind, namespace: Option<&str>, spread: Option<&Spread>) -> bool {
    if facts.failure.is_some() || facts.refused.contains_key(kind) {
        return false;
    }
    let listed = file.peek.listed.as_ref() == Some(kind);
    // A name speaks for a kind only when the content does not contradict it.
    let named = file.names.contains(kind)
        && (file.peek.list || facts.counts.is_empty())
        && (facts.counts.is_empty() || facts.counts.keys().any(|(held, _)| file.names.contains(held)));
    (listed || named) && within(file, facts, namespace, spread)
}

/// Whether a file speaks for a namespace.
fn within(file: &DataFile, facts: &Facts, namespace: Option<&str>, spread: Option<&Spread>) -> bool {
    let Some(namespace) = namespace else { return true };
    if let Some(home) = &file.home {
        return home == namespace;
    }
    let held = facts.spread();
    let beside = spread.is_some_and(|s| s.all || s.seen.contains(namespace));
    let silent = held.is_empty() && spread.is_none_or(|s| s.seen.is_empty());
    beside || silent || held.len() > 1 || held.contains(namespace)
}

/// One file's share of an answer.
struct Part<'a> {
    file: &'a DataFile,
    facts: &'a Facts,
    kind: &'a Kind,
    covers: bool,
}

#[derive(Default)]
struct Answer {
    objects: Vec<Object>,
    seen: BTreeSet<(String, String)>,
    files: usize,
    covered: bool,
    /// Whether one of the files is a list, so that what is not in it does not exist.
    complete: bool,
    failures: Vec<(String, ReadFailure)>,
    gaps: Vec<String>,
    bytes: u64,
    hasher: std::hash::DefaultHasher,
}

impl Answer {
    fn take(&mut self, part: Part<'_>, objects: Vec<Object>) {
        let Part { file, facts, kind, covers } = part;
        let fit = file.fit(kind).unwrap_or(Fit::Unlikely);
        if let Some(refused) = facts.refused.get(kind) {
            self.failures.push((file.rel.clone(), refused.clone()));
        } else if let Some(failure) = facts.failure.clone().filter(|_| fit <= Fit::Named) {
            self.failures.push((file.rel.clone(), failure));
        }
        if objects.is_empty() && !covers {
            // A damaged file of several kinds may have held some of this one.
            if let Some(damage) = facts.damage.clone().filter(|_| fit == Fit::Mixed) {
                self.failures.push((file.rel.clone(), ReadFailure::Unreadable(damage)));
            }
            return;
        }
        self.covered = true;
        self.complete |= covers || file.peek.list;
        self.gaps.extend(facts.gaps.iter().cloned());
        self.hasher.write_u64(facts.digest);
        self.bytes += share(facts, objects.len(), fit);
        self.extend(objects);
        self.files += 1;
    }

    /// Adds objects; what an earlier, better file held already is left out.
    fn extend(&mut self, objects: Vec<Object>) {
        for object in objects {
            let meta = object.meta();
            if self.seen.insert((meta.namespace.clone(), meta.name.clone())) || self.files == 0 {
                self.objects.push(object);
            }
        }
    }

    fn finish(mut self, kind: &Kind, notes: &[String]) -> Result<Reading, ReadFailure> {
        if !self.covered {
            return Err(self.failures.into_iter().next().map_or(ReadFailure::NotRecorded, |(_, failure)| failure));
        }
        let failed = self.failures.iter().map(|(file, failure)| match failure {
            ReadFailure::Unreadable(words) if words.starts_with(file.as_str()) => words.clone(),
            other => format!("{file}: {other}"),
        });
        self.gaps.extend(failed.chain(notes.iter().cloned()));
        if !self.complete {
            self.gaps.push(format!("{kind}: single objects were recorded, not the list; there may be others"));
        }
        self.gaps.sort_unstable();
        self.gaps.dedup();
        kind.hash(&mut self.hasher);
        Ok(Reading {
            content: Content::Objects(self.objects),
            bytes: self.bytes,
            digest: self.hasher.finish(),
            gaps: self.gaps,
        })
    }
}

/// The bytes that stand for these objects: a file of several kinds counts once in all, not once for each.
fn share(facts: &Facts, objects: usize, fit: Fit) -> u64 {
    let total = facts.total();
    if fit == Fit::Listed || total == 0 || objects == total {
        return facts.bytes;
    }
    facts.bytes.saturating_mul(objects as u64) / (total as u64)
}
