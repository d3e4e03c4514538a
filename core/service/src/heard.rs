//! What was said to Midwatch, as it came in: written down before anyone is told that it was heard, handled afterwards.
//!
//! Data only; how it is handled is in `inbox`. Must never hold what only one platform understands, but for the handles
//! that go back to it unread. Start at [`Heard`].

use jiff::Timestamp;
use midwatch_conversation::posted::Post;
use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

use crate::id::MessageId;
use crate::job::Origin;

/// Bytes of a text that are heard; what is beyond is cut off, and the answer says so.
pub const TEXT_CAP: usize = 4_000;

/// Where something was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The platform: `slack`.
    pub platform: String,
    /// The channel, by the platform's id.
    pub channel: String,
    /// The first message of the thread it was said in; none at the top of the channel.
    pub root: Option<MessageId>,
    /// The message itself; a slash command has none.
    pub message: Option<MessageId>,
    /// Whether only the one who speaks and Midwatch are there.
    pub direct: bool,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Said {
    /// A slash command's words, without the command.
    Command {
        /// The words.
        text: String,
    },
    /// A message that names Midwatch, without the name; or any message where only the two are.
    Mention {
        /// The words.
        text: String,
    },
    /// A message of a person that names nobody, in a thread.
    Message {
        /// The words.
        text: String,
    },
    /// A post of another program in a channel that is bound to alerts.
    Post {
        /// What it says.
        post: Box<Post>,
        /// Whether it replaces what the same message said before.
        edited: bool,
    },
    /// A post of another program that could not be read: reported, never dropped.
    Unreadable {
        /// Why, for the operator.
        why: String,
    },
    /// A button was pressed: [`Button`](crate::button::Button) as it was written.
    Press {
        /// What the button carries.
        button: String,
    },
}

/// Something that was said, by whom and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The platform's name for this delivery. The same again is the same thing delivered twice: it is heard once.
    pub id: String,
    /// When it came in.
    pub at: Timestamp,
    /// Who spoke.
    pub origin: Origin,
    /// Where.
    pub place: Place,
    /// What.
    pub said: Said,
    /// The platform's handle for a private reply, good for some minutes.
    pub reply: Option<String>,
    /// Whether who spoke is shown a sign of waiting until something is said by that handle: then something always is.
    #[serde(default)]
    pub waits: bool,
}

impl Heard {
    /// What is handled one after the other: a thread, or the top of a channel for one user. A message that is no reply is
    /// the beginning of its own thread.
    pub fn lane(&self) -> String {
        let Place { platform, channel, root, message, .. } = &self.place;
        let place = root.as_ref().or(message.as_ref()).map_or(self.origin.actor.user.as_str(), |id| id.0.as_str());
        format!("{platform}\n{channel}\n{place}")
    }
}

impl Redact for Heard {
    fn redact(&mut self, redactor: &Redactor) {
        match &mut self.said {
            Said::Command { text }
            | Said::Mention { text }
            | Said::Message { text }
            | Said::Unreadable { why: text } => {
                text.redact(redactor);
            }
            Said::Post { post, .. } => post.redact(redactor),
            Said::Press { .. } => {}
        }
    }
}
