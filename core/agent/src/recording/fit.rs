//! A bundle within bounds.
//!
//! Must never fail: of a bundle without any evidence there is still what was asked and what it came to. Start at [`text`].

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::Probe;

use super::bundle::{Answer, Bundle, Read};

/// Bytes that a bundle may have: what the store keeps of one artifact.
pub const CAP: usize = 8 * 1024 * 1024;

/// Room for the numbers and names that take the place of what is left out.
const MARGIN: usize = CAP / 16;

/// The text of a bundle.
pub(super) fn text(bundle: &Bundle) -> String {
    // Its parts have no keys but texts and no values that JSON does not have: writing does not fail.
    let write = |bundle: &Bundle| serde_json::to_string(bundle).unwrap_or_default();
    let whole = write(bundle);
    if whole.len() <= CAP {
        return whole;
    }
    let excess = whole.len() - CAP + MARGIN;
    drop(whole);
    let fitted = write(&without(bundle, excess));
    if fitted.len() <= CAP { fitted } else { write(&without(bundle, usize::MAX)) }
}

/// The same with so many bytes less: what matters least first, of that the largest first.
fn without(bundle: &Bundle, mut excess: usize) -> Bundle {
    let mut bundle = bundle.clone();
    let mut order: Vec<usize> = (0..bundle.reads.len()).collect();
    order.sort_by_key(|at| bundle.reads.get(*at).map(|read| (weight(&read.probe), std::cmp::Reverse(size(read)))));
    let mut left_out = Vec::new();
    if excess == usize::MAX {
        bundle.model = None;
    }
    for at in order {
        let Some(read) = bundle.reads.get_mut(at).filter(|read| size(read) > 0) else { continue };
        if excess == 0 {
            break;
        }
        let bytes = size(read);
        excess = excess.saturating_sub(bytes);
        left_out.push((at, read.probe.to_string()));
        read.answer = Answer::LeftOut(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
    left_out.sort();
    bundle.left_out.extend(left_out.into_iter().map(|(_, what)| what));
    bundle
}

fn size(read: &Read) -> usize {
    match &read.answer {
        Answer::Given(given) => given.size(),
        Answer::Failed(_) | Answer::LeftOut(_) => 0,
    }
}

/// How much an answer matters: lines that a person or a model looked through, digests of logs, metrics, objects, and last
/// what every verdict begins with.
fn weight(probe: &Probe) -> u8 {
    match probe {
        Probe::Lines { .. } => 0,
        Probe::Log { .. } => 1,
        Probe::Rules { .. } | Probe::Metric(_) => 2,
        Probe::Objects { kind: Kind::Pod | Kind::Event | Kind::Node, .. } => 4,
        Probe::Objects { .. } => 3,
    }
}
