//! `list`: jobs, incidents, mutes, as tables of bounded length.
//!
//! Must never list what who asks may not see. Start at [`Desk::list`].

use midwatch_conversation::answer::{Answer, Part};
use midwatch_conversation::command::Listed;

use super::find::place_of;
use super::mutes;
use super::turn::{Done, Turn};
use super::{Desk, span, words};
use crate::incident::IncidentState;
use crate::intake::{Refused, namespaces_of};
use crate::lifecycle::{self, spoken};
use crate::policy::{Decision, Verb};
use crate::port::store::JobFilter;
use crate::publish;

/// Rows of a table: what a phone shows without scrolling for long.
const ROWS: usize = 20;

/// Entries that are looked through for those that may be seen.
const LOOKED: usize = 500;

impl Desk {
    pub(super) async fn list(&self, turn: &Turn, what: Listed) -> Result<Done, Refused> {
        if let Decision::Denied(why) = self.parts.policy.decide_somewhere(&turn.origin.actor, Verb::List) {
            return Err(Refused::Denied(why));
        }
        let answer = match what {
            Listed::Jobs => self.jobs(turn).await?,
            Listed::Incidents => self.incidents(turn).await?,
            Listed::Mutes => self.mutes(turn).await?,
        };
        Ok(Done::here(answer))
    }

    async fn jobs(&self, turn: &Turn) -> Result<Answer, Refused> {
        let now = self.now();
        let jobs = self.parts.store.jobs(&JobFilter { limit: LOOKED, ..JobFilter::default() }).await?;
        let seen = jobs.iter().filter(|job| {
            let namespaces = namespaces_of(&job.spec.request);
            self.may_see(turn, Verb::List, job.spec.cluster.as_deref(), &namespaces)
        });
        let rows = seen.map(|job| {
            let stands = job.result.as_ref().map_or_else(|| job.state.as_str(), |result| result.verdict.as_str());
            vec![
                words::short(job.spec.id),
                stands.replace('_', " "),
                words::shortened(&publish::title(&job.spec.request)),
                job.spec.origin.actor.user.clone(),
                spoken(span::between(job.spec.created_at, now)),
            ]
        });
        Ok(table(["job", "stands", "about", "asked by", "age"], rows.collect(), "Nothing was investigated yet."))
    }

    async fn incidents(&self, turn: &Turn) -> Result<Answer, Refused> {
        let now = self.now();
        let mut incidents = self.parts.store.open_incidents(LOOKED).await?;
        incidents.reverse();
        let seen = incidents.iter().filter(|incident| {
            let (cluster, namespaces) = place_of(incident);
            self.may_see(turn, Verb::List, cluster.as_deref(), &namespaces)
        });
        let rows = seen.map(|incident| {
            let counts = lifecycle::counts(incident, now);
            let state = match incident.state {
                IncidentState::Firing => "firing",
                IncidentState::Resolved(_) => "resolved",
                IncidentState::Closed(_) => "closed",
            };
            vec![
                words::short(incident.id),
                state.to_owned(),
                words::shortened(&incident.title),
                counts.firing.to_string(),
                spoken(span::between(incident.opened_at, now)),
            ]
        });
        Ok(table(["incident", "state", "title", "firing", "age"], rows.collect(), "No incident is open."))
    }

    async fn mutes(&self, turn: &Turn) -> Result<Answer, Refused> {
        let now = self.now();
        let mutes = self.parts.store.mutes(now).await?;
        let seen =
            mutes.iter().filter(|mute| self.may_see(turn, Verb::List, mute.cluster.as_deref(), &mutes::places(mute)));
        let rows = seen.map(|mute| {
            vec![
                words::short(mute.id),
                words::shortened(&mutes::what(mute)),
                span::moment(mute.until, now),
                mute.by.user.clone(),
                words::shortened(&mute.reason),
            ]
        });
        Ok(table(["mute", "what", "until", "by", "why"], rows.collect(), "Nothing is muted."))
    }
}

/// A table of the first rows, and how many there are beyond them.
pub(super) fn table<const N: usize>(head: [&str; N], mut rows: Vec<Vec<String>>, none: &str) -> Answer {
    if rows.is_empty() {
        return Answer::text(none);
    }
    let beyond = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let answer = Answer::default().with(Part::Table { head: head.map(str::to_owned).into(), rows });
    if beyond > 0 { answer.with_text(format!("And {beyond} more.")) } else { answer }
}
