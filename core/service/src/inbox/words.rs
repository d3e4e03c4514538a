//! Words of the inbox itself, for people. Pure.
//!
//! Must never say more than is known, nor anything that needs evidence. Start at [`on_it`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::command::{self, Command, Investigate, Parsed};

use super::span;
use super::turn::{Before, Done, To};
use crate::allowance::Spent;
use crate::heard::TEXT_CAP;
use crate::id::JobId;
use crate::intake::Refused;
use crate::job::{Job, JobState};
use crate::lifecycle::spoken;
use crate::publish;

/// Characters of a text that is repeated.
const REPEATED: usize = 120;

/// Characters of an id that tell one from another: its end is random, its beginning is the time.
const TAIL: usize = 8;

/// What can be said. Where a language model answers, `help` alone says so.
pub(super) fn help(asked: Option<&str>, model: bool) -> Answer {
    let answer = command::help(asked);
    if model && asked.is_none() {
        answer.with_text("What I do not understand in a thread, a language model answers, with the evidence for it.")
    } else {
        answer
    }
}

/// What was understood of a slash command.
pub(super) fn on_it(parsed: &Parsed, was_cut: bool) -> Answer {
    let understood = match parsed {
        Parsed::Command(Command::Investigate(asked)) => investigating(asked),
        Parsed::Command(command) => command.verb_name().to_owned(),
        Parsed::Free(text) => shortened(text),
    };
    let answer = Answer::text(format!("On it: {understood}."));
    if was_cut { answer.with_text(cut()) } else { answer }
}

/// What is to be investigated, in the user's own words.
pub(super) fn investigating(asked: &Investigate) -> String {
    let mut words = format!("investigate {}", shortened(&asked.words.join(" ")));
    if let Some(namespace) = &asked.namespace {
        words += &format!(" in {namespace}");
    }
    if let Some(cluster) = &asked.cluster {
        words += &format!(", cluster {cluster}");
    }
    words.trim().to_owned()
}

fn cut() -> String {
    format!("That was long: only its first {TEXT_CAP} bytes were read.")
}

/// Says that a text was cut, to who wrote it.
pub(super) fn with_cut(mut done: Done) -> Done {
    match &mut done.answer {
        Some((_, answer)) => *answer = std::mem::take(answer).with_text(cut()),
        None if !done.closed => done.answer = Some((To::Person, Answer::text(cut()))),
        None => {}
    }
    done
}

/// A job was handed in, for a caller who waits.
pub(super) fn started(job: Option<JobId>) -> Answer {
    Answer::text(job.map_or_else(|| "Done.".to_owned(), |job| format!("On it: job {job}.")))
}

/// It was done before.
pub(super) fn before(before: Before, by: &str) -> Done {
    match before {
        Before::Told => Done::person(Answer::text(format!("That was done already, by {by}."))),
        Before::Silent => Done::silent(),
    }
}

/// It could not be done, for good.
pub(super) fn given_up(why: &str) -> Answer {
    Answer::text(format!("That could not be done: {why}. Say it again; if it stays so, `doctor` tells what is wrong."))
}

/// Too much waits to be handled.
pub(super) fn deaf(waiting: u64) -> Refused {
    let why = format!("{waiting} things that were said wait to be handled");
    Refused::TooMany { why, retry_after: Duration::from_secs(30) }
}

/// Too many investigations were started, or questions put to a language model, where there is one.
pub(super) fn spent(spent: &Spent, model: bool) -> Refused {
    let Spent { whose, rate, again_in } = spent;
    let what = if model { "investigations and questions" } else { "investigations" };
    let why = format!("{whose} started {} {what} within {} already", rate.starts, spoken(rate.every));
    // To the full second, upwards: who comes again then is let through.
    Refused::TooMany {
        why,
        retry_after: Duration::from_secs(again_in.as_secs() + u64::from(again_in.subsec_nanos() > 0)),
    }
}

/// A clause as a sentence.
pub(super) fn sentence(clause: &str) -> String {
    let clause = clause.trim();
    let mut characters = clause.chars();
    let first: String = characters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if clause.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

/// What became of a refusal, for the figures.
pub(super) fn result(refused: &Refused) -> &'static str {
    match refused {
        Refused::Denied(_) => "denied",
        Refused::TooMany { .. } => "limited",
        Refused::Already { .. } => "already",
        _ => "refused",
    }
}

/// An id, short enough to be typed.
pub(super) fn short(id: impl ToString) -> String {
    let id = id.to_string();
    id.get(id.len().saturating_sub(TAIL)..).unwrap_or(&id).to_owned()
}

/// A text in one line, at most [`REPEATED`] characters of it.
pub(super) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(REPEATED) {
        Some((at, _)) => format!("{}...", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// A job in a sentence: what it is about and how it stands.
pub(super) fn job(job: &Job, now: Timestamp) -> String {
    let about = shortened(&publish::title(&job.spec.request));
    let by = &job.spec.origin.actor.user;
    format!("Job {} ({about}), asked by {by}: {}.", short(job.spec.id), standing(job, now))
}

/// How a job stands.
fn standing(job: &Job, now: Timestamp) -> String {
    let since = |at: Timestamp| format!("since {} ({})", span::moment(at, now), spoken(span::between(at, now)));
    let stopping = job.cancel.as_ref().filter(|_| !job.state.is_final());
    let ended = || job.finished_at.map(|at| format!(" at {}", span::moment(at, now))).unwrap_or_default();
    let error = || job.error.as_ref().map(|e| format!("{}: {}", e.code.as_str(), e.message)).unwrap_or_default();
    let result = job.result.as_ref().map(|result| format!("{}: {}", result.verdict.as_str(), result.headline));
    match job.state {
        _ if stopping.is_some() => {
            format!("stopping, wished by {}", stopping.map(|cancel| cancel.by.user.as_str()).unwrap_or_default())
        }
        JobState::Pending if job.attempts > 0 => format!("waits for another attempt; the last one failed: {}", error()),
        JobState::Pending => format!("waits {}", since(job.spec.created_at)),
        JobState::Initializing | JobState::Running | JobState::AwaitingApproval | JobState::Completing => {
            format!("{} {}", job.state.as_str().replace('_', " "), since(job.started_at.unwrap_or(job.spec.created_at)))
        }
        JobState::Completed => format!("done{}: {}", ended(), result.as_deref().unwrap_or("answered")),
        JobState::Timeout => format!("out of time{}: {}", ended(), result.unwrap_or_else(error)),
        JobState::Failed => format!("failed{}: {}", ended(), error()),
        JobState::Cancelled => {
            let why = job.cancel.as_ref().map_or_else(|| "stopped".to_owned(), publish::stopped);
            format!("{why}{}", ended())
        }
    }
}
