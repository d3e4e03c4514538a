//! Slash commands, buttons and forms, as what was [`Heard`].
//!
//! Pure. Who did it waits and sees that they wait, so each carries the handle of its private answer. Must never take the words
//! of a form for anything but a question. Start at [`command`], [`press`] and [`form`].

use jiff::Timestamp;
use midwatch_service::heard::{Heard, Said};
use midwatch_service::id::JobId;
use midwatch_service::job::{Actor, Origin};
use serde_json::{Value, json};
use serenity::model::application::{
    ActionRowComponent, CommandInteraction, ComponentInteraction, Interaction, ModalInteraction,
};
use serenity::model::channel::{Message, PartialChannel};
use serenity::model::guild::Member;
use serenity::model::id::{ChannelId, GuildId, InteractionId};
use serenity::model::user::User;

use super::{DISCORD, Stands, place};
use crate::commands;
use crate::embeds::ASK;

/// The name of the form's only field.
const QUESTION: &str = "question";

/// Characters of a question; Discord's own bound:
/// <https://docs.discord.com/developers/components/reference#text-input>.
const QUESTION_CAP: u16 = 4_000;

/// What every interaction tells of who did it and where.
struct Done<'a> {
    id: InteractionId,
    token: &'a str,
    guild: Option<GuildId>,
    channel: Option<&'a PartialChannel>,
    channel_id: ChannelId,
    user: &'a User,
    member: Option<&'a Member>,
    parent: Option<&'a str>,
}

/// The channel of an interaction that does not tell whether it is a thread, or of which channel: it has to be asked for.
pub(crate) fn unplaced(done: &Interaction) -> Option<ChannelId> {
    let (id, channel) = match done {
        Interaction::Command(done) | Interaction::Autocomplete(done) => (done.channel_id, done.channel.as_ref()),
        Interaction::Component(done) => (done.channel_id, done.channel.as_ref()),
        Interaction::Modal(done) => (done.channel_id, done.channel.as_ref()),
        _ => return None,
    };
    channel.is_none_or(|channel| is_in_thread(channel) && channel.parent_id.is_none()).then_some(id)
}

/// What a slash command tells. `parent` is the channel of the thread it was given in, where that was asked for.
pub(crate) fn command(done: &CommandInteraction, parent: Option<&str>, now: Timestamp) -> Heard {
    let said = Said::Command { text: commands::words(&done.data) };
    of_command(done, parent).heard(said, None, now)
}

/// Who types a slash command.
pub(crate) fn typist(done: &CommandInteraction, parent: Option<&str>) -> Actor {
    let done = of_command(done, parent);
    done.actor(&done.stands(None).channel)
}

fn of_command<'a>(done: &'a CommandInteraction, parent: Option<&'a str>) -> Done<'a> {
    Done {
        id: done.id,
        token: &done.token,
        guild: done.guild_id,
        channel: done.channel.as_ref(),
        channel_id: done.channel_id,
        user: &done.user,
        member: done.member.as_deref(),
        parent,
    }
}

/// What a pressed button tells.
pub(crate) fn press(done: &ComponentInteraction, parent: Option<&str>, now: Timestamp) -> Heard {
    let said = Said::Press { button: done.data.custom_id.clone() };
    let pressed = Done {
        id: done.id,
        token: &done.token,
        guild: done.guild_id,
        channel: done.channel.as_ref(),
        channel_id: done.channel_id,
        user: &done.user,
        member: done.member.as_ref(),
        parent,
    };
    pressed.heard(said, Some(&done.message), now)
}

/// What a form that was sent tells; none when it is none of ours.
pub(crate) fn form(done: &ModalInteraction, parent: Option<&str>, now: Timestamp) -> Option<Heard> {
    let job = asked_about(&done.data.custom_id)?;
    let fields = done.data.components.iter().flat_map(|row| &row.components);
    let question = fields.into_iter().find_map(|field| match field {
        ActionRowComponent::InputText(input) if input.custom_id == QUESTION => input.value.as_deref(),
        _ => None,
    })?;
    // A thread may hold several jobs, and the form was opened for one. Behind `--` no word is taken for a flag.
    let said = Said::Command { text: format!("ask --of={job} -- {}", question.trim()) };
    let sent = Done {
        id: done.id,
        token: &done.token,
        guild: done.guild_id,
        channel: done.channel.as_ref(),
        channel_id: done.channel_id,
        user: &done.user,
        member: done.member.as_ref(),
        parent,
    };
    Some(sent.heard(said, done.message.as_deref(), now))
}

/// The job that a button or a form asks about.
pub(crate) fn asked_about(custom_id: &str) -> Option<JobId> {
    custom_id.strip_prefix(ASK)?.parse().ok()
}

/// A form for a question about a job, as a callback's data:
/// <https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal>.
pub(crate) fn blank_form(job: JobId) -> Value {
    json!({
        "custom_id": format!("{ASK}{job}"),
        "title": "Ask about this investigation",
        "components": [{"type": 1, "components": [{
            "type": 4, "custom_id": QUESTION, "style": 2, "label": "Your question", "required": true,
            "min_length": 1, "max_length": QUESTION_CAP, "placeholder": "why do you rule out the node?"
        }]}]
    })
}

impl Done<'_> {
    /// The channel, and the thread in it. What is done below a message at the top of a channel belongs to that message.
    fn stands(&self, message: Option<&Message>) -> Stands {
        let here = self.channel_id.to_string();
        match thread_of(self.channel).or_else(|| self.parent.map(str::to_owned)) {
            Some(parent) => Stands { channel: parent, root: Some(here) },
            None => Stands { channel: here, root: message.map(|message| message.id.to_string()) },
        }
    }

    fn actor(&self, channel: &str) -> Actor {
        Actor {
            platform: DISCORD.to_owned(),
            workspace: self.guild.map(|guild| guild.to_string()),
            user: self.user.id.to_string(),
            groups: self.member.iter().flat_map(|member| &member.roles).map(ToString::to_string).collect(),
            channel: Some(channel.to_owned()),
        }
    }

    fn heard(&self, said: Said, message: Option<&Message>, now: Timestamp) -> Heard {
        let id = format!("discord:interaction:{}", self.id);
        let stands = self.stands(message);
        let origin = Origin { actor: self.actor(&stands.channel), request_id: id.clone() };
        let place = place(stands, message.map(|message| message.id.to_string()));
        Heard { id, at: now, origin, place, said, reply: Some(self.token.to_owned()), waits: true }
    }
}

/// The parent of a channel that is a thread.
fn thread_of(channel: Option<&PartialChannel>) -> Option<String> {
    channel.filter(|channel| is_in_thread(channel))?.parent_id.map(|parent| parent.to_string())
}

fn is_in_thread(channel: &PartialChannel) -> bool {
    channel.thread_metadata.is_some() || is_thread(channel.kind)
}

/// Whether channels of this kind are threads.
pub(crate) fn is_thread(kind: serenity::model::channel::ChannelType) -> bool {
    use serenity::model::channel::ChannelType;
    matches!(kind, ChannelType::NewsThread | ChannelType::PublicThread | ChannelType::PrivateThread)
}
