//! What all conversations of one exploration share: the model, the tools, the shelf, the budget, the trail.
//!
//! One owner, no locks: conversations run at the same time only while they wait for the model or for a tool, and what comes
//! of it is taken in their order. Must never let anything out but through the veil. Start at [`Exploration::new`].

use std::sync::Arc;

use midwatch_agent::Watcher;
use midwatch_agent::request::{Progress, ReadSummary, Step, StepState};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::report::Report;
use midwatch_redact::{Mask, Redacted, Redactor};
use serde_json::Value;

use super::plan::Known;
use super::repeats;
use super::talk::Talk;
use super::track::{Goal, Track};
use super::trail::Trail;
use super::{Asked, Brief, Explorer, Gate, Spent};
use crate::budget::Spending;
use crate::port::{ChatModel, Message, ToolSpec};
use crate::shelf::{self, Shelf};
use crate::tool::{Tool, Toolbox};
use crate::veil::Veil;
use crate::{ground, tools};

use super::plan;

/// Bytes of a result that a model is shown at once, at most and at least; a share of its context between them.
const SHOWN: std::ops::RangeInclusive<usize> = 1_000..=4_000;

/// Bytes of the case, in the same way.
const CASE: std::ops::RangeInclusive<usize> = 3_000..=16_000;

/// Labels of an alert that say whose it is and name no object.
const IDENTIFYING: &[&str] = &["cluster", "container", "app", "job", "instance", "host", "hostname", "nodename"];

/// Tokens of a conversation that are of use whatever the budget.
const LEAST_CONTEXT: u64 = 8_000;

/// Shared by the conversations of one exploration.
pub(crate) struct Exploration<'a> {
    pub(crate) model: Arc<dyn ChatModel>,
    pub(crate) gate: &'a dyn Gate,
    pub(crate) redactor: Redactor,
    pub(crate) veil: Veil,
    pub(crate) shelf: Shelf,
    pub(crate) toolbox: Toolbox,
    /// What our tools learned.
    pub(crate) learned: tools::Learned,
    pub(crate) spending: Spending,
    pub(crate) asked: repeats::Asked,
    pub(crate) trail: Trail,
    pub(crate) read: ReadSummary,
    pub(crate) known: Known,
    /// Bytes of a result that are shown at once.
    pub(crate) shown: usize,
    /// As the provider calls the model that answered last.
    pub(crate) answered_by: String,
    /// Results that were read.
    pub(crate) results: usize,
    context: u64,
    max_output: u32,
}

impl<'a> Exploration<'a> {
    pub(crate) fn new(explorer: &Explorer, asked: &Asked<'a>, brief: &Brief) -> Self {
        let model = explorer.model.clone();
        let facts = model.facts();
        let budget = brief.budget.at(brief.depth);
        // Every request pays for the whole conversation, so a budget of tokens bears only so long a one.
        let context = facts.context.min((budget.tokens / 5).max(LEAST_CONTEXT));
        let max_output = facts.max_output.min(u32::try_from(context / 4).unwrap_or(u32::MAX));
        let (own, learned) = tools::with_learned(
            asked.source.clone(),
            asked.request,
            asked.limits,
            asked.report,
            asked.redactor.clone(),
        );
        let free = |tool: &Arc<dyn Tool>| !is_ours(&tool.spec().name);
        let toolbox = Toolbox::new(own.into_iter().chain(explorer.foreign.iter().cloned()).filter(free));
        let mut exploration = Self {
            gate: asked.gate,
            veil: Veil::new(asked.redactor.clone(), facts.masks_names.then(Mask::default)),
            shelf: Shelf::new(asked.report, asked.redactor.clone()),
            redactor: asked.redactor.clone(),
            toolbox: toolbox.within(&brief.toolsets),
            learned,
            spending: Spending::new(budget, facts.price),
            asked: repeats::Asked::default(),
            trail: Trail::default(),
            read: ReadSummary::default(),
            known: Known::default(),
            shown: share(context, 4).clamp(*SHOWN.start(), *SHOWN.end()),
            answered_by: facts.model.clone(),
            results: 0,
            context,
            max_output,
            model,
        };
        exploration.learn(names_of_report(asked.report.map(AsRef::as_ref)));
        exploration.learn(asked.request.alerts.iter().flat_map(names_of_alert));
        exploration.learn_texts(asked);
        exploration
    }

    /// Learns names before any text with them leaves.
    pub(crate) fn learn(&mut self, names: impl IntoIterator<Item = EntityRef>) {
        for name in names {
            self.veil.learn(&name);
            self.known.learn(&name);
        }
    }

    /// Learns what looks like a name in the texts of the case, which are told before anything is read.
    fn learn_texts(&mut self, asked: &Asked<'_>) {
        if !self.veil.masks() {
            return;
        }
        let alerts = asked.report.iter().filter_map(|report| report.alert.as_ref()).chain(&asked.request.alerts);
        for alert in alerts {
            for value in IDENTIFYING.iter().filter_map(|name| alert.label(name)).filter(|value| !value.is_empty()) {
                self.veil.learn(&EntityRef::new(Kind::named("Name"), "", value));
            }
            alert.labels.iter().chain(&alert.annotations).for_each(|(_, value)| self.veil.learn_text(value));
        }
        asked.request.text.iter().for_each(|text| self.veil.learn_text(text));
        let report = asked.report.map(|report| serde_json::to_value(&**report).unwrap_or_default());
        if let Some(report) = report {
            learn_all(&mut self.veil, &report);
        }
    }

    /// Bytes of the case.
    pub(crate) fn case_cap(&self) -> usize {
        // A quarter of the context, at three bytes a token.
        (share(self.context, 4) * 3).clamp(*CASE.start(), *CASE.end())
    }

    /// A conversation that begins with this.
    pub(crate) fn track(
        &self,
        name: &'static str,
        goal: Goal,
        system: &Redacted<String>,
        opening: Vec<Redacted<Message>>,
    ) -> Track {
        let talk = Talk::new(system.clone(), self.specs(goal), opening, self.context, self.max_output);
        Track::new(name, goal, talk)
    }

    /// The tools as a model is told of them: those that read, then ours, in a fixed order.
    fn specs(&self, goal: Goal) -> Redacted<Vec<ToolSpec>> {
        let mut specs = self.toolbox.specs();
        specs.push(shelf::spec());
        if goal == Goal::Conclude {
            specs.extend([plan::spec(), ground::spec()]);
        }
        Redacted::gather(specs.into_iter().map(|spec| {
            let description = self.veil.out(&spec.description);
            let schema = self.veil.out_schema(&spec.schema);
            self.redactor.seal(ToolSpec { description: String::new(), schema, ..spec }).zip(description).map(told)
        }))
    }

    /// Which model, for the reader: `main (claude-sonnet-4-5)`.
    pub(crate) fn by(&self) -> String {
        format!("{} ({})", self.model.facts().name, self.answered_by)
    }

    /// Tells whoever watches.
    pub(crate) fn say(&self, watcher: Watcher<'_>, state: StepState, text: String) {
        watcher(self.redactor.seal(Progress { step: Step::Model, state, text }));
    }

    /// What it took.
    pub(crate) fn spent(self) -> (Spent, Shelf) {
        let (sent, transcript) = self.trail.done();
        let used = self.spending.used();
        (Spent { used, read: self.redactor.seal(self.read), sent, transcript }, self.shelf)
    }
}

fn told((spec, description): &(ToolSpec, String)) -> ToolSpec {
    ToolSpec { name: spec.name.clone(), description: description.clone(), schema: spec.schema.clone() }
}

/// Whether a tool's name is one of those that the loop answers itself.
fn is_ours(name: &str) -> bool {
    [shelf::NAME, plan::NAME, ground::CONCLUDE].contains(&name)
}

/// Every text in a JSON value.
fn learn_all(veil: &mut Veil, value: &Value) {
    match value {
        Value::String(text) => veil.learn_text(text),
        Value::Array(items) => items.iter().for_each(|item| learn_all(veil, item)),
        Value::Object(members) => members.values().for_each(|member| learn_all(veil, member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A part of the context, in tokens.
fn share(context: u64, of: u64) -> usize {
    usize::try_from(context / of).unwrap_or(usize::MAX / 8)
}

fn names_of_report(report: Option<&Report>) -> Vec<EntityRef> {
    let Some(report) = report else { return Vec::new() };
    let others = report.incidents.iter().flat_map(|incident| &incident.root_entities);
    let about = report.ledger.iter().map(|(_, piece)| &piece.about);
    let names = report.scope.iter().chain(&report.root_entities).chain(others).chain(about);
    let mut names: Vec<EntityRef> = names.cloned().chain(report.alert.iter().flat_map(names_of_alert)).collect();
    names.sort();
    names.dedup();
    names
}

/// What the labels of an alert name: `pod`, `namespace`, `deployment`, as kube-state-metrics writes them.
fn names_of_alert(alert: &Alert) -> Vec<EntityRef> {
    let namespace = alert.label("namespace").unwrap_or_default();
    let kind = |name: &str| match name {
        "job_name" => Some(Kind::Job),
        "instance" => None,
        other => Kind::parse(other),
    };
    let named = alert.labels.iter().filter(|(_, value)| !value.is_empty());
    // `job` is the scrape job of Prometheus, no object.
    let named = named.filter(|(name, _)| *name != "job");
    named.filter_map(|(name, value)| Some(EntityRef::new(kind(name)?, namespace, value.clone()))).collect()
}
