//! Answers a probe for a log: finds the file, streams the container's part of it through the digester.
//!
//! Must never hold a log in memory, or take kubectl's excuse for a log line. Start at [`read`].

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};

use jiff::Timestamp;
use midwatch_agent::port::Reading;
use midwatch_diagnosis::logs::{LogDigester, LogOptions, Pick};
use midwatch_diagnosis::probe::{ContainerRef, ReadFailure};
use midwatch_diagnosis::view::Content;

use crate::blocking::{self, Stop};
use crate::index::Index;
use crate::logfiles::Candidate;
use crate::section::{Outcome, Sections};
use crate::store::Store;
use crate::words;

/// Bytes read at a time.
const CHUNK: usize = 256 * 1024;

/// A sentence of kubectl is shorter than this (bytes).
const SENTENCE: usize = 4 * 1024;

/// Which log, and from when on its lines are news.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Whose.
    pub(crate) of: ContainerRef,
    /// Of the run before.
    pub(crate) previous: bool,
    /// The onset.
    pub(crate) onset: Option<Timestamp>,
    /// Lines to keep as they are.
    pub(crate) pick: Option<Pick>,
}

/// Reads the log of a container.
pub(crate) async fn read(index: &Index, store: &Store, wanted: Wanted) -> Result<Reading, ReadFailure> {
    for candidate in index.logs.candidates(&wanted.of, wanted.previous, &index.homes) {
        let Some(pods) = claims(index, store, &candidate, &wanted.of).await else { continue };
        let rel = candidate.entry.rel();
        let asked = wanted.clone();
        let path = candidate.entry.path.clone();
        let cap = store.log_bytes();
        let scan = blocking::run(store.wait(), move |stop| stream(&path, &asked, cap, stop)).await?;
        let scan = scan.map_err(|error| ReadFailure::Unreadable(format!("{rel}: {error}")))?;
        let other = || scan.defaulted.as_deref().or(pods.as_deref()).is_some_and(|c| c != wanted.of.container);
        let unfit = match scan.outcome {
            Outcome::Absent => true,
            Outcome::Plain => scan.described || (candidate.of_pod && other()),
            Outcome::Found | Outcome::Cut => false,
        };
        if !unfit {
            return scan.answer(&wanted.of, &rel, &index.notes);
        }
    }
    Err(ReadFailure::NotRecorded)
}

/// Whether the file belongs to the pod and not to one of the other name; with it the pod's default container.
async fn claims(index: &Index, store: &Store, candidate: &Candidate, of: &ContainerRef) -> Option<Option<String>> {
    if !candidate.of_pod && candidate.rival.is_none() {
        return Some(None);
    }
    let mut default = None;
    for at in index.candidates(&midwatch_diagnosis::entity::Kind::Pod, Some(&of.namespace)) {
        let Some(facts) = index.data.get(at).map(|file| store.facts(at, file)) else { continue };
        let Ok(facts) = facts.await else { continue };
        let pod = |name: &str| facts.pods.get(&(of.namespace.clone(), name.to_owned())).cloned();
        if candidate.rival.as_deref().filter(|rival| *rival != of.pod).and_then(pod).is_some() {
            return None;
        }
        default = default.or_else(|| pod(&of.pod).flatten());
    }
    Some(default)
}

/// What a file gave.
struct Scan {
    digester: LogDigester,
    outcome: Outcome,
    bytes: u64,
    hasher: DefaultHasher,
    head: Vec<u8>,
    /// The container that kubectl says it chose.
    defaulted: Option<String>,
    /// Whether it is `kubectl describe` and no log.
    described: bool,
    /// The bound at which reading stopped, if it did.
    capped: Option<u64>,
}

/// Streams a file through the digester.
fn stream(path: &std::path::Path, wanted: &Wanted, cap: u64, stop: &Stop) -> io::Result<Scan> {
    let file = File::open(path)?;
    let capped = file.metadata()?.len() > cap;
    let mut file = file.take(cap);
    let options = LogOptions { onset: wanted.onset, pick: wanted.pick.clone(), ..LogOptions::default() };
    let mut digester = LogDigester::new(options);
    let (mut hasher, mut bytes, mut head) = (DefaultHasher::new(), 0_u64, Vec::new());
    let mut sections = Sections::new(&wanted.of);
    let mut sink = |part: &[u8]| {
        hasher.write(part);
        bytes += part.len() as u64;
        // One byte more than a sentence has shows that it is none.
        let room = (SENTENCE + 1 - head.len()).min(part.len());
        head.extend_from_slice(&part[..room]);
        digester.push(part);
    };
    let mut chunk = vec![0; CHUNK];
    loop {
        if stop.asked() {
            return Err(io::Error::other("stopped"));
        }
        let read = match file.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if read == 0 {
            break;
        }
        sections.push(&chunk[..read], &mut sink);
    }
    let outcome = sections.finish(&mut sink);
    let defaulted = defaulted(&head);
    let described = head.starts_with(b"Name:  ") && head.windows(11).take(512).any(|w| w == b"\nNamespace:");
    Ok(Scan { digester, outcome, bytes, hasher, head, defaulted, described, capped: capped.then_some(cap) })
}

/// kubectl says which container it chose when none was named.
fn defaulted(head: &[u8]) -> Option<String> {
    let rest = head.strip_prefix(b"Defaulted container \"")?;
    let end = memchr::memchr(b'"', rest)?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

impl Scan {
    fn answer(self, of: &ContainerRef, rel: &str, notes: &[String]) -> Result<Reading, ReadFailure> {
        if self.head.len() <= SENTENCE {
            let text = String::from_utf8_lossy(&self.head);
            let text = text.trim_start_matches('\u{feff}').trim();
            if let Some(failure) = Some(text).filter(|t| !t.contains('\n')).and_then(|t| words::log_failure(t, of)) {
                return Err(failure);
            }
        }
        let mut gaps = notes.to_vec();
        if let Some(cap) = self.capped {
            gaps.push(format!("{rel}: only the first {cap} bytes were read (investigation.max_log_bytes)"));
        } else if self.outcome == Outcome::Cut {
            gaps.push(format!("{rel}: the log of container {} has no end: the file was cut", of.container));
        }
        let content = Content::Log(Box::new(self.digester.finish()));
        Ok(Reading { content, bytes: self.bytes, digest: self.hasher.finish(), gaps })
    }
}
