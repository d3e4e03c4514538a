//! One object in a few lines: state, conditions, containers, who owns it, where it runs, its last events.
//!
//! Must never show the value of a variable or of a key, only their names. Start at [`answer`].

mod other;
mod pod;
mod workload;

use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::kube::{Condition, Map, Meta};
use midwatch_diagnosis::shell::word;
use midwatch_diagnosis::view::View;

use super::read::{Depth, Reader};
use super::target::{find, is_there};
use super::{events, say};
use crate::render::clean;
use crate::request::NoReport;

/// Events of the object that are shown.
const EVENTS: usize = 8;

/// Conditions, labels, pods and the like that are shown of one object.
pub(super) const LISTED: usize = 12;

/// Lines of a description: a field and what it says.
#[derive(Default)]
pub(super) struct Lines(Vec<String>);

impl Lines {
    /// A field; nothing when it says nothing.
    pub(super) fn field(&mut self, name: &str, value: impl AsRef<str>) {
        if !value.as_ref().is_empty() {
            self.0.push(format!("{name}: {}", clean::line(value.as_ref())));
        }
    }

    /// A line that belongs to the one above.
    pub(super) fn below(&mut self, text: impl AsRef<str>) {
        self.0.push(format!("  {}", clean::line(text.as_ref())));
    }

    /// Conditions, what is not as it should be with its words.
    pub(super) fn conditions(&mut self, conditions: &[Condition]) {
        for one in conditions.iter().take(LISTED) {
            let since = one.last_transition_time.map(|at| format!(" since {} UTC", say::when(at))).unwrap_or_default();
            let words = [one.reason.as_str(), one.message.as_str()];
            let words: Vec<String> =
                words.into_iter().filter(|w| !w.is_empty()).map(|w| say::line(w, say::CELL)).collect();
            self.field("condition", format!("{}={}{since} {}", one.r#type, one.status, words.join(": ")).trim_end());
        }
    }

    /// `name=value`, as kubectl writes it.
    pub(super) fn map(&mut self, name: &str, map: &Map) {
        self.field(name, say::some(map.iter().map(|(k, v)| format!("{k}={v}")), LISTED));
    }
}

/// Describes one object.
pub(super) async fn answer(reader: &mut Reader<'_>, target: Option<&str>) -> Result<Answer, NoReport> {
    let targets = match find(reader, target, Depth::Everything, is_there).await? {
        Ok(targets) => targets,
        Err(instead) => return Ok(instead),
    };
    let Some((entity, more)) = targets.split_first() else {
        let place = events::place(reader);
        return Ok(Answer::text(format!("Of what? This thread is about {place} as a whole: `describe KIND/NAME`.")));
    };
    let view = &reader.view;
    let Some(meta) = view.meta(entity) else {
        return Ok(say::with_gaps(
            Answer::text(format!("{} is not among what was read.", say::code_of(entity))),
            &reader.gaps(std::slice::from_ref(&entity.kind)),
        ));
    };
    let mut lines = Lines::default();
    about(view, entity, meta, &mut lines);
    let headline = body(view, entity, &mut lines);
    let answer = Answer::text(format!("{}: {headline}", say::code_of(entity))).with_code(lines.0.join("\n"));
    let answer = with_events(reader, entity, answer);
    let answer = if more.is_empty() { answer } else { answer.with_text(format!("See also {}.", say::names(more))) };
    let ns = entity.namespace.as_ref().map(|ns| format!("-n {} ", word(ns))).unwrap_or_default();
    let answer = say::with_commands(answer, [format!("kubectl {ns}describe {}", entity.slash())], 1);
    Ok(say::with_gaps(answer, &reader.gaps(&[entity.kind.clone(), Kind::Pod, Kind::Event])))
}

/// What every object has.
fn about(view: &View, entity: &EntityRef, meta: &Meta, lines: &mut Lines) {
    let age = |at| format!("{} UTC, {} ago", say::when(at), say::span(view.age(at)));
    lines.field("created", meta.creation_timestamp.map(age).unwrap_or_default());
    lines.field("deletion asked", meta.deletion_timestamp.map(age).unwrap_or_default());
    lines.field("finalizers", say::some(&meta.finalizers, LISTED));
    let owners = view.owners(entity);
    let named = meta.owner_references.iter().map(|o| format!("{}/{}", o.kind, o.name));
    let owner = if owners.is_empty() { say::some(named, LISTED) } else { say::some(&owners, LISTED) };
    lines.field("owner", owner);
    if let Some(edit) = meta.edited_at() {
        lines.field("last edit", format!("{} by {}", edit.time.map(age).unwrap_or_default(), edit.manager));
    }
    lines.map("labels", &meta.labels);
}

/// What its kind has; the state in a clause.
fn body(view: &View, entity: &EntityRef, lines: &mut Lines) -> String {
    match entity.kind {
        Kind::Pod => pod::pod(view, entity, lines),
        ref kind if kind.is_workload() => workload::workload(view, entity, lines),
        _ => other::other(view, entity, lines),
    }
    .unwrap_or_else(|| "as follows".to_owned())
}

fn with_events(reader: &Reader<'_>, entity: &EntityRef, answer: Answer) -> Answer {
    let view = &reader.view;
    let groups = events::groups(reader, std::slice::from_ref(entity), view.window_start(), None);
    let from = groups.len().saturating_sub(EVENTS);
    let rows: Vec<Vec<String>> = groups.iter().skip(from).map(events::row).collect();
    if rows.is_empty() {
        let window = say::between(view.window_start(), view.now());
        return answer.with_text(format!("No event of it from {window} was found."));
    }
    events::table(answer.with_text("Its last events:"), rows)
}
