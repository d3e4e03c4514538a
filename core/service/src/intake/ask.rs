//! Questions of people and programs, and their wish to stop.
//!
//! Must never write anything before the permission was asked for, but for the audit of the attempt. Start at
//! [`Intake::ask`].

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::request::Request;
use midwatch_redact::Redacted;

use super::admission::{Room, bound};
use super::identity::namespaces_of_alerts;
use super::pen::Pen;
use super::{Ask, Hang, Intake, Refused, Reply};
use crate::code::ErrorCode;
use crate::collision::Collisions;
use crate::id::{JobId, ThreadId};
use crate::job::{Cancel, Job, JobState, NewJob, Origin, Priority, Task};
use crate::living::{self, Seen};
use crate::metrics::JobLabels;
use crate::pack::Pack;
use crate::policy::{Decision, Verb, Wish};
use crate::port::store::{CommitError, JobFilter, Write};
use crate::post::{LivingMessage, LivingStatus, Opening, PostBody, Urgency};
use crate::publish;
use crate::thread::Speaker;

/// Characters of a question that a title shows.
const TITLE_CAP: usize = 120;

/// Live jobs of a thread that are looked at: follow-ups end soon.
const LIVE_SEEN: usize = 50;

/// Characters of a reason that are kept.
const REASON_CAP: usize = 500;

impl Intake {
    /// Takes a question: it becomes a job. While a live job has the same dedup key, that one is the answer.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn ask(&self, ask: Ask) -> Result<JobId, Refused> {
        self.not_draining()?;
        let namespaces = namespaces_of(&ask.request);
        self.permit(&ask.origin, ask.verb, ask.cluster.as_deref(), &namespaces).await?;
        self.not_killed()?;
        let pack = self.pack_for(&ask)?;
        if let Reply::Existing(thread) = ask.reply {
            let known = self.parts.store.thread(thread).await?;
            known.ok_or_else(|| Refused::Invalid(format!("there is no thread {thread}")))?;
        }
        let room = Room::of(&self.parts.store.load().await?, &self.parts.settings);
        if !room.open {
            return Err(room.busy());
        }
        let job = self.job_of(&ask, &pack);
        let id = job.id;
        let thread = job.thread;
        let writes = self.writes_of(&ask, job, thread);
        match self.handed_over(&ask, id, writes).await? {
            Ok(()) => {
                self.handed_in(&pack.id.name);
                Ok(id)
            }
            Err(CommitError::Duplicate(live)) => Ok(live),
            Err(CommitError::Full { .. }) => Err(room.busy()),
            Err(other) => Err(other.into()),
        }
    }

    /// Commits a question, with what its thread shows of it; anew while others write the same message. A new thread below
    /// a message that has one by now is for the caller to decide anew.
    async fn handed_over(&self, ask: &Ask, job: JobId, writes: Vec<Write>) -> Result<Result<(), CommitError>, Refused> {
        let mut collisions = Collisions::default();
        loop {
            let told = self.queued_in_thread(ask, job).await?;
            let is_shared = told.is_some();
            let writes = writes.iter().cloned().chain(told.into_iter().flatten()).collect();
            match self.parts.store.commit(self.parts.clock.now(), writes).await {
                Err(error) if is_shared && collisions.again(&error, self.parts.clock.now()).await => {}
                committed => return Ok(committed),
            }
        }
    }

    /// Asks a job to stop. One that has ended stays as it is.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn cancel(&self, job: JobId, by: Origin, reason: String) -> Result<(), Refused> {
        let known = self.parts.store.job(job).await?;
        // Whoever may stop nothing does not learn which jobs there are.
        let namespaces = known.as_ref().map(|job| namespaces_of(&job.spec.request)).unwrap_or_default();
        let cluster = known.as_ref().and_then(|job| job.spec.cluster.clone());
        self.permit(&by, Verb::Stop, cluster.as_deref(), &namespaces).await?;
        let mut known = known.ok_or_else(|| Refused::Invalid(format!("there is no job {job}")))?;
        let reason = self.parts.redactor.redact_text(&cut(&reason, REASON_CAP)).into_inner();
        let mut collisions = Collisions::default();
        while !known.state.is_final() {
            let now = self.parts.clock.now();
            let mut writes = vec![
                Write::Cancel { job, cancel: Cancel { by: by.actor.clone(), reason: reason.clone(), at: now } },
                self.pen(&by).audit("cancel", format!("job {job}"), reason.clone()),
            ];
            writes.extend(self.stopped_while_waiting(&known, &by, &reason).await?);
            match self.parts.store.commit(now, writes).await {
                Ok(()) => {
                    self.stopping();
                    break;
                }
                Err(error) if collisions.again(&error, now).await => {}
                Err(error) => return Err(error.into()),
            }
            let Some(anew) = self.parts.store.job(job).await? else { break };
            known = anew;
        }
        Ok(())
    }

    /// Wakes who stops it, and who tells of it.
    fn stopping(&self) {
        self.parts.signals.jobs.notify_one();
        self.parts.signals.post_written();
        self.parts.signals.job_changed();
    }

    /// A job that waits ends inside the store, so no worker will say so in its thread.
    async fn stopped_while_waiting(&self, job: &Job, by: &Origin, reason: &str) -> Result<Vec<Write>, Refused> {
        let Some(thread) = job.spec.thread.filter(|_| job.state == JobState::Pending) else { return Ok(Vec::new()) };
        if job.spec.task != Task::Investigate {
            let text = format!("Stopped: by {}: {reason}", by.actor.user);
            return Ok(vec![Write::Post(publish::ended(job.spec.id, thread, &text, &self.parts.redactor))]);
        }
        let Some(seen) = Seen::read(&*self.parts.store, thread).await? else { return Ok(Vec::new()) };
        let why = format!("stopped by {}: {reason}", by.actor.user);
        let status = self.parts.redactor.seal(LivingStatus::Cancelled { why });
        let body = living::with_status(&seen.body, status);
        Ok(seen.back(body, Urgency::Finding).into())
    }

    /// Asks the policy; a denied attempt is audited.
    pub(crate) async fn permit(
        &self,
        origin: &Origin,
        verb: Verb,
        cluster: Option<&str>,
        namespaces: &[String],
    ) -> Result<(), Refused> {
        let namespaces: Vec<&str> = namespaces.iter().map(String::as_str).collect();
        let Decision::Denied(why) =
            self.parts.policy.decide(&origin.actor, Wish { verb, cluster, namespaces: &namespaces })
        else {
            return Ok(());
        };
        let why = self.parts.redactor.redact_text(&why).into_inner();
        let entry = self.pen(origin).audit("denied", verb.as_str().to_owned(), why.clone());
        self.parts.store.commit(self.parts.clock.now(), vec![entry]).await?;
        Err(Refused::Denied(why))
    }

    pub(super) fn pen<'a>(&'a self, origin: &'a Origin) -> Pen<'a> {
        self.pen_at(origin, self.parts.clock.now())
    }

    pub(super) fn pen_at<'a>(&'a self, origin: &'a Origin, now: Timestamp) -> Pen<'a> {
        Pen { redactor: &self.parts.redactor, origin, now }
    }

    fn pack_for(&self, ask: &Ask) -> Result<Pack, Refused> {
        let channel = match &ask.reply {
            Reply::Thread { channel, .. } | Reply::Below(Hang { channel, .. }) => Some(channel.as_str()),
            Reply::Caller | Reply::Existing(_) => ask.origin.actor.channel.as_deref(),
        };
        let earlier = ask.pack.as_ref().and_then(|name| self.parts.packs.by_name(name));
        let pack = earlier.or_else(|| self.parts.packs.for_verb(ask.verb, channel)).ok_or_else(|| {
            let verb = ask.verb.as_str();
            Refused::PackDisabled(format!("{}: no pack that is switched on takes `{verb}`", ErrorCode::E001.as_str()))
        })?;
        if self.parts.packs.is_enabled(&pack.id.name) {
            Ok(pack)
        } else {
            Err(Refused::PackDisabled(format!(
                "pack `{0}` is switched off; `midwatch pack enable {0}` switches it on",
                pack.id.name
            )))
        }
    }

    fn job_of(&self, ask: &Ask, pack: &Pack) -> NewJob {
        let now = self.parts.clock.now();
        let mut request = ask.request.clone();
        request.as_of = request.as_of.or(Some(now));
        if request.lookback.is_zero() {
            request.lookback = SignedDuration::try_from(pack.lookback).unwrap_or(SignedDuration::MAX);
        }
        let thread = match ask.reply {
            Reply::Caller => None,
            Reply::Thread { .. } | Reply::Below(_) => Some(ThreadId::new()),
            Reply::Existing(thread) => Some(thread),
        };
        NewJob {
            id: JobId::new(),
            task: ask.task.clone(),
            request,
            cluster: ask.cluster.clone(),
            pack: pack.id.clone(),
            priority: pack.priority.unwrap_or(Priority::High),
            origin: ask.origin.clone(),
            thread,
            incident: None,
            dedup: ask.dedup.clone(),
            deadline: ask.deadline.unwrap_or(pack.deadline),
            max_attempts: pack.max_attempts.max(1),
            created_at: now,
        }
    }

    fn writes_of(&self, ask: &Ask, job: NewJob, thread: Option<ThreadId>) -> Vec<Write> {
        let id = job.id;
        let pen = self.pen(&ask.origin);
        let title = title_of(&ask.request);
        let subject = self.parts.redactor.redact_text(&title).into_inner();
        let mut writes = Vec::new();
        if let Some(thread) = thread {
            writes.extend(match &ask.reply {
                Reply::Thread { platform, channel } => Some(pen.open_thread(thread, platform, channel)),
                Reply::Below(hang) => Some(pen.hang_thread(thread, hang)),
                Reply::Existing(_) | Reply::Caller => None,
            });
        }
        // The answer to a question in passing is a message of its own; an investigation has an opening, and a message that
        // tells how it goes.
        if let Some(thread) = thread.filter(|_| ask.task == Task::Investigate) {
            if !writes.is_empty() {
                writes.extend(beginning(pen, ask, thread, id, &title));
            }
            writes.push(pen.remember(thread, Speaker::Outside, title, Some(id)));
        }
        writes.push(pen.audit(ask.verb.as_str(), subject, format!("job {id}")));
        writes.push(Write::Enqueue { job: Box::new(job), bound: Some(bound(&self.parts.settings)) });
        writes.extend(ask.also.iter().cloned());
        writes
    }

    /// The living message of a thread that exists already, now about a job that waits; while another investigation is
    /// under way there the message stays that one's.
    async fn queued_in_thread(&self, ask: &Ask, job: JobId) -> Result<Option<[Write; 2]>, Refused> {
        let (Reply::Existing(thread), Task::Investigate) = (&ask.reply, &ask.task) else { return Ok(None) };
        let states = JobState::ALL.into_iter().filter(|state| !state.is_final()).collect();
        let filter = JobFilter { states, thread: Some(*thread), limit: LIVE_SEEN, ..JobFilter::default() };
        if self.parts.store.jobs(&filter).await?.iter().any(|live| live.spec.task == Task::Investigate) {
            return Ok(None);
        }
        let redactor = &self.parts.redactor;
        let seen = Seen::read(&*self.parts.store, *thread).await?.unwrap_or_else(|| {
            let blank = LivingMessage { title: title_of(&ask.request), ..LivingMessage::default() };
            Seen::never(*thread, redactor.seal(PostBody::Living(blank)))
        });
        let body = living::with_job(&living::with_status(&seen.body, redactor.seal(LivingStatus::Queued)), job);
        let body = living::with_steps(&body, Redacted::gather([]));
        Ok(Some(seen.back(body, Urgency::Progress)))
    }

    /// Wakes who waits for it, and counts it.
    pub(super) fn handed_in(&self, pack: &str) {
        let labels = JobLabels { state: JobState::Pending.as_str(), pack: pack.to_owned() };
        self.parts.metrics.jobs.get_or_create(&labels).inc();
        self.parts.signals.jobs.notify_one();
        self.parts.signals.post_written();
        self.parts.signals.job_changed();
    }
}

/// The first messages of a thread. Below the question itself there is nothing to open with: the message that tells how it
/// goes opens the thread.
fn beginning(pen: Pen<'_>, ask: &Ask, thread: ThreadId, job: JobId, title: &str) -> Vec<Write> {
    let living = LivingMessage { title: title.to_owned(), job: Some(job), ..LivingMessage::default() };
    let living = |urgency| pen.post(living::key(thread), thread, urgency, PostBody::Living(living));
    if let Reply::Below(_) = ask.reply {
        return vec![living(Urgency::Opening)];
    }
    let opening = Opening {
        title: title.to_owned(),
        asked_by: Some(ask.origin.actor.user.clone()),
        question: ask.request.text.clone(),
        ..Opening::default()
    };
    vec![pen.opening(thread, opening), living(Urgency::Progress)]
}

/// The namespaces a request is about; none: all of them. What the permission to see its job is decided on, too.
pub fn namespaces_of(request: &Request) -> Vec<String> {
    let of_alerts = namespaces_of_alerts(&request.alerts);
    match &request.namespace {
        // An alert without a namespace is about all of them, whatever namespace the request names.
        Some(_) if of_alerts.is_empty() && !request.alerts.is_empty() => Vec::new(),
        Some(namespace) => of_alerts.into_iter().chain([namespace.clone()]).collect(),
        None => of_alerts,
    }
}

fn title_of(request: &Request) -> String {
    let text = request.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let about = text.map(str::to_owned).or_else(|| request.alerts.first().map(|alert| alert.name.clone()));
    let about = about.unwrap_or_else(|| "everything".to_owned());
    let about = cut(&about, TITLE_CAP);
    match &request.namespace {
        Some(namespace) => format!("{about} in {namespace}"),
        None => about,
    }
}

fn cut(text: &str, cap: usize) -> String {
    match text.char_indices().nth(cap) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
