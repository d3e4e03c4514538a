//! Turns a routed delivery into one commit: incidents, threads, posts, jobs, memory, audit. Pure but for new ids.
//!
//! All or nothing for a webhook: when one part would need a new job and there is no room, nothing is written, so that the
//! sender's retry counts nothing twice. A poll reads everything again anyway, so it leaves such parts out and takes the rest.
//! Alerts that join an open incident need no room.
//!
//! Must never open an incident without its thread and first message, nor hand in a job while the incident has a live one.
//! Start at [`compose`].

use std::collections::{BTreeMap, BTreeSet};

use midwatch_diagnosis::alert::Alert;

use super::admission::{Room, bound};
use super::pen::Pen;
use super::refused::Refused;
use super::route::{Part, Routed, Target};
use super::settings::IntakeSettings;
use super::{Hang, PackChoice, Receipt, words};
use crate::fleet::Order;
use crate::id::{IncidentId, JobId, PostKey, ThreadId};
use crate::incident::{Incident, IncidentKind, IncidentState};
use crate::job::{NewJob, Task};
use crate::lifecycle::{self, Effect, Step};
use crate::living::{self, Seen};
use crate::port::store::{Load, Write};
use crate::post::{ALERTS_SHOWN, AlertsNow, LivingMessage, LivingStatus, Opening, PostBody, Urgency};
use crate::thread::Speaker;

/// What to do with parts that need a job when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overload {
    /// Refuse the whole delivery.
    Refuse,
    /// Leave them out.
    PutOff,
}

/// What was read for a routed delivery.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) load: Load,
    /// Living messages of the incidents that are joined, as they were read.
    pub(super) living: BTreeMap<ThreadId, Seen>,
    /// Jobs of these incidents that have not ended.
    pub(super) live: BTreeSet<JobId>,
    /// Earlier incidents of the same keys, by the part's place in the delivery.
    pub(super) previous: BTreeMap<usize, (IncidentId, ThreadId)>,
    /// The store said that the queue is full, whatever the load was when it was read.
    pub(super) full: bool,
    /// Threads that hang on a message already.
    pub(super) hung: BTreeMap<Hang, ThreadId>,
}

/// What does not change while a delivery is composed.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) pen: Pen<'a>,
    pub(super) settings: &'a IntakeSettings,
    pub(super) packs: &'a dyn PackChoice,
    pub(super) source: &'a str,
    pub(super) cluster: Option<&'a str>,
    pub(super) overload: Overload,
    /// The message that the thread of a new incident hangs on.
    pub(super) place: Option<&'a Hang>,
    /// What the thread of a new incident says besides.
    pub(super) notes: &'a [String],
    /// The kill switch, when it is on: what comes in waits.
    pub(super) kill: Option<&'a Order>,
}

/// One commit, and what to tell about it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) writes: Vec<Write>,
    pub(super) receipt: Receipt,
    /// The packs of the jobs in it.
    pub(super) packs: Vec<String>,
}

/// Composes the commit.
///
/// # Errors
/// [`Refused::Busy`]; nothing is to be written then.
pub(super) fn compose(routed: Routed, facts: &Facts, desk: Desk<'_>) -> Result<Plan, Refused> {
    let mut plan = Plan::default();
    plan.receipt.unknown = routed.unknown;
    plan.receipt.muted = routed.muted;
    let over = routed
        .over
        .iter()
        .map(|incident| Incident { state: IncidentState::Closed(desk.pen.now), ..(**incident).clone() });
    plan.writes.extend(over.map(|incident| Write::Incident(Box::new(incident))));
    let closings = plan.writes.len();
    for (at, part) in routed.parts.into_iter().enumerate() {
        let previous = facts.previous.get(&at).copied();
        match part.target.clone() {
            Target::Open(incident) => join(&mut plan, (*incident).clone(), &part, facts, desk),
            Target::NewStorm => open(&mut plan, &part, previous, facts, desk),
            Target::New => {
                let room = room(&plan, facts, desk);
                match (room.open, desk.overload) {
                    (true, _) => open(&mut plan, &part, previous, facts, desk),
                    (false, Overload::Refuse) => return Err(room.busy()),
                    (false, Overload::PutOff) => plan.receipt.put_off += count(&part),
                }
            }
        }
    }
    // A poll says the same again and again.
    let worth_a_line = plan.receipt.muted > 0 && desk.overload == Overload::Refuse;
    if plan.writes.len() > closings || worth_a_line {
        plan.writes.push(delivered(&plan.receipt, desk));
    }
    Ok(plan)
}

/// How full the queue will be with what is planned so far.
fn room(plan: &Plan, facts: &Facts, desk: Desk<'_>) -> Room {
    let planned = u64::try_from(plan.packs.len()).unwrap_or(u64::MAX);
    let full = if facts.full { bound(desk.settings) } else { 0 };
    let pending = facts.load.pending.saturating_add(planned).max(full);
    Room::of(&Load { pending, ..facts.load }, desk.settings)
}

fn count(part: &Part) -> u64 {
    u64::try_from(part.arrivals.len()).unwrap_or(u64::MAX).saturating_add(part.truncated)
}

fn alerts(part: &Part) -> Vec<Alert> {
    part.arrivals.iter().map(|arrival| arrival.alert.clone()).collect()
}

/// Opens an incident; a storm's job comes later, when it is known what is busiest.
fn open(plan: &mut Plan, part: &Part, previous: Option<(IncidentId, ThreadId)>, facts: &Facts, desk: Desk<'_>) {
    let (thread, begun) = thread(part, facts, desk);
    let mut incident =
        lifecycle::take(blank(part, thread, previous, desk), &part.arrivals, part.truncated, desk.pen.now).incident;
    let mut status = LivingStatus::Queued;
    let mut job = None;
    if part.target == Target::New {
        match hand_in(&incident, &alerts(part), desk) {
            Ok(new) => job = Some(new),
            Err(why) => status = LivingStatus::Cancelled { why },
        }
    }
    incident.job = job.as_ref().map(|job| job.id);
    plan.receipt.received += count(part);
    plan.receipt.opened.push(incident.id);
    plan.writes.extend(begun);
    let hangs = hang(part, desk).is_some();
    // Below a post of the alert there is nothing to open with but the link to what went before.
    if !hangs || previous.is_some_and(|(_, before)| before != thread) {
        let shown = if hangs { Vec::new() } else { alerts(part) };
        plan.writes.push(desk.pen.opening(thread, opening(&incident, part, shown, previous)));
    }
    let now = lifecycle::counts(&incident, desk.pen.now);
    if matches!(incident.kind, IncidentKind::Storm { .. }) {
        plan.writes.push(table(&incident, &now, desk));
    }
    let title = match incident.kind {
        IncidentKind::Group => words::about(&part.entities, &incident.title),
        IncidentKind::Storm { .. } => incident.title.clone(),
    };
    let waits = desk.kill.filter(|_| incident.job.is_some()).map(words::waits);
    let notes = desk.notes.iter().cloned().chain(waits).collect();
    let message =
        LivingMessage { title, job: incident.job, status, alerts: Some(now), notes, ..LivingMessage::default() };
    // Where nothing else opens the thread, this does.
    let urgency = if hangs { Urgency::Opening } else { Urgency::Progress };
    plan.writes.push(desk.pen.post(living::key(thread), thread, urgency, PostBody::Living(message)));
    plan.writes.push(desk.pen.remember(thread, Speaker::Outside, incident.title.clone(), incident.job));
    plan.writes.push(Write::Incident(Box::new(incident)));
    enqueue(plan, job, desk);
}

/// The message that the thread of a part hangs on. A storm is about more than one message.
fn hang<'a>(part: &Part, desk: Desk<'a>) -> Option<&'a Hang> {
    desk.place.filter(|_| part.target == Target::New)
}

/// The thread of a new incident, and what opens it; one that hangs on the message already goes on.
fn thread(part: &Part, facts: &Facts, desk: Desk<'_>) -> (ThreadId, Option<Write>) {
    let new = ThreadId::new();
    match (hang(part, desk), desk.place) {
        (Some(hang), _) => match facts.hung.get(hang) {
            Some(known) => (*known, None),
            None => (new, Some(desk.pen.hang_thread(new, hang))),
        },
        (None, Some(place)) => (new, Some(desk.pen.open_thread(new, &place.platform, &place.channel))),
        (None, None) => (new, Some(desk.pen.open_thread(new, &desk.settings.platform, &desk.settings.channel))),
    }
}

fn blank(part: &Part, thread: ThreadId, previous: Option<(IncidentId, ThreadId)>, desk: Desk<'_>) -> Incident {
    let storm = part.target == Target::NewStorm;
    let now = desk.pen.now;
    let kind =
        if storm { IncidentKind::Storm { rows: Vec::new(), beyond: 0, grew_at: now } } else { IncidentKind::Group };
    Incident {
        id: IncidentId::new(),
        revision: 0,
        source: desk.source.to_owned(),
        keys: part.keys.clone(),
        title: if storm { "Alert storm".to_owned() } else { words::title(&alerts(part)) },
        severity: None,
        state: IncidentState::Firing,
        kind,
        alerts: BTreeMap::new(),
        folded: crate::incident::FoldedAlerts::default(),
        beyond: 0,
        received: 0,
        repeats: 0,
        reopened: 0,
        opened_at: now,
        last_at: now,
        thread,
        job: None,
        previous: previous.map(|(incident, _)| incident),
    }
}

fn opening(
    incident: &Incident,
    part: &Part,
    mut shown: Vec<Alert>,
    previous: Option<(IncidentId, ThreadId)>,
) -> Opening {
    let all = if shown.is_empty() { 0 } else { count(part) };
    shown.sort_by_key(|alert| !alert.firing);
    shown.truncate(ALERTS_SHOWN);
    let more = all.saturating_sub(u64::try_from(shown.len()).unwrap_or(u64::MAX));
    Opening {
        title: incident.title.clone(),
        alerts: shown,
        more,
        previous: previous.map(|(_, thread)| thread),
        ..Opening::default()
    }
}

/// Joins alerts to an incident that is open.
fn join(plan: &mut Plan, known: Incident, part: &Part, facts: &Facts, desk: Desk<'_>) {
    let before = lifecycle::counts(&known, desk.pen.now);
    let added: Vec<String> = part.entities.iter().map(super::identity::Entity::key).collect();
    let loud = part.arrivals.iter().any(|arrival| !arrival.muted);
    let news = loud && added.iter().any(|key| part.keys.contains(key)) && known.kind == IncidentKind::Group;
    let Step { mut incident, effects } = lifecycle::take(known, &part.arrivals, part.truncated, desk.pen.now);
    incident.keys.extend(part.keys.iter().cloned());
    let received = count(part);
    plan.receipt.received += received;
    plan.receipt.joined += received;
    let mut notes = Vec::new();
    if news {
        notes.push(format!("now also about {}", words::about(&part.entities, &incident.title)));
    }
    follow(plan, incident, &before, &effects, notes, facts, desk);
}

/// Writes an incident after a step, and what its thread shows of it.
pub(super) fn follow(
    plan: &mut Plan,
    mut incident: Incident,
    before: &AlertsNow,
    effects: &[Effect],
    mut notes: Vec<String>,
    facts: &Facts,
    desk: Desk<'_>,
) {
    let thread = incident.thread;
    let mut job = None;
    for effect in effects {
        match effect {
            Effect::Grew(_) => {}
            Effect::Graver(severity) => notes.push(format!("the severity is now {severity}")),
            Effect::Resolved(lasted) => {
                let text = format!("RESOLVED after {}.", lifecycle::spoken(*lasted));
                plan.writes.push(desk.pen.remember(thread, Speaker::Outside, text.clone(), None));
                plan.writes.push(desk.pen.notice(thread, &format!("resolved:{}", incident.reopened), text));
            }
            Effect::Reopened => {
                job = again(plan, &incident, facts, desk).map_err(|note| notes.push(note)).ok();
                let text = format!("FIRING again: {}.", incident.title);
                plan.writes.push(desk.pen.remember(thread, Speaker::Outside, text.clone(), None));
                plan.writes.push(desk.pen.notice(thread, &format!("reopened:{}", incident.reopened), text));
            }
        }
    }
    incident.job = job.as_ref().map(|job| job.id).or(incident.job);
    let now = lifecycle::counts(&incident, desk.pen.now);
    if worth_an_edit(before, &now) || !notes.is_empty() || job.is_some() {
        if matches!(incident.kind, IncidentKind::Storm { .. }) {
            plan.writes.push(table(&incident, &now, desk));
        }
        let queued = job.as_ref().map(|job| job.id);
        plan.writes.extend(edited(thread, now, &notes, queued, facts, desk).into_iter().flatten());
    }
    plan.writes.push(Write::Incident(Box::new(incident)));
    enqueue(plan, job, desk);
}

/// A job for an incident that fires again, or the note that says why there is none.
fn again(plan: &Plan, incident: &Incident, facts: &Facts, desk: Desk<'_>) -> Result<NewJob, String> {
    if incident.job.is_some_and(|job| facts.live.contains(&job)) {
        return Err("fires again; the investigation that is under way goes on".to_owned());
    }
    if !room(plan, facts, desk).open {
        return Err("fires again; too many jobs wait, so it is not investigated again now".to_owned());
    }
    hand_in(incident, &words::busiest(incident), desk)
}

/// Repeats alone are worth an edit ever more seldom: the 1st, the 2nd, the 4th, the 8th.
fn worth_an_edit(before: &AlertsNow, now: &AlertsNow) -> bool {
    let standing = |alerts: &AlertsNow| AlertsNow { repeats: 0, ..alerts.clone() };
    standing(before) != standing(now) || (now.repeats != before.repeats && now.repeats.is_power_of_two())
}

/// The living message with only the parts changed that are the intake's.
fn edited(
    thread: ThreadId,
    now: AlertsNow,
    notes: &[String],
    queued: Option<JobId>,
    facts: &Facts,
    desk: Desk<'_>,
) -> Option<[Write; 2]> {
    let redactor = desk.pen.redactor;
    let seen = facts.living.get(&thread)?;
    let mut body = living::with_alerts(&seen.body, redactor.seal(now));
    for note in notes {
        body = living::with_note(&body, redactor.redact_text(note));
    }
    if let Some(job) = queued {
        body = living::with_job(&living::with_status(&body, redactor.seal(LivingStatus::Queued)), job);
    }
    Some(seen.back(body, Urgency::Progress))
}

fn table(incident: &Incident, now: &AlertsNow, desk: Desk<'_>) -> Write {
    let thread = incident.thread;
    let table = words::storm_table(incident, now.firing, now.resolved_after.clone());
    let key = PostKey(format!("thread:{thread}:storm"));
    desk.pen.post(key, thread, Urgency::Progress, PostBody::Storm(table))
}

/// The job that investigates an incident, or why there is none.
pub(super) fn hand_in(incident: &Incident, alerts: &[Alert], desk: Desk<'_>) -> Result<NewJob, String> {
    let pack =
        desk.packs.for_alerts(alerts).ok_or("not investigated: no pack that is switched on takes these alerts")?;
    if !desk.packs.is_enabled(&pack.id.name) {
        return Err(format!("not investigated: pack `{}` is switched off", pack.id.name));
    }
    Ok(NewJob {
        id: JobId::new(),
        task: Task::Investigate,
        request: words::request(alerts, &pack, desk.settings.lookback, desk.pen.now),
        cluster: desk.cluster.map(str::to_owned),
        priority: words::priority(alerts, &pack),
        origin: desk.pen.origin.clone(),
        thread: Some(incident.thread),
        incident: Some(incident.id),
        dedup: Some(format!("incident:{}", incident.id)),
        deadline: if pack.deadline.is_zero() { desk.settings.deadline } else { pack.deadline },
        max_attempts: if pack.max_attempts == 0 { desk.settings.max_attempts.max(1) } else { pack.max_attempts },
        created_at: desk.pen.now,
        pack: pack.id,
    })
}

pub(super) fn enqueue(plan: &mut Plan, job: Option<NewJob>, desk: Desk<'_>) {
    let Some(job) = job else { return };
    plan.receipt.jobs.push(job.id);
    plan.packs.push(job.pack.name.clone());
    let subject = job.incident.map(|incident| format!("incident {incident}")).unwrap_or_default();
    plan.writes.push(desk.pen.audit("investigate", subject, format!("job {}", job.id)));
    plan.writes.push(Write::Enqueue { job: Box::new(job), bound: Some(bound(desk.settings)) });
}

fn delivered(receipt: &Receipt, desk: Desk<'_>) -> Write {
    let details = format!(
        "{} alerts, {} of them to open incidents; {} more are muted; {} incidents opened, {} jobs",
        receipt.received,
        receipt.joined,
        receipt.muted,
        receipt.opened.len(),
        receipt.jobs.len()
    );
    desk.pen.audit("deliver", desk.source.to_owned(), details)
}
