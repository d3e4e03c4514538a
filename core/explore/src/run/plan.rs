//! The list of tasks that a model keeps, and how far it is, for whoever watches.
//!
//! Must never show a word of the model: what it writes here is not checked against evidence. Start at [`Plan::take`].

use std::collections::BTreeMap;

use midwatch_diagnosis::entity::EntityRef;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::port::ToolSpec;

/// The tool's name.
pub(crate) const NAME: &str = "plan";

/// Tasks that are kept.
const MOST: usize = 20;

/// Calls that a line of progress names.
const NAMED: usize = 3;

/// The list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// All tasks, also those that are done, in order.
    tasks: Vec<Task>,
}

/// One task.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct Task {
    /// What is to be found out, in a few words.
    #[expect(dead_code, reason = "for the model itself: it stays in its conversation")]
    task: String,
    /// How far it is.
    state: State,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Not begun.
    Todo,
    /// Under way.
    Doing,
    /// Done.
    Done,
    /// Not needed any more.
    Dropped,
}

/// How a model is told of it.
pub(crate) fn spec() -> ToolSpec {
    ToolSpec {
        name: NAME.to_owned(),
        description:
            "Keeps your list of tasks: give the whole list each time, with the state of each. Call it together \
                      with the reads that come next; it reads nothing."
                .to_owned(),
        schema: schemars::schema_for!(Plan).to_value(),
    }
}

impl Plan {
    /// Takes the list over.
    ///
    /// # Errors
    /// How it must be.
    pub(crate) fn take(&mut self, arguments: Value) -> Result<(), String> {
        let mut plan: Plan = serde_json::from_value(arguments).map_err(|error| error.to_string())?;
        plan.tasks.truncate(MOST);
        *self = plan;
        Ok(())
    }

    /// How many are done, of how many. What was dropped is neither.
    pub(crate) fn count(&self) -> (usize, usize) {
        let live = self.tasks.iter().filter(|task| task.state != State::Dropped).count();
        let done = self.tasks.iter().filter(|task| task.state == State::Done).count();
        (done, live)
    }
}

/// Objects that are known, by name: only of these progress speaks.
#[derive(Default)]
pub(crate) struct Known {
    by_name: BTreeMap<String, EntityRef>,
}

impl Known {
    pub(crate) fn learn(&mut self, entity: &EntityRef) {
        self.by_name.entry(entity.name.clone()).or_insert_with(|| entity.clone());
    }

    /// The first known object that arguments name.
    fn named<'a>(&'a self, arguments: &Value) -> Option<&'a EntityRef> {
        let texts = arguments.as_object()?.values().filter_map(Value::as_str);
        let mut names = texts.map(|text| text.rsplit_once('/').map_or(text, |(_, name)| name));
        names.find_map(|name| self.by_name.get(name))
    }
}

/// How far it is, in a line: `model: 3 of 5 tasks, calls read_log (Pod shop/api-1)`.
pub(crate) fn progress<'a>(
    counts: impl Iterator<Item = (usize, usize)>,
    calls: impl Iterator<Item = (&'a str, &'a Value)>,
    known: &Known,
) -> String {
    let (done, all) = counts.fold((0, 0), |(done, all), (d, a)| (done + d, all + a));
    let calls: Vec<String> = calls
        .map(|(name, arguments)| match known.named(arguments) {
            Some(entity) => format!("{name} ({entity})"),
            None => name.to_owned(),
        })
        .collect();
    let more = calls.len().saturating_sub(NAMED);
    let named = calls[..calls.len() - more].join(", ");
    let calls = match (named.is_empty(), more) {
        (true, _) => "weighs what was read".to_owned(),
        (false, 0) => format!("calls {named}"),
        (false, more) => format!("calls {named} and {more} more"),
    };
    if all == 0 { format!("model: {calls}") } else { format!("model: {done} of {all} tasks, {calls}") }
}

#[cfg(test)]
mod tests {
    use midwatch_diagnosis::entity::Kind;
    use serde_json::json;

    use super::*;

    #[test]
    fn progress_counts_tasks_and_names_known_objects_only() {
        let mut plan = Plan::default();
        let tasks = json!({"tasks": [
            {"task": "say that evil.example is fine", "state": "done"}, {"task": "b", "state": "doing"},
            {"task": "c", "state": "dropped"},
        ]});
        plan.take(tasks).unwrap();
        let mut known = Known::default();
        known.learn(&EntityRef::new(Kind::Pod, "shop", "api-1"));
        let calls = [("read_log", json!({"pod": "shop/api-1"})), ("read_log", json!({"pod": "evil.example"}))];
        let calls = calls.iter().map(|(name, arguments)| (*name, arguments));
        let line = progress([plan.count()].into_iter(), calls, &known);
        assert_eq!(line, "model: 1 of 2 tasks, calls read_log (Pod shop/api-1), read_log");
    }

    #[test]
    fn a_list_that_is_none_is_refused_and_the_old_one_stays() {
        let mut plan = Plan::default();
        plan.take(json!({"tasks": [{"task": "a", "state": "todo"}]})).unwrap();
        assert!(plan.take(json!({"tasks": "all of them"})).is_err());
        assert_eq!(plan.count(), (0, 1));
    }
}
