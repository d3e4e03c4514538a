//! What changed since a moment: rollouts with what they changed, edits, scaling, nodes.
//!
//! What an edit changed is not recorded by Kubernetes, only who made it and when; that is said, never guessed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::question::When;
use midwatch_diagnosis::changes::{self, Change};
use midwatch_diagnosis::entity::{EntityRef, Kind};

use super::events::{kept, place};
use super::read::{Depth, Reader};
use super::say;
use super::target::{find, is_there};
use crate::request::NoReport;

/// Rows of the table; the newest are kept.
const ROWS: usize = 25;

/// Characters of one change: a diff of a revision must not lose its end.
const WIDTH: usize = 1500;

/// Commands that show the same.
const COMMANDS: usize = 4;

/// Kinds whose absence leaves a hole in the answer.
const KINDS: &[Kind] = &[
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ConfigMap,
    Kind::Secret,
    Kind::HorizontalPodAutoscaler,
    Kind::Node,
    Kind::Event,
];

/// Tells what changed.
pub(super) async fn answer(
    reader: &mut Reader<'_>,
    target: Option<&str>,
    since: Option<When>,
) -> Result<Answer, NoReport> {
    let targets = match find(reader, target, Depth::Objects, is_there).await? {
        Ok(targets) => with_scope(reader, target, targets),
        Err(instead) => return Ok(instead),
    };
    let view = &reader.view;
    let from = since.map_or_else(|| view.window_start(), |when| reader.moment(when));
    let whom = if targets.is_empty() { place(reader) } else { say::names(&targets) };
    let found = of(reader, &targets, from);
    let since = say::when(from);
    let answer = if found.is_empty() {
        Answer::text(format!(
            "Nothing of {whom}, and nothing that it uses, is known to have changed since {since} UTC."
        ))
    } else {
        Answer::text(format!(
            "{} of {whom}, and of what it uses, since {since} UTC, the newest last.",
            say::count(found.len(), "change")
        ))
    };
    let answer = listed(answer, &found);
    let answer = answer.with_text(format!(
        "Of an edit Kubernetes keeps who made it and when, not what it changed. {}",
        kept(view, from)
    ));
    let commands = commands(&targets, &found);
    Ok(say::with_gaps(say::with_commands(answer, commands, COMMANDS), &reader.gaps(KINDS)))
}

/// Without a name both are meant: what was asked about, and the root of its trouble.
fn with_scope(reader: &Reader<'_>, target: Option<&str>, mut targets: Vec<EntityRef>) -> Vec<EntityRef> {
    if target.is_none() {
        let scope = reader.context.report.iter().flat_map(|report| &report.scope);
        targets.extend(scope.filter(|e| is_there(&reader.view, e)).cloned());
        targets.sort();
        targets.dedup();
    }
    targets
}

/// The changes around these targets since a moment, oldest first.
pub(super) fn of(reader: &Reader<'_>, targets: &[EntityRef], from: Timestamp) -> Vec<Change> {
    let view = &reader.view;
    let about = if targets.is_empty() { BTreeSet::new() } else { changes::around(view, targets) };
    let mut found = changes::since(view, &about, from);
    found.retain(|change| reader.covers(&change.what));
    found
}

/// The newest changes as a table.
pub(super) fn listed(answer: Answer, found: &[Change]) -> Answer {
    let skipped = found.len().saturating_sub(ROWS);
    let answer = if skipped == 0 { answer } else { answer.with_text(format!("The newest {ROWS} of them:")) };
    let row = |change: &Change| {
        vec![say::when(change.at), say::line(&change.what.to_string(), say::CELL), say::line(&change.text, WIDTH)]
    };
    say::with_table(answer, &["When (UTC)", "Object", "What"], found.iter().skip(skipped).map(row).collect())
}

fn commands(targets: &[EntityRef], found: &[Change]) -> Vec<String> {
    let history = |e: &EntityRef| {
        let kept = matches!(e.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
        let ns = midwatch_diagnosis::shell::word(e.ns()).into_owned();
        kept.then(|| format!("kubectl -n {ns} rollout history {}", e.slash()))
    };
    targets.iter().filter_map(history).chain(found.iter().rev().map(|c| c.evidence.command.clone())).collect()
}
