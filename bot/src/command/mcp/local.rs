//! Without a server: this process investigates, and keeps the reports of its own life.
//!
//! Start at [`Local`].

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::render;
use midwatch_config::Settings;
use midwatch_mcp::server::{Backend, Depth, Found, Investigate, Reported, Standing, Tell, Trouble};
use midwatch_redact::{Redacted, Redactor};

use crate::cli::{Live, Selection};
use crate::input::Wanted;
use crate::settings;

/// Investigations that are remembered.
const KEPT: usize = 50;

/// Letters of what is shown around a word that was found.
const SNIPPET: usize = 200;

/// The engine in this process.
pub(super) struct Local {
    settings: Settings,
    redactor: Redactor,
    snapshot: Option<PathBuf>,
    as_of: Option<Timestamp>,
    jobs: Mutex<Jobs>,
}

#[derive(Default)]
struct Jobs {
    begun: usize,
    kept: VecDeque<Kept>,
}

struct Kept {
    job: String,
    about: String,
    since: Timestamp,
    state: State,
}

enum State {
    Running,
    Stopped,
    Failed(Redacted<String>),
    Done(Box<Done>),
}

struct Done {
    verdict: &'static str,
    headline: Redacted<String>,
    markdown: Redacted<String>,
    json: Redacted<String>,
}

impl Local {
    pub(super) fn new(settings: Settings, snapshot: Option<PathBuf>, as_of: Option<Timestamp>) -> Self {
        let redactor = settings::redactor(&settings);
        Self { settings, redactor, snapshot, as_of, jobs: Mutex::default() }
    }

    /// What is kept is whole before and after each change.
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, about: &str) -> Begun<'_> {
        let mut jobs = self.jobs();
        jobs.begun += 1;
        let job = format!("local-{}", jobs.begun);
        let kept = Kept { job: job.clone(), about: about.to_owned(), since: Timestamp::now(), state: State::Running };
        jobs.kept.push_front(kept);
        jobs.kept.truncate(KEPT);
        Begun { local: self, job, end: Some(State::Stopped) }
    }

    /// The settings with what was asked for in their place.
    fn settings_for(&self, wanted: &Investigate) -> Settings {
        let mut settings = self.settings.clone();
        if let Some(depth) = wanted.depth {
            settings.investigation.depth = match depth {
                Depth::Quick => midwatch_config::Depth::Quick,
                Depth::Standard => midwatch_config::Depth::Standard,
                Depth::Deep => midwatch_config::Depth::Deep,
            };
        }
        if let Some(minutes) = wanted.since_minutes {
            settings.investigation.lookback = std::time::Duration::from_secs(u64::from(minutes) * 60);
        }
        settings
    }

    async fn report_of(&self, wanted: &Investigate, tell: Tell<'_>) -> Result<Done, Redacted<String>> {
        let settings = self.settings_for(wanted);
        let selection = self.selection(wanted);
        let said = |failure: crate::failure::Failure| self.redactor.redact_text(failure.words());
        let asked = Wanted::read(&selection).map_err(said)?.open(&settings).await.map_err(said)?;
        let limits = settings::limits(&settings);
        let watcher = |progress: Redacted<midwatch_agent::request::Progress>| {
            tell(progress.map(|progress| progress.text.clone()));
        };
        let outcome =
            midwatch_agent::investigate(&*asked.source, &asked.request, &limits, self.redactor.clone(), &watcher).await;
        let report = outcome.map_err(|why| why.map(ToString::to_string))?.report;
        Ok(Done {
            verdict: report.verdict.as_str(),
            headline: report.map(|report| report.root_cause.clone()),
            markdown: render::markdown(&report),
            json: render::json(&report),
        })
    }

    fn selection(&self, wanted: &Investigate) -> Selection {
        Selection {
            words: vec![wanted.question.clone()],
            namespace: wanted.namespace.clone(),
            alert: None,
            // Its flags are in the settings.
            live: Live::default(),
            snapshot: self.snapshot.clone(),
            as_of: self.as_of,
            since: None,
            depth: None,
            output: None,
        }
    }
}

/// An investigation under way; dropped before its end, it was stopped.
struct Begun<'a> {
    local: &'a Local,
    job: String,
    end: Option<State>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut jobs = self.local.jobs();
        if let Some(kept) = jobs.kept.iter_mut().find(|kept| kept.job == self.job)
            && let Some(end) = self.end.take()
        {
            kept.state = end;
        }
    }
}

#[async_trait]
impl Backend for Local {
    async fn investigate(&self, wanted: Investigate, tell: Tell<'_>) -> Result<Reported, Trouble> {
        let mut begun = self.begin(&wanted.question);
        match self.report_of(&wanted, tell).await {
            Ok(done) => {
                let reported = done.reported(&begun.job);
                begun.end = Some(State::Done(Box::new(done)));
                Ok(reported)
            }
            Err(why) => {
                begun.end = Some(State::Failed(why.clone()));
                Err(Trouble(why))
            }
        }
    }

    async fn status(&self) -> Result<Redacted<Vec<Standing>>, Trouble> {
        let standing = self.jobs().kept.iter().map(Kept::standing).collect();
        Ok(self.redactor.seal(standing))
    }

    async fn report(&self, job: Option<&str>) -> Result<Reported, Trouble> {
        let jobs = self.jobs();
        let mut done = jobs.kept.iter().filter(|kept| job.is_none_or(|job| job == kept.job)).filter_map(Kept::done);
        let (job, done) =
            done.next().ok_or_else(|| Trouble::fixed("there is no such report; `status` lists what there is"))?;
        Ok(done.reported(job))
    }

    async fn search(&self, words: &str, limit: usize) -> Result<Redacted<Vec<Found>>, Trouble> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let jobs = self.jobs();
        let found = jobs.kept.iter().filter_map(|kept| kept.found(&words)).take(limit).collect();
        Ok(self.redactor.seal(found))
    }
}

impl Done {
    fn reported(&self, job: &str) -> Reported {
        Reported { job: job.to_owned(), markdown: self.markdown.clone(), json: self.json.clone() }
    }
}

impl Kept {
    fn done(&self) -> Option<(&str, &Done)> {
        match &self.state {
            State::Done(done) => Some((&self.job, done)),
            State::Running | State::Stopped | State::Failed(_) => None,
        }
    }

    fn standing(&self) -> Standing {
        let (state, outcome) = match &self.state {
            State::Running => ("running", None),
            State::Stopped => ("cancelled", None),
            State::Failed(why) => ("failed", Some(why.to_string())),
            State::Done(done) => ("completed", Some(format!("{}: {}", done.verdict, done.headline.as_str()))),
        };
        let (job, about) = (self.job.clone(), self.about.clone());
        Standing { job, state: state.to_owned(), about, outcome, since: self.since.to_string() }
    }

    /// Where all of the words stand in the report.
    fn found(&self, words: &[String]) -> Option<Found> {
        let (job, done) = self.done()?;
        let text = done.markdown.to_lowercase();
        if words.is_empty() || !words.iter().all(|word| text.contains(word)) {
            return None;
        }
        let line = done.markdown.lines().find(|line| words.iter().any(|word| line.to_lowercase().contains(word)));
        Some(Found {
            job: job.to_owned(),
            at: self.since.to_string(),
            verdict: done.verdict.to_owned(),
            headline: done.headline.to_string(),
            snippet: line.unwrap_or_default().trim().chars().take(SNIPPET).collect(),
        })
    }
}
