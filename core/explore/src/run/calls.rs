//! What a reply calls: which calls are made, which are answered from what is known, and what each is answered.
//!
//! Must never make a call that the budget does not bear, nor answer in another order than was asked. Start at
//! [`Exploration::plan_calls`], then [`Exploration::make`].

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _};
use midwatch_diagnosis::report::EvidenceId;
use midwatch_redact::Redacted;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::plan;
use super::repeats::{Before, Gave, Key, Print};
use super::state::Exploration;
use super::talk::with_text;
use super::track::{Goal, Track};
use super::trail::foreign;
use crate::ground::CONCLUDE;
use crate::port::{Arguments, Message, ToolCall};
use crate::prompt::text::Text;
use crate::prompt::{mark, words};
use crate::shelf;
use crate::tool::{Tool, ToolError, ToolResult};

/// What the sets of tools of other servers begin with.
const FOREIGN: &str = "mcp.";

/// Calls of one reply that are looked at; further ones are refused.
const AT_ONCE: usize = 16;

/// Bytes of a summary: it is what stays of a result when room is made, and a foreign server may write a book.
const SUMMARY: usize = 300;

/// One call of a reply, and what it is answered.
pub(crate) struct Called {
    call: ToolCall,
    /// As calls are compared; none for what asks for nothing: a plan.
    key: Option<Key>,
    answer: Answer,
}

enum Answer {
    /// It is known already.
    Known(Told),
    /// It is what this read gives, by its place among the reads of the round.
    Read(usize),
}

/// What a model is told to a call.
#[derive(Clone)]
pub(crate) struct Told {
    text: Redacted<String>,
    /// What it may shrink to; none when it is short.
    short: Option<Redacted<String>>,
}

/// One read to be made.
pub(crate) struct Read {
    tool: Arc<dyn Tool>,
    pub(crate) name: String,
    pub(crate) arguments: Value,
    key: Key,
    track: usize,
}

impl Told {
    fn brief(text: Redacted<String>) -> Self {
        Self { text, short: None }
    }

    fn fixed(words: &'static str) -> Self {
        Self::brief(Redacted::fixed(words))
    }
}

impl Exploration<'_> {
    /// Looks at the calls of a reply, in order. Reads that are to be made are added to those of the round.
    pub(crate) fn plan_calls(
        &mut self,
        index: usize,
        track: &mut Track,
        calls: Vec<ToolCall>,
        reads: &mut Vec<Read>,
    ) -> Vec<Called> {
        let mut called = Vec::with_capacity(calls.len());
        for (place, call) in calls.into_iter().enumerate() {
            let (key, answer) = if track.is_ending() {
                (None, Answer::Known(Told::fixed(words::NO_MORE_CALLS)))
            } else if place >= AT_ONCE {
                (None, Answer::Known(Told::fixed(words::TOO_MANY_AT_ONCE)))
            } else {
                self.plan_call(index, track, &call, reads)
            };
            called.push(Called { call, key, answer });
        }
        called
    }

    fn plan_call(
        &mut self,
        index: usize,
        track: &mut Track,
        call: &ToolCall,
        reads: &mut Vec<Read>,
    ) -> (Option<Key>, Answer) {
        let Arguments::Given(arguments) = &call.arguments else {
            track.mistake();
            let key = Key::new(&call.name, &Value::Null);
            return (Some(key), Answer::Known(Told::fixed(words::BROKEN_ARGUMENTS)));
        };
        let arguments = self.veil.back_value(arguments);
        match call.name.as_str() {
            plan::NAME if track.goal == Goal::Conclude => (None, Answer::Known(self.note_plan(track, arguments))),
            shelf::NAME => {
                let key = Key::new(shelf::NAME, &arguments);
                (Some(key), Answer::Known(self.read_on(track, &arguments)))
            }
            name => {
                if let Some(tool) = self.toolbox.get(name).cloned() {
                    return self.plan_read(index, track, tool, name, arguments, reads);
                }
                track.mistake();
                let names: Vec<&str> = self.toolbox.names().chain([shelf::NAME]).collect();
                let names = self.redactor.redact_text(&names.join(", "));
                (Some(Key::new(name, &arguments)), Answer::Known(Told::brief(words::unknown_tool(names))))
            }
        }
    }

    fn note_plan(&self, track: &mut Track, arguments: Value) -> Told {
        match track.plan.take(arguments) {
            Ok(()) => Told::fixed(words::PLAN_NOTED),
            Err(why) => {
                track.mistake();
                Told::brief(words::refused(self.veil.out(&why)))
            }
        }
    }

    /// Reads on in what was read. Counts as a call: a budget has to end it, too.
    fn read_on(&mut self, track: &mut Track, arguments: &Value) -> Told {
        if !self.spending.call() {
            return Told::fixed(words::NO_BUDGET);
        }
        let found = shelf::parse(arguments).and_then(|(id, wanted)| Ok((id, self.shelf.read(id, &wanted)?)));
        match found {
            Ok((id, text)) => {
                let text = mark::data(&id.to_string(), &self.veil.out(&text));
                let short =
                    Text::new().ours("Lines of ").plain(id).ours(" were read here; read_evidence gives them again.");
                Told { text, short: Some(short.done()) }
            }
            Err(why) => {
                track.mistake();
                Told::brief(words::refused(self.veil.out(&why.to_string())))
            }
        }
    }

    fn plan_read(
        &mut self,
        index: usize,
        track: &mut Track,
        tool: Arc<dyn Tool>,
        name: &str,
        arguments: Value,
        reads: &mut Vec<Read>,
    ) -> (Option<Key>, Answer) {
        let key = Key::new(name, &arguments);
        let answer = match self.asked.before(index, &key) {
            Before::Same { gave, by_itself } => {
                if by_itself {
                    track.repeat();
                }
                Answer::Known(self.again(by_itself.then_some(words::ASKED_BEFORE), &gave))
            }
            Before::Nearly(gave) => {
                track.repeat();
                Answer::Known(self.again(Some(words::NEARLY_ASKED_BEFORE), &gave))
            }
            Before::New => match reads.iter().position(|read| read.key.exact == key.exact) {
                Some(place) => Answer::Read(place),
                None if !self.spending.call() => Answer::Known(Told::fixed(words::NO_BUDGET)),
                None => {
                    // Secrets and masked names are not for other servers either.
                    let arguments = if is_foreign(&*tool) { self.veil.out_value(&arguments) } else { arguments };
                    reads.push(Read { tool, name: name.to_owned(), arguments, key: key.clone(), track: index });
                    Answer::Read(reads.len() - 1)
                }
            },
        };
        (Some(key), answer)
    }

    /// What a call gave before, with a word to whoever asks again.
    fn again(&self, word: Option<&'static str>, gave: &Gave) -> Told {
        let told = match gave {
            Gave::Evidence(id) => self.evidence(*id, self.shown),
            Gave::Nothing(why) => Told::brief(words::failed(why.clone())),
        };
        let text = match word {
            Some(word) => Text::new().ours(word).safe(told.text).done(),
            None => told.text,
        };
        Told { text, ..told }
    }

    /// A result as a model sees it.
    fn evidence(&self, id: EvidenceId, cap: usize) -> Told {
        let origin = id.to_string();
        let text = mark::data(&origin, &self.veil.out(&self.shelf.shown(id, cap)));
        let summary = self.shelf.item(id).map_or_else(Redacted::default, |item| item.summary.clone());
        let summary = mark::data(&origin, &self.veil.out(&summary));
        let short =
            Text::new().plain(id).ours(" (taken out to make room; read_evidence gives it again): ").safe(summary);
        Told { text, short: Some(short.done()) }
    }

    /// Makes the reads of a round, so many at a time; their results stand in the order in which they were asked for.
    pub(crate) async fn make(&mut self, reads: &[Read]) -> Vec<Result<ToolResult, ToolError>> {
        let budget = self.spending.budget();
        let (per_call, until, parallel) = (budget.per_call, self.spending.research_until(), budget.parallel.max(1));
        let mut calls: Vec<BoxFuture<'static, _>> = Vec::with_capacity(reads.len());
        for read in reads {
            // Boxed: the compiler cannot see through the stream that the future may move between threads.
            calls.push(match self.held_back(read, until).await {
                Some(why) => futures::future::ready(Err(ToolError::Denied(why))).boxed(),
                None => one(read.tool.clone(), read.arguments.clone(), per_call, until).boxed(),
            });
        }
        futures::stream::iter(calls).buffered(parallel).collect().await
    }

    /// Why a call must not leave for another server; what stays with us is not asked about.
    async fn held_back(&self, read: &Read, until: Instant) -> Option<String> {
        let server = read.tool.toolset().strip_prefix(FOREIGN)?;
        let sent = foreign(server, &read.name, &read.arguments);
        match timeout_at(until, self.gate.foreign(&sent)).await {
            Ok(passed) => passed.err(),
            Err(_) => Some("the time for reads was used up".to_owned()),
        }
    }

    /// Takes over what the tools learned by what they read, before anything of it is told.
    pub(crate) async fn catch_up(&mut self) {
        let redactor = self.learned.redactor().await;
        self.veil.hide_with(redactor.clone());
        self.shelf.hide_with(redactor.clone());
        self.redactor = redactor;
        if self.veil.masks() {
            for name in self.learned.names().await {
                self.veil.learn(&name);
            }
        }
    }

    /// Puts the results of a round on the shelf, in their order, and gives what the model is told of each.
    pub(crate) fn take_results(
        &mut self,
        tracks: &mut [Track],
        reads: Vec<Read>,
        results: Vec<Result<ToolResult, ToolError>>,
    ) -> Vec<Told> {
        let pairs = reads.into_iter().zip(results);
        pairs
            .map(|(read, result)| match result {
                Ok(result) => self.take_result(tracks.get_mut(read.track), read, result),
                Err(why) => self.take_failure(tracks.get_mut(read.track), read, &why),
            })
            .collect()
    }

    fn take_result(&mut self, track: Option<&mut Track>, read: Read, mut result: ToolResult) -> Told {
        result.summary.truncate(result.summary.floor_char_boundary(SUMMARY));
        self.learn(result.names.iter().chain(&result.about).cloned().collect::<Vec<_>>());
        if is_foreign(&*read.tool) {
            // Other servers do not say which objects they name.
            self.veil.learn_text(&result.summary);
            self.veil.learn_text(&result.text);
        }
        result.reads.iter().for_each(|probe| self.read.count(probe));
        self.spending.read(result.bytes.max(result.text.len() as u64));
        let print = Print::of(&result.text);
        if let Some((id, nearly)) = self.asked.said_before(&read.key, &print) {
            if let Some(track) = track.filter(|_| nearly) {
                track.repeat();
            }
            self.asked.remember(read.track, read.key, Gave::Evidence(id));
            return self.again(Some(words::SAME_RESULT), &Gave::Evidence(id));
        }
        let id = self.shelf.put(&read.name, result);
        self.asked.says(read.key.clone(), &print, id);
        self.asked.remember(read.track, read.key, Gave::Evidence(id));
        self.results += 1;
        self.evidence(id, self.shown)
    }

    fn take_failure(&mut self, track: Option<&mut Track>, read: Read, why: &ToolError) -> Told {
        // A foreign server may have written it.
        let said = mark::data(&read.name, &self.veil.out(&why.to_string()));
        match why {
            ToolError::Arguments(_) => {
                if let Some(track) = track {
                    track.mistake();
                }
                Told::brief(words::refused(said))
            }
            // It may answer the next time.
            ToolError::TimedOut(_) => Told::brief(words::failed(said)),
            ToolError::Denied(_) | ToolError::Failed(_) => {
                self.asked.remember(read.track, read.key, Gave::Nothing(said.clone()));
                Told::brief(words::failed(said))
            }
        }
    }

    /// Tells a conversation what its calls gave, in their order.
    pub(crate) fn answer_calls(&self, track: &mut Track, called: Vec<Called>, told: &[Told]) {
        let mut keys: Vec<String> = called.iter().filter_map(|call| call.key.as_ref()).map(compared).collect();
        keys.sort();
        for Called { call, answer, .. } in called {
            let told = match answer {
                Answer::Known(told) => Some(told),
                Answer::Read(place) => told.get(place).cloned(),
            };
            let told = told.unwrap_or_else(|| Told::fixed(words::NO_MORE_CALLS));
            let message = self.redactor.seal(Message::Tool { call: call.id, name: call.name, text: String::new() });
            let message = message.zip(told.text).map(with_text);
            match told.short {
                Some(short) => track.talk.say_result(message, short),
                None => track.talk.say(message),
            }
        }
        track.round_done((!keys.is_empty()).then(|| keys.join("\n")));
    }

    /// Answers all calls of a reply whose conclusion cannot be taken.
    pub(crate) fn refuse_conclusion(&self, track: &mut Track, calls: Vec<ToolCall>, why: &str) {
        track.mistake();
        for call in calls {
            let text = if call.name == CONCLUDE {
                words::bad_conclusion(self.veil.out(why))
            } else {
                Redacted::fixed(words::CONCLUDE_FIRST)
            };
            let message = self.redactor.seal(Message::Tool { call: call.id, name: call.name, text: String::new() });
            track.talk.say(message.zip(text).map(with_text));
        }
        track.round_done(Some(CONCLUDE.to_owned()));
    }
}

/// Reading on in two places of one result is not going to and fro; asking for two windows of one log is.
fn compared(key: &Key) -> String {
    if key.exact.starts_with(shelf::NAME) { key.exact.clone() } else { key.near.clone() }
}

fn is_foreign(tool: &dyn Tool) -> bool {
    tool.toolset().starts_with(FOREIGN)
}

/// One call within its time.
async fn one(
    tool: Arc<dyn Tool>,
    arguments: Value,
    per_call: Duration,
    until: Instant,
) -> Result<ToolResult, ToolError> {
    let deadline = until.min(Instant::now() + per_call);
    let answer = tokio::time::timeout_at(deadline, tool.call(arguments)).await;
    answer.unwrap_or(Err(ToolError::TimedOut(per_call)))
}
