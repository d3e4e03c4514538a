//! `investigate`, and everything else that hands in an investigation: `retry`, and buttons.
//!
//! Must never start anything before the permission, the channel and the allowance were asked, in this order: whoever may
//! not start it uses nothing up. Start at [`Desk::investigate`].

use jiff::SignedDuration;
use midwatch_agent::request::{Depth, Request};
use midwatch_conversation::answer::Answer;
use midwatch_conversation::command;

use super::settings::ChannelDefaults;
use super::turn::{Done, To, Turn, Way};
use super::{Desk, words};
use crate::heard::Place;
use crate::id::ThreadId;
use crate::intake::{Ask, Refused, Reply, namespaces_of};
use crate::job::{Job, Task};
use crate::policy::Verb;
use crate::port::store::Write;

/// An investigation that is to be handed in.
pub(super) struct Start {
    pub(super) request: Request,
    pub(super) cluster: Option<String>,
    pub(super) verb: Verb,
    /// By this pack, as an earlier job was.
    pub(super) pack: Option<String>,
    pub(super) reply: Reply,
    /// What was understood, for the thread that exists already.
    pub(super) told: Option<String>,
    /// What is written with it.
    pub(super) also: Vec<Write>,
}

impl Desk {
    pub(super) async fn investigate(&self, turn: &Turn, asked: command::Investigate) -> Result<Done, Refused> {
        let nothing_named = asked.words.is_empty() && asked.namespace.is_none();
        if nothing_named && turn.thread.is_some() {
            return self.retry(turn, None).await;
        }
        let told = format!("On it: {}.", words::investigating(&asked));
        let (defaults, place) = (self.defaults(turn), asked.place());
        let cluster = self.cluster(asked.cluster)?.or(defaults.cluster);
        let text = Some(asked.words.join(" ")).filter(|text| !text.trim().is_empty());
        let request = Request {
            text,
            namespace: place.or(defaults.namespace),
            lookback: asked.since.unwrap_or(SignedDuration::ZERO),
            depth: asked.depth.map_or_else(|| self.depth(turn), depth_of),
            ..Request::default()
        };
        let (verb, reply) = (Verb::Investigate, Self::reply(turn));
        self.start(turn, Start { request, cluster, verb, pack: None, reply, told: Some(told), also: Vec::new() }).await
    }

    /// The same request as an earlier job's, as of now.
    pub(super) fn again(turn: &Turn, job: &Job, verb: Verb) -> Start {
        let request = Request { as_of: None, ..job.spec.request.clone() };
        let reply = job.spec.thread.map_or_else(|| Self::reply(turn), Reply::Existing);
        let told = Some(format!("Investigating again, after job {}.", words::short(job.spec.id)));
        let (cluster, pack) = (job.spec.cluster.clone(), Some(job.spec.pack.name.clone()));
        Start { request, cluster, verb, pack, reply, told, also: Vec::new() }
    }

    /// Hands in an investigation, in one commit with what marks the wish as handled.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was started then.
    pub(super) async fn start(&self, turn: &Turn, start: Start) -> Result<Done, Refused> {
        let Start { request, cluster, verb, pack, reply, told, mut also } = start;
        self.permit(turn, verb, cluster.as_deref(), &namespaces_of(&request)).await?;
        if let Some(place) = begins_in(turn, &reply)
            && let Some(invitation) = self.invitation(place).await
        {
            return Ok(Done::person(Answer::text(format!("Midwatch cannot answer in this channel yet. {invitation}"))));
        }
        self.spend_a_start(turn)?;
        also.extend(self.closing(turn));
        if let (Reply::Existing(_), Some(told), Way::Message(_)) = (&reply, told, &turn.way) {
            also.extend(self.said(turn, To::Here, Answer::text(told)));
        }
        let ask = Ask {
            request,
            cluster,
            task: Task::Investigate,
            verb,
            origin: turn.origin.clone(),
            deadline: None,
            pack,
            reply,
            dedup: Some(format!("heard:{}", turn.delivery)),
            also,
        };
        self.parts.intake.ask(ask).await.map(Done::started)
    }

    /// Counts something that is started, once for each delivery.
    ///
    /// # Errors
    /// When who asks, or the place, has started too much lately.
    pub(super) fn spend_a_start(&self, turn: &Turn) -> Result<(), Refused> {
        let taken = self.allowance.take(&turn.delivery, &turn.origin.actor);
        taken.map_err(|spent| words::spent(&spent, self.parts.settings.model))
    }

    /// Where the answer to something new goes.
    pub(super) fn reply(turn: &Turn) -> Reply {
        if let Some(thread) = &turn.thread {
            return Reply::Existing(thread.id);
        }
        match (turn.hang(), turn.place()) {
            (Some(hang), _) => Reply::Below(hang),
            (None, Some(place)) => Reply::Thread { platform: place.platform.clone(), channel: place.channel.clone() },
            (None, None) => Reply::Caller,
        }
    }

    /// The thread that a caller or a place has already.
    pub(super) fn thread_id(turn: &Turn) -> Option<ThreadId> {
        turn.thread.as_ref().map(|thread| thread.id)
    }

    /// What is meant in the channel when it is not said.
    pub(super) fn defaults(&self, turn: &Turn) -> ChannelDefaults {
        let key = turn.place().map(|place| (place.platform.clone(), place.channel.clone()));
        key.and_then(|key| self.parts.settings.channels.get(&key)).cloned().unwrap_or_default()
    }

    fn cluster(&self, named: Option<String>) -> Result<Option<String>, Refused> {
        let known = &self.parts.settings.clusters;
        match named {
            Some(name) if !known.contains(&name) => {
                let there = if known.is_empty() { "none has a name".to_owned() } else { known.join(", ") };
                Err(Refused::Invalid(format!("there is no cluster `{name}`; there are: {there}")))
            }
            named => Ok(named),
        }
    }

    /// As thorough as the pack that would take it.
    fn depth(&self, turn: &Turn) -> Depth {
        let pack = self.parts.packs.for_verb(Verb::Investigate, turn.origin.actor.channel.as_deref());
        pack.map(|pack| pack.depth).unwrap_or_default()
    }
}

fn depth_of(depth: command::Depth) -> Depth {
    match depth {
        command::Depth::Quick => Depth::Quick,
        command::Depth::Standard => Depth::Standard,
        command::Depth::Deep => Depth::Deep,
    }
}

/// Where a thread would begin: perhaps we cannot speak there. Who is heard in a channel is not always answered there: on
/// Discord, that takes permissions of its own.
fn begins_in<'a>(turn: &'a Turn, reply: &Reply) -> Option<&'a Place> {
    match (&turn.way, reply) {
        (Way::Slash(place), Reply::Thread { .. }) => Some(place),
        (Way::Message(place), Reply::Below(_)) if place.root.is_none() => Some(place),
        _ => None,
    }
}
