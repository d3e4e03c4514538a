//! What Discord delivers, as what was [`Heard`].
//!
//! Pure: whether a channel is a thread is handed in. One message is heard once, however it came in and however often: its id
//! is made of the message. Must never hear what Midwatch says itself, nor take a person's words for an alert. Start at
//! [`Listening::message`] and [`interaction`].

pub(crate) mod interaction;
mod markup;
mod post;
pub(crate) mod tolerant;

use std::collections::BTreeSet;

use jiff::Timestamp;
use midwatch_service::heard::{Heard, Place, Said};
use midwatch_service::id::MessageId;
use midwatch_service::job::{Actor, Origin};
use serenity::model::channel::{Message, MessageType};
use serenity::model::event::MessageUpdateEvent;

use self::post::Read;

/// What this platform calls itself.
pub(crate) const DISCORD: &str = "discord";

/// What is listened to, and for what.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// The guild, by its id: what comes from elsewhere is not heard.
    pub guild: String,
    /// Ids of channels where posts of other programs are alerts.
    pub alert_channels: BTreeSet<String>,
    /// Ids of channels where what was said is read that nobody listened to, beside those of alerts.
    pub channels: BTreeSet<String>,
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Me {
    /// The bot, as a user.
    pub(crate) user: String,
    /// The application.
    pub(crate) application: String,
    /// Whether the bot may read what messages say that do not name it.
    pub(crate) may_read: bool,
}

/// A message as it was delivered.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    /// The message.
    pub(crate) message: Box<Message>,
    /// Whether it was delivered because it says something else than before.
    pub(crate) edited: bool,
    /// Whether it was read in a channel that is known; what is read tells no guild.
    pub(crate) read: bool,
}

impl Delivered {
    /// A new message that the gateway brings.
    pub(crate) fn new(message: Message) -> Self {
        Self { message: Box::new(message), edited: false, read: false }
    }

    /// A message that was read in a channel of the guild, as it is now; or for what an edit made of it.
    pub(crate) fn read(message: Message, edited: bool) -> Self {
        Self { message: Box::new(message), edited, read: true }
    }

    /// What an edit delivers; none when nobody edited: links are unfurled and threads begun in updates, too.
    pub(crate) fn edit(event: &MessageUpdateEvent) -> Option<Self> {
        event.author.as_ref()?;
        event.edited_timestamp?;
        let mut message = Message::default();
        event.apply_to_message(&mut message);
        Some(Self { message: Box::new(message), edited: true, read: false })
    }

    /// The channel or thread it stands in.
    pub(crate) fn channel(&self) -> String {
        self.message.channel_id.to_string()
    }
}

/// Where a message stands.
struct Stands {
    channel: String,
    root: Option<String>,
}

impl Stands {
    /// A message of a channel, or of a thread of `parent`. A thread's own first message, as in a forum, begins it.
    fn of(message: &Message, parent: Option<&str>) -> Self {
        let (channel, id) = (message.channel_id.to_string(), message.id.to_string());
        match parent {
            None => Self { channel, root: None },
            Some(parent) => Self { channel: parent.to_owned(), root: Some(channel).filter(|thread| *thread != id) },
        }
    }
}

impl Listening {
    /// Whether something may be heard of this message, before it is known whether its channel is a thread.
    pub(crate) fn concerns(&self, delivered: &Delivered, me: &Me) -> bool {
        let Delivered { message, edited, read } = delivered;
        // What the gateway brings without a guild is a direct message.
        let here = message.guild_id.map_or(*read, |guild| guild.to_string() == self.guild);
        let by_program = is_of_a_program(message);
        // What persons correct is left alone: they were answered.
        here && is_said(message) && !is_own(message, me) && (by_program || !edited)
    }

    /// What a message tells; none when it is nothing for us. `parent` is the channel of the thread it stands in.
    pub(crate) fn message(
        &self,
        delivered: &Delivered,
        parent: Option<&str>,
        me: &Me,
        now: Timestamp,
    ) -> Option<Heard> {
        if !self.concerns(delivered, me) {
            return None;
        }
        let stands = Stands::of(&delivered.message, parent);
        if is_of_a_program(&delivered.message) {
            self.posted(delivered, stands, me, now)
        } else {
            self.said(&delivered.message, stands, me, now)
        }
    }

    /// A message of another program.
    fn posted(&self, delivered: &Delivered, stands: Stands, me: &Me, now: Timestamp) -> Option<Heard> {
        let Delivered { message, edited, .. } = delivered;
        if stands.root.is_some() || !self.alert_channels.contains(&stands.channel) {
            return None;
        }
        let said = match post::read(message, me.may_read) {
            Read::Post(post) => Said::Post { post, edited: *edited },
            Read::Not(why) => Said::Unreadable {
                why: format!("the message {} in channel {} cannot be read: {why}", message.id, stands.channel),
            },
        };
        let revision = match message.edited_timestamp.filter(|_| *edited) {
            Some(at) => at.unix_timestamp_nanos().to_string(),
            None => "post".to_owned(),
        };
        let id = format!("discord:{}:{}:{revision}", message.channel_id, message.id);
        let actor = Actor {
            // A post is no person: its channel was bound to alerts by the operator, as a webhook's address is.
            platform: "webhook".to_owned(),
            workspace: Some(self.guild.clone()),
            user: DISCORD.to_owned(),
            groups: Vec::new(),
            channel: Some(stands.channel.clone()),
        };
        Some(heard(id, actor, place(stands, Some(message.id.to_string())), said, now))
    }

    /// A message of a person.
    fn said(&self, message: &Message, stands: Stands, me: &Me, now: Timestamp) -> Option<Heard> {
        let listed = message.mentions.iter().any(|user| user.id.to_string() == me.user);
        let worded = markup::names(&message.content, &me.user);
        // A reply to a message of ours at the top names us without a word about it ("thanks!"): it asks for nothing new, and
        // belongs to the thread that begins there.
        let answers = stands.root.is_none() && (listed || worded) && is_answer(message, me);
        let stands = if answers { Stands { root: Some(answered(message)?), ..stands } } else { stands };
        let named = worded || (listed && !answers);
        let name = |id: &str| message.mentions.iter().find(|user| user.id.to_string() == id).map(|u| u.name.clone());
        let text = markup::typed(&message.content, &me.user, name);
        let said = match (named, &stands.root) {
            (true, _) => Said::Mention { text },
            // Without the right to read it, or when only a picture was sent, there are no words.
            (false, Some(_)) if !text.is_empty() => Said::Message { text },
            // What people say at the top of a channel to each other is none of ours.
            (false, _) => return None,
        };
        let actor = Actor {
            platform: DISCORD.to_owned(),
            workspace: Some(self.guild.clone()),
            user: message.author.id.to_string(),
            groups: message.member.iter().flat_map(|member| &member.roles).map(ToString::to_string).collect(),
            channel: Some(stands.channel.clone()),
        };
        let id = format!("discord:{}:{}", message.channel_id, message.id);
        Some(heard(id, actor, place(stands, Some(message.id.to_string())), said, now))
    }
}

fn place(stands: Stands, message: Option<String>) -> Place {
    Place {
        platform: DISCORD.to_owned(),
        channel: stands.channel,
        root: stands.root.map(MessageId),
        message: message.map(MessageId),
        direct: false,
    }
}

/// What nobody waits for.
fn heard(id: String, actor: Actor, place: Place, said: Said, now: Timestamp) -> Heard {
    let origin = Origin { actor, request_id: id.clone() };
    Heard { id, at: now, origin, place, said, reply: None, waits: false }
}

/// Whether someone said it; Discord's own notes (a thread was begun, a message was pinned) are messages as well.
fn is_said(message: &Message) -> bool {
    matches!(
        message.kind,
        MessageType::Regular
            | MessageType::InlineReply
            | MessageType::ChatInputCommand
            | MessageType::ContextMenuCommand
    )
}

/// Whether a message that names us is a reply to one of ours. Who only replies names nobody else; who also writes our name
/// may reply to anyone.
fn is_answer(message: &Message, me: &Me) -> bool {
    let to = message.referenced_message.as_ref();
    message.kind == MessageType::InlineReply && to.is_none_or(|to| to.author.id.to_string() == me.user)
}

/// The message that is replied to.
fn answered(message: &Message) -> Option<String> {
    Some(message.message_reference.as_ref()?.message_id?.to_string())
}

fn is_of_a_program(message: &Message) -> bool {
    message.author.bot || message.webhook_id.is_some()
}

fn is_own(message: &Message, me: &Me) -> bool {
    let by_application = message.application_id.is_some_and(|id| id.to_string() == me.application);
    by_application || message.author.id.to_string() == me.user
}

#[cfg(test)]
mod tests;
