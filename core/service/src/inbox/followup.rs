//! Questions in a thread: answered at once from the report that was kept, by a job that reads anew, or by one that asks a
//! language model.
//!
//! Must never answer as if it had understood: what is not understood goes to a model where one is configured, and gets the
//! list of what is understood where none is. Start at [`Desk::follow_up`].

use midwatch_agent::followup;
use midwatch_agent::request::Request;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::command;
use midwatch_conversation::question::{self, Question};

use super::evidence::no_report;
use super::turn::{Before, Done, To, Turn};
use super::{Desk, hearing, run, words};
use crate::intake::{Ask, Refused, Reply, namespaces_of};
use crate::job::{Job, Task};
use crate::policy::Verb;
use crate::port::store::Write;

/// The jobs that a question is about.
struct About {
    /// The investigation with a report.
    reported: Option<Job>,
    /// The newest investigation: it tells what is looked at when there is no report yet.
    newest: Job,
}

impl About {
    fn base(&self) -> &Job {
        self.reported.as_ref().unwrap_or(&self.newest)
    }

    /// An investigation that has not ended.
    fn under_way(&self) -> Option<&Job> {
        Some(&self.newest).filter(|job| !job.state.is_final())
    }
}

impl Desk {
    /// A question to us, in our thread.
    pub(super) async fn follow_up(&self, turn: &Turn, text: &str) -> Result<Done, Refused> {
        match question::understand(text) {
            Some(asked) => self.answer(turn, asked, None).await,
            None if self.parts.settings.model => self.ask_model(turn, text, None, false).await,
            None => Ok(Done::here(not_understood())),
        }
    }

    /// Words in our thread that name nobody.
    pub(super) async fn asked_in_passing(&self, turn: &Turn) -> Result<Done, Refused> {
        if let Some(asked) = question::understand(&turn.text) {
            return self.answer(turn, asked, None).await;
        }
        match Self::thread_id(turn).filter(|_| turn.text.trim_end().ends_with('?')) {
            Some(_) if self.parts.settings.model => {
                let (text, _) = hearing::whole(&turn.text);
                match self.ask_model(turn, text, None, true).await {
                    // Perhaps nobody asked us; so nobody is told why we do not answer.
                    Err(refused) if !run::may_be_tried_again(&refused) => Ok(Done::silent()),
                    done => done,
                }
            }
            Some(thread) => {
                let once = Write::Once { key: format!("list:{thread}"), by: turn.origin.actor.user.clone() };
                Ok(Done { before: Before::Silent, ..Done::here(not_understood()).with([once]) })
            }
            None => Ok(Done::silent()),
        }
    }

    /// `ask`: about the job that is named, else about the thread.
    pub(super) async fn ask(&self, turn: &Turn, asked: command::Ask) -> Result<Done, Refused> {
        let text = asked.words.join(" ");
        let question = question::understand(&text);
        if question.is_none() && !self.parts.settings.model {
            return Ok(Done::here(not_understood()));
        }
        let named = match &asked.of {
            Some(id) => Some(self.job_for(turn, Some(id), Verb::Ask).await?),
            None if turn.thread.is_none() => {
                let why =
                    "ask in the thread of an investigation, or name it: `ask QUESTION --of JOB`; `list` shows them";
                return Err(Refused::Invalid(why.to_owned()));
            }
            None => None,
        };
        match question {
            Some(question) => self.answer(turn, question, named).await,
            None => self.ask_model(turn, &text, named, false).await,
        }
    }

    async fn answer(&self, turn: &Turn, asked: Question, named: Option<Job>) -> Result<Done, Refused> {
        let id = named.as_ref().map(|job| job.spec.id.to_string());
        match asked {
            Question::Status => self.status(turn, id.as_deref()).await,
            Question::Stop => self.stop(turn, command::Stop { of: id, reason: None }).await,
            Question::Timeline => self.timeline(turn, id.as_deref()).await,
            asked => {
                let about = self.about(turn, named).await?;
                self.permit_to_ask(turn, &about).await?;
                let told = if asked.needs_reads() { None } else { self.told(&asked, &about).await? };
                if let Some(answer) = told {
                    return Ok(Done::here(answer));
                }
                let task = Task::FollowUp { asked, about: Some(about.base().spec.id) };
                self.read(turn, task, &about, true).await
            }
        }
    }

    /// By a job that asks a language model. It costs, so it counts as something that was started.
    async fn ask_model(&self, turn: &Turn, text: &str, named: Option<Job>, in_passing: bool) -> Result<Done, Refused> {
        let about = self.about(turn, named).await?;
        self.permit_to_ask(turn, &about).await?;
        self.spend_a_start(turn)?;
        let words = text.trim().to_owned();
        let task = Task::Ask { words, about: Some(about.base().spec.id), in_passing };
        self.read(turn, task, &about, !in_passing).await
    }

    async fn permit_to_ask(&self, turn: &Turn, about: &About) -> Result<(), Refused> {
        let spec = &about.base().spec;
        self.permit(turn, Verb::Ask, spec.cluster.as_deref(), &namespaces_of(&spec.request)).await
    }

    async fn about(&self, turn: &Turn, named: Option<Job>) -> Result<About, Refused> {
        if let Some(job) = named {
            let reported = job.result.is_some().then(|| job.clone());
            return Ok(About { reported, newest: job });
        }
        let mut jobs = match Self::thread_id(turn) {
            Some(thread) => self.jobs_of(thread).await?,
            None => Vec::new(),
        };
        jobs.retain(|job| job.spec.task == Task::Investigate);
        let reported = jobs.iter().find(|job| job.result.is_some()).cloned();
        let newest = jobs.into_iter().next().ok_or_else(|| {
            Refused::Invalid("nothing was investigated in this thread yet; `investigate TARGET` does".to_owned())
        })?;
        Ok(About { reported, newest })
    }

    /// From the report, without reading anything; none when it has to be read for.
    async fn told(&self, asked: &Question, about: &About) -> Result<Option<Answer>, Refused> {
        let report = match &about.reported {
            Some(job) => self.report_of(job.spec.id).await?,
            None => None,
        };
        let can_be_read = matches!(asked, Question::WhoElse { .. });
        let Some(report) = report else {
            return Ok((!can_be_read).then(|| Answer::text(no_report(&about.newest, self.now()))));
        };
        let answer = followup::told(asked, &report);
        let newer = about
            .under_way()
            .map(|job| format!("A newer investigation is under way: job {}.", words::short(job.spec.id)));
        Ok(match (answer, newer) {
            (Some(answer), Some(newer)) => Some(answer.with_text(newer)),
            (answer, _) => answer,
        })
    }

    /// By a job that reads what is asked for; `aloud`: where an investigation still runs, that is said.
    async fn read(&self, turn: &Turn, task: Task, about: &About, aloud: bool) -> Result<Done, Refused> {
        let base = about.base();
        let reply = Self::reply(turn);
        let mut also = self.closing(turn);
        if let (Some(job), Reply::Existing(_)) = (about.under_way().filter(|_| aloud), &reply) {
            let text =
                format!("The investigation still runs (job {}); I look that up meanwhile.", words::short(job.spec.id));
            also.extend(self.said(turn, To::Here, Answer::text(text)));
        }
        let ask = Ask {
            // "Now" is when it is asked, and the namespaces are those that were investigated.
            request: Request { as_of: None, ..base.spec.request.clone() },
            cluster: base.spec.cluster.clone(),
            task,
            verb: Verb::Ask,
            origin: turn.origin.clone(),
            deadline: None,
            pack: None,
            reply,
            dedup: Some(format!("heard:{}", turn.delivery)),
            also,
        };
        self.parts.intake.ask(ask).await.map(Done::started)
    }
}

/// What is understood, for who asked something else.
fn not_understood() -> Answer {
    question::understood().with_text("Midwatch runs without a language model: these are all the questions it knows.")
}
