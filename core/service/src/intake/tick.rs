//! What time does to incidents: quiet windows pass, storms are investigated once it is known what is busiest.
//!
//! Must never be relied on for correctness of what comes in: a delivery sees for itself that a window has passed.
//! Start at [`Intake::tick`].

use tracing::{debug, info};

use super::admission::Room;
use super::compose::{Desk, Facts, Overload, Plan, enqueue, hand_in};
use super::{Intake, words};
use crate::clock::after;
use crate::incident::{Incident, IncidentKind, IncidentState};
use crate::job::{Actor, Origin};
use crate::lifecycle;
use crate::living;
use crate::port::store::{CommitError, StoreError, Write};
use crate::post::{LivingStatus, Urgency};

/// Incidents that are looked at in one go.
pub(super) const AT_ONCE: usize = 10_000;

impl Intake {
    /// Closes incidents whose quiet window has passed, or of which nothing was heard for very long, and hands in the jobs
    /// of storms. To be called every few seconds. An incident that changes meanwhile is left for the next time.
    ///
    /// # Errors
    /// When the storage failed.
    pub async fn tick(&self) -> Result<(), StoreError> {
        let open = self.parts.store.open_incidents(AT_ONCE).await?;
        let mut left = open.len();
        for incident in open {
            let now = self.parts.clock.now();
            let (quiet, forget) = (self.parts.settings.quiet, self.parts.settings.forget);
            if let Some(closed) = lifecycle::closed(&incident, now, quiet, forget) {
                left -= usize::from(self.close(&incident, closed).await?);
            } else if self.storm_is_due(&incident) && self.not_draining().is_ok() {
                self.investigate_storm(incident).await?;
            }
        }
        self.parts.metrics.incidents.set(i64::try_from(left).unwrap_or(i64::MAX));
        self.utilisation().await.map(drop)
    }

    async fn close(&self, before: &Incident, closed: Incident) -> Result<bool, StoreError> {
        let origin = own_origin();
        let pen = self.pen(&origin);
        let (id, thread) = (closed.id, closed.thread);
        let mut writes = Vec::new();
        if before.state == IncidentState::Firing {
            let silence = lifecycle::spoken(self.parts.settings.forget);
            let text =
                format!("CLOSED: nothing was heard of these alerts for {silence}, not even that they are resolved.");
            writes.push(pen.notice(thread, "forgotten", text));
        }
        writes.push(Write::Incident(Box::new(closed)));
        let done = settled(self.parts.store.commit(self.parts.clock.now(), writes).await)?;
        if done {
            info!(incident = %id, "an incident was closed");
        }
        Ok(done)
    }

    /// A storm is investigated when it has blown for a window: by then it is known where it blows most.
    fn storm_is_due(&self, incident: &Incident) -> bool {
        let is_storm = matches!(incident.kind, IncidentKind::Storm { .. });
        let grown = after(incident.opened_at, self.parts.settings.storm_window) <= self.parts.clock.now();
        is_storm && incident.state == IncidentState::Firing && incident.job.is_none() && grown
    }

    async fn investigate_storm(&self, mut incident: Incident) -> Result<(), StoreError> {
        let mut facts = Facts { load: self.parts.store.load().await?, ..Facts::default() };
        self.facts_of(&incident, &mut facts).await?;
        if !Room::of(&facts.load, &self.parts.settings).open {
            debug!(incident = %incident.id, "a storm waits for room to be investigated");
            return Ok(());
        }
        let origin = own_origin();
        let pen = self.pen(&origin);
        let settings = &self.parts.settings;
        let packs = &*self.parts.packs;
        let overload = Overload::PutOff;
        let source = "storm";
        let desk = Desk { pen, settings, packs, source, cluster: None, overload, place: None, notes: &[], kill: None };
        let mut plan = Plan::default();
        let thread = incident.thread;
        match hand_in(&incident, &words::busiest(&incident), desk) {
            Ok(job) => {
                incident.job = Some(job.id);
                plan.writes.push(Write::Incident(Box::new(incident)));
                enqueue(&mut plan, Some(job), desk);
            }
            Err(why) => {
                let Some(seen) = facts.living.get(&thread) else { return Ok(()) };
                let status = self.parts.redactor.seal(LivingStatus::Cancelled { why });
                let body = living::with_status(&seen.body, status);
                plan.writes.extend(seen.back(body, Urgency::Progress));
            }
        }
        settled(self.committed(plan).await).map(drop)
    }
}

/// What Midwatch does by itself.
fn own_origin() -> Origin {
    let actor = Actor { platform: "midwatch".to_owned(), user: "midwatch".to_owned(), ..Actor::default() };
    Origin { actor, request_id: String::new() }
}

/// Whether it was written; not when another writer was first, which is left for the next time.
pub(super) fn settled<T>(committed: Result<T, CommitError>) -> Result<bool, StoreError> {
    match committed {
        Ok(_) => Ok(true),
        Err(CommitError::Storage(error)) => Err(error),
        Err(other) => {
            debug!(%other, "left for the next time");
            Ok(false)
        }
    }
}
