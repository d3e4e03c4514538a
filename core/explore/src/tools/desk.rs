//! What the tools of one exploration share: one reading of the cluster, the bounds, and how an answer becomes a result.
//!
//! Objects are read once and kept. Must never give anything that did not pass the redactor that learned from them: values of
//! secret-looking variables and keys are hidden wherever they turn up. Start at [`Desk::open`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::followup::Context;
use midwatch_agent::followup::session::{self, Fits, Needs, Session, Taken};
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Limits, NoReport, Request};
use midwatch_conversation::answer::{Answer, Part};
use midwatch_conversation::question::Question;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::probe::Probe;
use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::view::{Collected, View};
use midwatch_redact::{Redacted, Redactor};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use super::arguments;
use crate::port::ToolSpec;
use crate::tool::{Tool, ToolError, ToolResult};

/// Time of the reads of one call. Below the time limit of a call, so that what was read by then is told.
const CALL: Duration = Duration::from_secs(12);

/// Characters of a summary.
const SUMMARY: usize = 240;

/// What the tools of one exploration share.
pub(super) struct Desk {
    session: Mutex<Session>,
    source: Arc<dyn EvidenceSource>,
    limits: Limits,
}

impl Desk {
    pub(super) fn new(
        source: Arc<dyn EvidenceSource>,
        request: &Request,
        limits: &Limits,
        report: Option<&Redacted<Report>>,
        redactor: Redactor,
    ) -> Self {
        let limits = Limits { deadline: limits.deadline.min(CALL), ..limits.clone() };
        let context = Context { request: request.clone(), report: report.map(|report| Report::clone(report)) };
        let session = Session::new(Arc::clone(&source), context, limits.clone(), redactor);
        Self { session: Mutex::new(session), source, limits }
    }

    /// The reading, for one call. Calls wait for each other while objects are read.
    pub(super) async fn open(&self) -> Open<'_> {
        let mut session = self.session.lock().await;
        // What a call that was given up has read is not this one's.
        session.taken();
        Open { session }
    }

    /// "Now" of the exploration. Where the request does not say, it is the newest time in what is read.
    pub(super) async fn now(&self) -> Result<Timestamp, ToolError> {
        let mut open = self.open().await;
        if let Some(now) = open.session.context().request.as_of {
            return Ok(now);
        }
        open.place(None).await?;
        open.view().map(View::now)
    }

    /// What hides secrets, with what it learned from what was read.
    pub(super) async fn redactor(&self) -> Redactor {
        self.session.lock().await.redactor().clone()
    }

    /// Every object that is known by what was read.
    pub(super) async fn names(&self) -> Vec<EntityRef> {
        let known = |view: &View| names_of(view).chain(owners(view)).collect();
        self.session.lock().await.view().map(known).unwrap_or_default()
    }

    /// Reads logs or metrics, beside other calls.
    pub(super) async fn read(&self, probes: Vec<Probe>) -> (Vec<Collected>, Taken) {
        session::read(&*self.source, &self.limits, probes).await
    }
}

/// The reading, while one call has it.
pub(super) struct Open<'a> {
    pub(super) session: MutexGuard<'a, Session>,
}

impl Open<'_> {
    /// What was read.
    pub(super) fn view(&self) -> Result<&View, ToolError> {
        self.session.view().ok_or_else(|| ToolError::Failed("nothing could be read".to_owned()))
    }

    /// Whether a namespace may be read.
    pub(super) async fn permits(&mut self, namespace: &str) -> Result<(), ToolError> {
        let (readable, beyond) = self.session.namespaces().await.map_err(unread)?;
        if beyond.iter().any(|ns| ns == namespace) {
            return Err(outside(namespace, &self.session.bounds()));
        }
        if readable.iter().all(|ns| ns != namespace) {
            let there = readable.join(", ");
            return Err(ToolError::Failed(format!(
                "there is no namespace `{namespace}` that can be read; there are: {there}"
            )));
        }
        Ok(())
    }

    /// The objects that words name.
    pub(super) async fn find(
        &mut self,
        object: Option<&str>,
        namespace: Option<&str>,
        needs: Needs,
        fits: Fits,
    ) -> Result<Vec<EntityRef>, ToolError> {
        let words = self.words(object, namespace).await?;
        let found = self.session.find(words.as_deref(), needs, fits).await.map_err(unread)?;
        let found = found.map_err(|instead| ToolError::Failed(self.hidden(&plain(&instead))))?;
        let bounds = self.session.bounds();
        let beyond =
            found.iter().find_map(|e| e.namespace.as_ref().filter(|ns| !bounds.is_empty() && !bounds.contains(*ns)));
        beyond.map_or(Ok(()), |ns| Err(outside(ns, &bounds)))?;
        Ok(found)
    }

    /// Reads what the investigation is about, or a namespace as a whole. No object is meant: the list is empty.
    pub(super) async fn place(&mut self, namespace: Option<&str>) -> Result<Vec<EntityRef>, ToolError> {
        if let Some(namespace) = namespace {
            self.permits(namespace).await?;
        }
        // What is found beside the place does not matter here.
        let _ = self.session.find(namespace, Needs::Workloads, Fits::Anything).await.map_err(unread)?;
        Ok(Vec::new())
    }

    /// What a question is about, in words; a namespace alone stands for itself.
    pub(super) async fn target(
        &mut self,
        object: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<Option<String>, ToolError> {
        Ok(self.words(object, namespace).await?.or_else(|| namespace.map(str::to_owned)))
    }

    /// Finds out which namespaces there are.
    pub(super) async fn list(&mut self) -> Result<(), ToolError> {
        self.session.namespaces().await.map(|_| ()).map_err(unread)
    }

    /// A name as it is looked for; refused when it stands in a namespace that may not be read.
    pub(super) async fn words(
        &mut self,
        object: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<Option<String>, ToolError> {
        if let Some(namespace) = namespace {
            self.permits(namespace).await?;
        }
        let Some(object) = object else { return Ok(None) };
        let (_, beyond) = self.session.namespaces().await.map_err(unread)?;
        let mut parts: Vec<&str> = object.split(['/', ' ']).filter(|part| !part.is_empty()).collect();
        parts.pop();
        if let Some(place) =
            parts.iter().find(|part| Kind::parse(part).is_none() && beyond.iter().any(|ns| ns == *part))
        {
            return Err(outside(place, &self.session.bounds()));
        }
        let placed = namespace.filter(|ns| !parts.contains(ns)).map(|ns| format!("{ns}/"));
        Ok(Some(format!("{}{object}", placed.unwrap_or_default())))
    }

    /// What a person is answered to a question, under words for what it is.
    pub(super) async fn answer(&mut self, asked: &Question, what: &str) -> Result<ToolResult, ToolError> {
        let mut answer = self.session.answer(asked).await.map_err(unread)?;
        let command = take_commands(&mut answer);
        Ok(self.result(what, plain(&answer), command, None))
    }

    /// A result of what was read for this call.
    pub(super) fn result(
        &mut self,
        summary: impl AsRef<str>,
        text: String,
        command: String,
        about: Option<EntityRef>,
    ) -> ToolResult {
        let taken = self.session.taken();
        self.result_of(summary, text, command, about, taken)
    }

    /// The same of other reads.
    pub(super) fn result_of(
        &self,
        summary: impl AsRef<str>,
        text: String,
        command: String,
        about: Option<EntityRef>,
        taken: Taken,
    ) -> ToolResult {
        // Never empty: what is the same twice is told by its text.
        let text = if text.is_empty() { summary.as_ref().to_owned() } else { text };
        let text = self.hidden(&text);
        let cut = if taken.cut_short { " The time for reads was used up: this is what was read by then." } else { "" };
        let summary = format!("{}{cut}", shortened(&self.hidden(summary.as_ref())));
        let mut names = self.session.view().map(|view| named(view, &format!("{summary}\n{text}"))).unwrap_or_default();
        names.extend(about.clone());
        names.sort();
        names.dedup();
        let Taken { probes, bytes, .. } = taken;
        ToolResult { summary, text, about, command: self.hidden(&command), names, reads: probes, bytes }
    }

    /// The one namespace that is meant where none is named.
    pub(super) fn home(&self) -> Option<String> {
        let mut bounds = self.session.bounds().into_iter();
        bounds.next().filter(|_| bounds.next().is_none())
    }

    fn hidden(&self, text: &str) -> String {
        self.session.redactor().redact_text(text).into_inner()
    }
}

/// Why nothing could be read.
pub(super) fn unread(why: NoReport) -> ToolError {
    ToolError::Failed(why.to_string())
}

fn outside(namespace: &str, bounds: &BTreeSet<String>) -> ToolError {
    let bounds: Vec<&str> = bounds.iter().map(String::as_str).collect();
    ToolError::Denied(format!(
        "namespace `{namespace}` is outside of what this investigation is about; it may read {} only",
        bounds.join(", ")
    ))
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SUMMARY) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line,
    }
}

/// An answer as plain text: tables with a column mark, files whole.
pub(super) fn plain(answer: &Answer) -> String {
    let part = |part: &Part| match part {
        Part::Text { text } | Part::Code { text } => text.clone(),
        Part::Table { head, rows } => table(head, rows),
        Part::File(file) => format!("{}:\n{}", file.title, file.text),
    };
    answer.parts.iter().map(part).collect::<Vec<_>>().join("\n")
}

/// Rows under their head.
pub(super) fn table<S: AsRef<str>>(head: &[S], rows: &[Vec<String>]) -> String {
    let head = head.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" | ");
    std::iter::once(head).chain(rows.iter().map(|row| row.join(" | "))).collect::<Vec<_>>().join("\n")
}

/// The commands that show the same, which an answer tells after its words for them.
fn take_commands(answer: &mut Answer) -> String {
    let tells = |part: &Part| matches!(part, Part::Text { text } if text.starts_with("To see it yourself"));
    let Some(at) = answer.parts.iter().position(tells) else { return String::new() };
    answer.parts.remove(at);
    match answer.parts.get(at) {
        Some(Part::Code { .. }) => match answer.parts.remove(at) {
            Part::Code { text } => text,
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// The objects of a view: those that were read, those that events are about, and the nodes of pods.
fn names_of(view: &View) -> impl Iterator<Item = EntityRef> {
    let kinds = Kind::KNOWN.iter().filter(|kind| !matches!(kind, Kind::Event | Kind::Lease));
    let objects = kinds.flat_map(|kind| view.names(kind));
    let custom = view.custom.keys().cloned();
    let gone = view.events().iter().map(|event| {
        let about = &event.involved_object;
        EntityRef::new(Kind::named(&about.kind), &about.namespace, about.name.clone())
    });
    let nodes = view.pods.iter().map(|pod| EntityRef::new(Kind::Node, "", pod.spec.node_name.clone()));
    objects.chain(custom).chain(gone).chain(nodes.filter(|node| !node.name.is_empty()))
}

/// What runs pods that were read, also where it was not read itself.
fn owners(view: &View) -> impl Iterator<Item = EntityRef> {
    let owners = view.pods.iter().flat_map(|pod| pod.metadata.owner_references.iter().map(move |owner| (pod, owner)));
    owners.flat_map(|(pod, owner)| {
        let namespace = &pod.metadata.namespace;
        // A ReplicaSet is called like its Deployment, with a hash of the template behind it.
        let deployment = owner.name.rsplit_once('-').filter(|_| owner.kind == Kind::ReplicaSet.as_str());
        let deployment = deployment.map(|(name, _)| EntityRef::new(Kind::Deployment, namespace, name));
        deployment.into_iter().chain([EntityRef::new(Kind::named(&owner.kind), namespace, owner.name.clone())])
    })
}

/// The objects whose names stand in a text.
fn named(view: &View, text: &str) -> Vec<EntityRef> {
    let words: BTreeSet<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.' | '_')))
        .map(|word| word.trim_matches(['.', '-']))
        .filter(|word| !word.is_empty())
        .collect();
    let all: BTreeSet<EntityRef> = names_of(view).filter(|entity| words.contains(entity.name.as_str())).collect();
    all.into_iter().collect()
}

/// A tool, by its typed arguments.
#[async_trait]
pub(super) trait Reads: Send + Sync + 'static {
    /// What a model may ask.
    type Asked: DeserializeOwned + JsonSchema + Send;
    /// Its name.
    const NAME: &'static str;
    /// The set it belongs to.
    const SET: &'static str;
    /// Whether it reads anything: see [`Tool::is_reading`].
    const READS: bool = true;
    /// What it gives, when to use it, and its limits.
    const DESCRIPTION: &'static str;

    /// Reads.
    async fn read(desk: &Desk, asked: Self::Asked) -> Result<ToolResult, ToolError>;
}

/// A tool at the desk.
pub(super) struct At<R> {
    desk: Arc<Desk>,
    tool: std::marker::PhantomData<fn() -> R>,
}

impl<R: Reads> At<R> {
    /// Puts a tool at the desk.
    pub(super) fn the(desk: &Arc<Desk>) -> Arc<dyn Tool> {
        Arc::new(Self { desk: Arc::clone(desk), tool: std::marker::PhantomData })
    }
}

#[async_trait]
impl<R: Reads> Tool for At<R> {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: R::NAME.to_owned(),
            description: R::DESCRIPTION.to_owned(),
            schema: arguments::schema::<R::Asked>(),
        }
    }

    fn toolset(&self) -> &str {
        R::SET
    }

    fn is_reading(&self) -> bool {
        R::READS
    }

    async fn call(&self, arguments: Value) -> Result<ToolResult, ToolError> {
        R::read(&self.desk, arguments::read(arguments)?).await
    }
}

/// Labels as they are written.
pub(super) fn labels(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}
