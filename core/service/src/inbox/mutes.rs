//! `mute` and `unmute`.
//!
//! Must never mute without an end. Start at [`Desk::mute`].

use std::collections::BTreeSet;
use std::time::Duration;

use midwatch_conversation::answer::Answer;
use midwatch_conversation::command;

use super::find::place_of;
use super::turn::{Done, Turn};
use super::{Desk, span, words};
use crate::clock::after;
use crate::id::MuteId;
use crate::incident::Incident;
use crate::intake::Refused;
use crate::lifecycle::spoken;
use crate::mute::{Mute, Muted};
use crate::policy::{Decision, Verb};
use crate::port::store::Write;

/// How long a mute lasts when it is not said.
pub(super) const USUAL: Duration = Duration::from_hours(1);

/// The longest. What is to be quiet for good belongs into Alertmanager.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// Characters of an alert's name that are taken.
const NAME: usize = 256;

/// A mute that is to be made.
pub(super) struct Wanted {
    pub(super) what: Muted,
    pub(super) cluster: Option<String>,
    pub(super) how_long: Duration,
    pub(super) reason: String,
}

impl Desk {
    pub(super) async fn mute(&self, turn: &Turn, asked: command::Mute) -> Result<Done, Refused> {
        let how_long = asked.how_long.map(Duration::try_from).transpose();
        let how_long = how_long.map_err(|_| Refused::Invalid("a mute lasts some time".to_owned()))?.unwrap_or(USUAL);
        if how_long > LONGEST {
            return Err(Refused::Invalid(format!("a mute lasts {} at most", spoken(LONGEST))));
        }
        let reason = asked.reason.unwrap_or_default();
        let (what, cluster) = if let Some(name) = asked.alert {
            let name: String = name.chars().take(NAME).collect();
            (Muted::Alert { name, namespace: asked.namespace }, self.defaults(turn).cluster)
        } else {
            let incident = self.incident_here(turn).await?;
            (muted(&incident), place_of(&incident).0)
        };
        self.muted(turn, Wanted { what, cluster, how_long, reason }).await
    }

    /// Mutes, if that is permitted, and tells it.
    pub(super) async fn muted(&self, turn: &Turn, wanted: Wanted) -> Result<Done, Refused> {
        let Wanted { what, cluster, how_long, reason } = wanted;
        let now = self.now();
        let by = turn.origin.actor.clone();
        let reason = self.parts.redactor.redact_text(&reason).into_inner();
        let mute = Mute { id: MuteId::new(), what, cluster, at: now, until: after(now, how_long), by, reason };
        self.permit(turn, Verb::Mute, mute.cluster.as_deref(), &places(&mute)).await?;
        let until = span::moment(mute.until, now);
        let text = format!(
            "Muted {} until {until} ({}), by {}. `unmute {}` ends it.",
            what_is(&mute),
            spoken(how_long),
            mute.by.user,
            words::short(mute.id)
        );
        let audit =
            self.pen(&turn.origin).audit("mute", what_is(&mute), format!("until {}: {}", mute.until, mute.reason));
        Ok(Done::here(Answer::text(text)).with([Write::Mute(mute), audit]))
    }

    pub(super) async fn unmute(&self, turn: &Turn, asked: command::Unmute) -> Result<Done, Refused> {
        let mutes = self.parts.store.mutes(self.now()).await?;
        let meant: Vec<Mute> = if let Some(text) = &asked.alert {
            mutes.into_iter().filter(|mute| is_named(mute, text, asked.namespace.as_deref())).collect()
        } else {
            let incident = self.incident_here(turn).await?;
            mutes.into_iter().filter(|mute| is_of(mute, &incident)).collect()
        };
        if meant.is_empty() {
            // Whoever may unmute nothing is told that, not what there is.
            return match self.parts.policy.decide_somewhere(&turn.origin.actor, Verb::Unmute) {
                Decision::Denied(why) => Err(Refused::Denied(why)),
                Decision::Allowed => {
                    Err(Refused::Invalid("nothing like that is muted; `list mutes` shows what is".into()))
                }
            };
        }
        let mut done = Done::silent();
        for mute in &meant {
            self.permit(turn, Verb::Unmute, mute.cluster.as_deref(), &places(mute)).await?;
            let audit = self.pen(&turn.origin).audit("unmute", what_is(mute), String::new());
            done = done.with([Write::Unmute(mute.id), audit]);
        }
        let names: Vec<String> = meant.iter().map(what_is).collect();
        let text = format!("{} may speak again, says {}.", names.join("; "), turn.origin.actor.user);
        Ok(Done { answer: Done::here(Answer::text(text)).answer, ..done })
    }

    /// The incident of the thread.
    async fn incident_here(&self, turn: &Turn) -> Result<Incident, Refused> {
        let incident = match Self::thread_id(turn) {
            Some(thread) => self.parts.store.incident_of(thread).await?,
            None => None,
        };
        incident.ok_or_else(|| Refused::Invalid("this is no thread of an alert; name the alert: `mute ALERT`".into()))
    }
}

/// The alerts of an incident, by name and namespace.
pub(super) fn muted(incident: &Incident) -> Muted {
    let name = |track: &crate::incident::AlertTrack| {
        let namespace = crate::intake::namespace_of(&track.alert).map(str::to_owned);
        (track.alert.name.clone(), namespace)
    };
    let alerts: BTreeSet<(String, Option<String>)> = incident.alerts.values().map(name).collect();
    Muted::Incident { incident: incident.id, alerts: alerts.into_iter().collect() }
}

/// What is muted, for a person.
pub(super) fn what(mute: &Mute) -> String {
    let place = |name: &str, namespace: Option<&str>| match namespace {
        Some(namespace) => format!("{name} in {namespace}"),
        None => name.to_owned(),
    };
    match &mute.what {
        Muted::Alert { name, namespace } => place(name, namespace.as_deref()),
        Muted::Incident { alerts, .. } => {
            let names: Vec<String> = alerts.iter().map(|(name, ns)| place(name, ns.as_deref())).collect();
            words::shortened(&names.join(", "))
        }
    }
}

fn what_is(mute: &Mute) -> String {
    match &mute.cluster {
        Some(cluster) => format!("{}, cluster {cluster}", what(mute)),
        None => what(mute),
    }
}

/// The namespaces that a mute is about; none: all of them.
pub(super) fn places(mute: &Mute) -> Vec<String> {
    let named: Option<BTreeSet<String>> = match &mute.what {
        Muted::Alert { namespace, .. } => namespace.clone().map(|namespace| BTreeSet::from([namespace])),
        Muted::Incident { alerts, .. } => alerts.iter().map(|(_, namespace)| namespace.clone()).collect(),
    };
    named.unwrap_or_default().into_iter().collect()
}

/// Whether a mute is named by its id, a part of it, or its alert.
fn is_named(mute: &Mute, text: &str, namespace: Option<&str>) -> bool {
    let id = mute.id.to_string();
    let by_id = text.len() >= 6 && (id.starts_with(text) || id.ends_with(text));
    let fits = |name: &str, ns: Option<&str>| name == text && (namespace.is_none() || ns == namespace);
    by_id
        || match &mute.what {
            Muted::Alert { name, namespace } => fits(name, namespace.as_deref()),
            Muted::Incident { alerts, .. } => alerts.iter().any(|(name, ns)| fits(name, ns.as_deref())),
        }
}

/// Whether a mute keeps alerts of an incident quiet.
fn is_of(mute: &Mute, incident: &Incident) -> bool {
    match &mute.what {
        Muted::Incident { incident: id, .. } => *id == incident.id,
        Muted::Alert { name, namespace } => incident.alerts.values().any(|track| {
            let place = crate::intake::namespace_of(&track.alert);
            track.alert.name == *name && (namespace.is_none() || place == namespace.as_deref())
        }),
    }
}
