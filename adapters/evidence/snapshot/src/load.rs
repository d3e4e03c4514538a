//! One data file, decoded: its objects by kind and namespace, and what is worth keeping after they are handed out.
//!
//! Must never keep a file's bytes or a second copy of its objects. Start at [`load`].

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::Object;
use midwatch_diagnosis::kube::list::{Listing, read_list};
use midwatch_diagnosis::probe::ReadFailure;

use crate::index::DataFile;
use crate::limits::Limits;
use crate::text::{self, Parts};
use crate::words;
use crate::yaml::read_yaml;

/// Kind and namespace; the namespace is empty for cluster-scoped kinds.
pub(crate) type Key = (Kind, String);

/// Objects of a file, not yet handed out.
pub(crate) type Objects = BTreeMap<Key, Vec<Object>>;

/// What stays known of a file.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// How many objects of each sort it holds.
    pub(crate) counts: BTreeMap<Key, usize>,
    /// The container whose log `kubectl logs POD` shows, by namespace and pod.
    pub(crate) pods: BTreeMap<(String, String), Option<String>>,
    /// Names of Namespace objects.
    pub(crate) namespaces: BTreeSet<String>,
    /// Why the file as a whole gives nothing.
    pub(crate) failure: Option<ReadFailure>,
    /// Kinds that the API server refused to list.
    pub(crate) refused: BTreeMap<Kind, ReadFailure>,
    /// What could not be used, for a person.
    pub(crate) gaps: Vec<String>,
    /// Damage that may have cost objects of any kind, in words.
    pub(crate) damage: Option<String>,
    /// Size in bytes.
    pub(crate) bytes: u64,
    /// Digest of the bytes: SipHash with the fixed keys of `DefaultHasher::new`, the same in every run of one build.
    pub(crate) digest: u64,
}

impl Facts {
    /// All objects of the file.
    pub(crate) fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Namespaces of its objects.
    pub(crate) fn spread(&self) -> BTreeSet<&str> {
        self.counts.keys().map(|(_, ns)| ns.as_str()).filter(|ns| !ns.is_empty()).collect()
    }
}

/// Reads and decodes a file. A file that cannot be used gives facts that say so.
pub(crate) fn load(file: &DataFile, limits: &Limits) -> (Facts, Objects) {
    let mut facts = Facts { bytes: file.size, ..Facts::default() };
    let fail = |mut facts: Facts, words: String| {
        facts.failure = Some(ReadFailure::Unreadable(format!("{}: {words}", file.rel)));
        (facts, Objects::new())
    };
    if file.size > limits.json_bytes {
        return fail(facts, too_large(file.size, limits.json_bytes));
    }
    let bytes = match std::fs::read(&file.path) {
        Ok(bytes) => bytes,
        Err(error) => return fail(facts, error.to_string()),
    };
    facts.bytes = bytes.len() as u64;
    facts.digest = digest(&bytes);
    let bytes = text::to_utf8(bytes);
    let Parts { data, messages } = text::part(&bytes);
    if !text::is_json(data) && data.len() as u64 > limits.yaml_bytes {
        return fail(facts, too_large(data.len() as u64, limits.yaml_bytes));
    }
    take_messages(&mut facts, file, &messages);
    if data.is_empty() {
        if messages.is_empty() {
            return fail(facts, "the file is empty".to_owned());
        }
        if !messages.iter().all(|m| words::is_harmless(m)) {
            facts.failure = Some(words::failure(&messages.join("\n")));
        }
        return (facts, Objects::new());
    }
    let listing = decode(data, file.hint());
    drop(bytes);
    sort(file, listing, facts)
}

fn too_large(size: u64, limit: u64) -> String {
    format!("the file has {} MiB, more than the limit of {} MiB", size >> 20, limit >> 20)
}

/// A digest of bytes; see [`Facts::digest`].
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

fn take_messages(facts: &mut Facts, file: &DataFile, messages: &[String]) {
    for message in messages.iter().filter(|m| !words::is_harmless(m)) {
        match words::refused_kind(message) {
            Some(kind) => {
                facts.refused.insert(kind, words::failure(message));
            }
            None => facts.gaps.push(format!("{}: {}", file.rel, words::brief(message))),
        }
    }
}

fn decode(data: &[u8], hint: Option<&Kind>) -> Listing {
    if data.first() == Some(&b'[') {
        // `jq .items` leaves the bare array.
        let list = [b"{\"items\":", data, b"}"].concat();
        return read_list(&list, hint);
    }
    if text::is_json(data) {
        return read_list(data, hint);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        return read_yaml(text, hint);
    }
    let mut listing = Listing::default();
    listing.problem("it is neither JSON nor YAML".to_owned());
    listing
}

/// Puts objects in their places and notes what is known of them.
fn sort(file: &DataFile, listing: Listing, mut facts: Facts) -> (Facts, Objects) {
    let mut objects = Objects::new();
    let mut nameless = 0_usize;
    for object in listing.objects {
        let kind = object.kind();
        if object.meta().name.is_empty() {
            nameless += 1;
            continue;
        }
        let namespace = if kind.namespaced() { object.meta().namespace.clone() } else { String::new() };
        note(&mut facts, &object);
        objects.entry((kind, namespace)).or_default().push(object);
    }
    let homeless = objects.iter().filter(|((kind, ns), _)| kind.namespaced() && ns.is_empty());
    let homeless: usize = homeless.map(|(_, list)| list.len()).sum();
    if homeless > 0 {
        facts.gaps.push(format!("{}: {homeless} objects name no namespace and belong to none", file.rel));
    }
    facts.counts = objects.iter().map(|(key, list)| (key.clone(), list.len())).collect();
    // A problem of one object of a known kind costs no other kind anything.
    let damage = listing.problems.iter().find(|p| !p.starts_with("one "));
    facts.damage = damage.map(|p| format!("{}: {p}", file.rel));
    let problems = listing.problems.iter().map(|p| format!("{}: {p}", file.rel));
    facts.gaps.extend(problems);
    if listing.more_problems > 0 {
        facts.gaps.push(format!("{}: {} more problems like these", file.rel, listing.more_problems));
    }
    if nameless > 0 {
        facts.gaps.push(format!("{}: {nameless} objects without a name are left out", file.rel));
    }
    if objects.is_empty() && !facts.gaps.is_empty() {
        facts.failure = Some(ReadFailure::Unreadable(facts.gaps[0].clone()));
    }
    (facts, objects)
}

fn note(facts: &mut Facts, object: &Object) {
    match object {
        Object::Namespace(namespace) => {
            facts.namespaces.insert(namespace.metadata.name.clone());
        }
        Object::Pod(pod) => {
            let annotated = pod.metadata.annotations.get("kubectl.kubernetes.io/default-container").cloned();
            let first = || pod.spec.containers.first().map(|c| c.name.clone());
            let of = (pod.metadata.namespace.clone(), pod.metadata.name.clone());
            facts.pods.insert(of, annotated.or_else(first));
        }
        _ => {}
    }
}
