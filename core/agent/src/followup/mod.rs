//! Follow-up questions, answered without a model: from the report where it holds the answer, else with new reads.
//!
//! ```text
//! told      why, why not, what next, who else: from the report alone
//! shown     the evidence and the timeline of a report
//! read      what every answer with new reads begins with: objects, names, bounds
//! logs      lines of logs           events    a table of events
//! describe  one object              changed   what is not as it was
//! compare   now against then        who       who else is hit
//! usage     metrics of containers
//! session   several questions over one reading
//! ```
//! Every statement names what it was read from: an object, a time, a line, and the command that shows it again. Must never
//! guess, nor read beyond the namespaces that whoever asked was allowed to ask about. Start at [`answer`] and [`told`].

mod changed;
mod compare;
mod describe;
mod events;
mod logs;
mod read;
mod say;
pub mod session;
mod shown;
mod target;
#[cfg(test)]
mod tests;
mod told;
mod usage;
mod who;

use midwatch_conversation::answer::Answer;
use midwatch_conversation::question::Question;
use midwatch_diagnosis::report::Report;
use midwatch_redact::{Redacted, Redactor};
use tokio::time::Instant;

use crate::port::EvidenceSource;
use crate::request::{Limits, NoReport, ReadSummary, Request, RunFacts};
use read::Reader;
pub use shown::{evidence, timeline, title};
pub use told::told;

/// What a question is about.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// What was asked or alerted at first. Its `as_of` is "now" of the answer. The namespaces that it names bound all reads.
    pub request: Request,
    /// What came out, if there is a report.
    pub report: Option<Report>,
}

/// An answer, and what it took.
#[derive(Debug)]
pub struct Answered {
    /// The answer, redacted.
    pub answer: Redacted<Answer>,
    /// What belongs to the run.
    pub run: RunFacts,
    /// What was read, for the audit trail.
    pub read: Redacted<ReadSummary>,
    /// The deadline cut reads off: the answer says what could not be read.
    pub cut_short: bool,
}

/// Answers a question, with new reads where it needs them. A name that fits nothing or several things is answered with the
/// names there are.
///
/// # Errors
/// When the source cannot be listed, or the deadline passed before it was known what the question is about.
pub async fn answer(
    source: &dyn EvidenceSource,
    asked: &Question,
    context: &Context,
    limits: &Limits,
    redactor: Redactor,
) -> Result<Answered, Redacted<NoReport>> {
    let started = Instant::now();
    let mut reader = Reader::new(source, context, limits, redactor);
    let answer = answered(&mut reader, asked).await.map_err(|why| reader.redactor.seal(why))?;
    let read::Done { reads, bytes, cut_short, summary, kept, .. } = reader.done();
    let run = RunFacts { elapsed: started.elapsed(), reads, bytes, model: None };
    tracing::info!(reads, "answered a question");
    Ok(Answered { answer: kept.redactor.seal(answer), run, read: kept.redactor.seal(summary), cut_short })
}

/// The answer to a question, by whoever knows it.
async fn answered(reader: &mut Reader<'_>, asked: &Question) -> Result<Answer, NoReport> {
    let answer = match asked {
        Question::Logs(wanted) => logs::answer(reader, wanted).await,
        Question::Events { target } => events::answer(reader, target.as_deref()).await,
        Question::Describe { target } => describe::answer(reader, target.as_deref()).await,
        Question::Changed { target, since } => changed::answer(reader, target.as_deref(), *since).await,
        Question::Compare { with } => compare::answer(reader, *with).await,
        Question::WhoElse { place } => who::answer(reader, place.as_deref()).await,
        Question::Metrics { target, .. } => usage::answer(reader, target.as_deref()).await,
        Question::Why
        | Question::WhyNot { .. }
        | Question::NextSteps
        | Question::Timeline
        | Question::Status
        | Question::Stop => Ok(without_reads(asked, reader.context)),
    }?;
    if reader.is_cut_short() {
        return Ok(answer.with_text("The deadline passed before everything was read: this is what was read by then."));
    }
    Ok(answer)
}

/// What the report tells, or that there is none to tell it.
fn without_reads(asked: &Question, context: &Context) -> Answer {
    let told = context.report.as_ref().and_then(|report| told(asked, report));
    told.unwrap_or_else(|| Answer::text("There is no report yet that would tell; ask again when it is there."))
}
