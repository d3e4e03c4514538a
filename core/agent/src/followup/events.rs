//! Events, repeats counted together, the newest last.
//!
//! Must never look like all there ever were: the window is said, and that clusters forget events (after an hour, as they
//! come: <https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/>, `--event-ttl`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::kube::Event;
use midwatch_diagnosis::scope::{Reach, Scope};
use midwatch_diagnosis::view::View;

use super::read::{Depth, Reader};
use super::say;
use super::target::{find, is_there};
use crate::request::NoReport;
use crate::scope::unit_of;

/// Rows of the table; the oldest beyond go into a file.
const ROWS: usize = 20;

/// Columns.
const HEAD: &[&str] = &["Last (UTC)", "Type", "Reason", "Object", "Count", "Message"];

/// Events that say the same of the same object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The first time.
    pub first: Option<Timestamp>,
    /// The last time.
    pub last: Option<Timestamp>,
    /// Whether it warns.
    pub warning: bool,
    /// Why, in a word.
    pub reason: String,
    /// What it is about.
    pub about: EntityRef,
    /// How often.
    pub count: u64,
    /// In its own words.
    pub message: String,
}

/// A table of the events of what is asked about.
pub(super) async fn answer(reader: &mut Reader<'_>, target: Option<&str>) -> Result<Answer, NoReport> {
    let targets = match find(reader, target, Depth::Workloads, is_there).await? {
        Ok(targets) => targets,
        Err(instead) => return Ok(instead),
    };
    let view = &reader.view;
    let from = view.window_start();
    let groups = groups(reader, &targets, from, None);
    let whom = if targets.is_empty() { place(reader) } else { say::names(&targets) };
    let window = say::between(from, view.now());
    let all = groups.iter().map(|g| g.count).sum::<u64>();
    let answer = if groups.is_empty() {
        Answer::text(format!("No event of {whom} from {window} was found."))
    } else {
        let warnings = groups.iter().filter(|g| g.warning).map(|g| g.count).sum::<u64>();
        Answer::text(format!("{} of {whom}, {warnings} of them warnings, from {window}.", say::count(all, "event")))
    };
    let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
    let answer = table(answer, rows);
    let answer = answer.with_text(kept(view, from));
    let spaces: Vec<&str> =
        targets.iter().map(EntityRef::ns).chain(reader.namespaces.iter().map(String::as_str)).collect();
    let command =
        |ns: &&str| format!("kubectl -n {} get events --sort-by=.lastTimestamp", midwatch_diagnosis::shell::word(ns));
    let commands: Vec<String> = spaces.iter().filter(|ns| !ns.is_empty()).map(command).collect();
    Ok(say::with_gaps(say::with_commands(answer, commands, 3), &reader.gaps(&[Kind::Event])))
}

/// The events of these targets and of what belongs to them, repeats together, in the order of their last time.
pub(super) fn groups(reader: &Reader<'_>, targets: &[EntityRef], from: Timestamp, to: Option<Timestamp>) -> Vec<Group> {
    let view = &reader.view;
    let reach = Scope { targets: targets.to_vec(), ..Scope::default() }.reach(view);
    let mut grouped: BTreeMap<(EntityRef, String, String), Group> = BTreeMap::new();
    for event in view.events() {
        let about = about(event);
        let timely = |at: Timestamp| at >= from && to.is_none_or(|to| at <= to);
        if !event.last().is_none_or(timely) || !reader.covers(&about) || !concerns(view, &reach, targets, &about) {
            continue;
        }
        let key = (about.clone(), event.reason.clone(), event.text().to_owned());
        let group = grouped.entry(key).or_insert_with(|| Group {
            first: event.first(),
            last: None,
            warning: event.is_warning(),
            reason: event.reason.clone(),
            about,
            count: 0,
            message: event.text().to_owned(),
        });
        group.first = group.first.min(event.first()).or(group.first);
        group.last = group.last.max(event.last());
        group.count += event.times();
    }
    let mut groups: Vec<Group> = grouped.into_values().collect();
    groups.sort_by(|a, b| (a.last, &a.about, &a.reason).cmp(&(b.last, &b.about, &b.reason)));
    groups
}

fn about(event: &Event) -> EntityRef {
    let about = &event.involved_object;
    EntityRef::new(Kind::named(&about.kind), &about.namespace, about.name.clone())
}

/// A pod that is named is asked about alone; of a workload the pods that are gone count, too.
fn concerns(view: &View, reach: &Reach, targets: &[EntityRef], about: &EntityRef) -> bool {
    if targets.is_empty() || targets.contains(about) {
        return true;
    }
    let only_pods = targets.iter().all(|t| t.kind == Kind::Pod);
    !only_pods && (reach.holds(view, about) || targets.contains(&unit_of(view, about)))
}

pub(super) fn row(group: &Group) -> Vec<String> {
    vec![
        group.last.map(say::when).unwrap_or_default(),
        if group.warning { "Warning".to_owned() } else { "Normal".to_owned() },
        say::line(&group.reason, say::CELL),
        say::line(&format!("{}/{}", group.about.kind, group.about.name), say::CELL),
        group.count.to_string(),
        say::line(&group.message, say::CELL),
    ]
}

/// The newest rows as a table, all of them as a file where there are more.
pub(super) fn table(answer: Answer, mut rows: Vec<Vec<String>>) -> Answer {
    let all = rows.len();
    if all <= ROWS {
        return say::with_table(answer, HEAD, rows);
    }
    let file = rows.iter().map(|row| row.join("\t")).collect::<Vec<_>>().join("\n");
    rows.drain(..all - ROWS);
    let answer = answer.with_text(format!("The newest {ROWS} of {all} rows; all of them are in the file."));
    let text = format!("{}\n{file}", HEAD.join("\t"));
    let title = format!("all {all} rows of events");
    say::with_table(answer, HEAD, rows).with(Part::File(File { name: "events.tsv".to_owned(), title, text }))
}

/// How far back events are there at all.
pub(super) fn kept(view: &View, from: Timestamp) -> String {
    match view.events().iter().filter_map(Event::first).min() {
        None => "Clusters forget events, most after an hour; that there is none does not mean that nothing happened."
            .to_owned(),
        Some(oldest) if oldest > from => format!(
            "The oldest event that was read is of {} UTC; clusters forget them, most after an hour.",
            say::when(oldest)
        ),
        Some(_) => "Clusters forget events, most after an hour.".to_owned(),
    }
}

/// What the thread is about, when it is about no object.
pub(super) fn place(reader: &Reader<'_>) -> String {
    if reader.namespaces.is_empty() {
        return "the cluster".to_owned();
    }
    format!("namespace {}", say::some(reader.namespaces.iter().map(say::code), 5))
}
