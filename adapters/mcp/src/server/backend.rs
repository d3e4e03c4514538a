//! What the server asks of the program: a running server behind its API, or an engine in the same process.
//!
//! Only redacted values come back, so that nothing else can be given out. Start at [`Backend`].

use async_trait::async_trait;
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::Serialize;

use super::asked::Investigate;

/// Whoever investigates, and knows what was investigated.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Investigates; `tell` hears what is being done. Dropped before its end, it stops.
    ///
    /// # Errors
    /// Why there is no report.
    async fn investigate(&self, wanted: Investigate, tell: Tell<'_>) -> Result<Reported, Trouble>;

    /// What is under way or ended lately, newest first.
    ///
    /// # Errors
    /// Why that is not known.
    async fn status(&self) -> Result<Redacted<Vec<Standing>>, Trouble>;

    /// The report of a job, or the newest there is.
    ///
    /// # Errors
    /// Why there is none.
    async fn report(&self, job: Option<&str>) -> Result<Reported, Trouble>;

    /// Reports in which all of these words stand, at most so many.
    ///
    /// # Errors
    /// Why none can be searched.
    async fn search(&self, words: &str, limit: usize) -> Result<Redacted<Vec<Found>>, Trouble>;
}

/// Whoever hears what is being done: a line for each step.
pub type Tell<'a> = &'a (dyn Fn(Redacted<String>) + Send + Sync);

/// Why something cannot be had, for a person and a model: what happened, and what to do next.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble(pub Redacted<String>);

impl Trouble {
    /// In words of our own.
    pub fn fixed(words: &'static str) -> Self {
        Self(Redacted::fixed(words))
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The job that made it.
    pub job: String,
    /// For a person.
    pub markdown: Redacted<String>,
    /// For a program: a JSON object.
    pub json: Redacted<String>,
}

/// How an investigation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The job.
    pub job: String,
    /// Where it is: `running`, `completed`, `failed`.
    pub state: String,
    /// What was asked, or the alerts it is about.
    pub about: String,
    /// What came out, in one sentence, or why it failed.
    pub outcome: Option<String>,
    /// When it began, RFC 3339.
    pub since: String,
}

/// A report that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The job that made it.
    pub job: String,
    /// When, RFC 3339.
    pub at: String,
    /// Its verdict.
    pub verdict: String,
    /// In one sentence.
    pub headline: String,
    /// The words around those that were searched for.
    pub snippet: String,
}

impl Redact for Standing {
    fn redact(&mut self, redactor: &Redactor) {
        self.about.redact(redactor);
        self.outcome.redact(redactor);
    }
}

impl Redact for Found {
    fn redact(&mut self, redactor: &Redactor) {
        self.headline.redact(redactor);
        self.snippet.redact(redactor);
    }
}
