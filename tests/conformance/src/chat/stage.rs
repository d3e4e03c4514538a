//! What a platform's double lets a test do and see, in words of the conversation.
//!
//! Must never name anything that only one platform has: what differs is the stage's own matter. Start at [`Stage`].

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_service::button::Action;
use midwatch_service::id::MessageId;
use midwatch_service::inbox::Ears;
use midwatch_service::port::chat::{ChatPlatform, Directory};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// May do everything.
    Alice,
    /// May do nothing.
    Bob,
}

/// What another program posts in the channel, which is bound to alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sample {
    /// One alert, in the form that a well-known program gives it.
    Alert {
        /// Its labels, `alertname` among them.
        labels: BTreeMap<&'static str, String>,
        /// Whether it fires; else it is resolved.
        firing: bool,
    },
    /// Words that are no alert.
    Chatter(&'static str),
}

/// What goes wrong with a call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused as one too many, to come again after so many seconds.
    TooMany(u64),
    /// The platform's own error; it was not done.
    ErrorBefore,
    /// The platform's own error, although it was done.
    ErrorAfter,
    /// It was done, and the connection broke before the answer.
    AnswerLost,
    /// No answer came in time; it was done afterwards.
    LandsLate,
}

/// Which call of ours meets a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The next new message.
    Message,
    /// The next report.
    Report,
    /// The next edit.
    Edit,
}

/// A message as people see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its id; empty when it was shown to one person.
    pub id: MessageId,
    /// The first message of its thread, when it is a reply.
    pub thread: Option<MessageId>,
    /// Whether it is ours.
    pub ours: bool,
    /// Everything that is read in it.
    pub text: String,
    /// Its buttons now.
    pub buttons: Vec<Action>,
    /// Files that came with it: name and content.
    pub files: Vec<(String, String)>,
    /// Who alone sees it.
    pub private_to: Option<Person>,
    /// How often it was edited.
    pub edits: usize,
}

/// A try to send or to edit something in the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// When, by the stage's clock.
    pub at: Timestamp,
    /// Whether it was an edit.
    pub edit: bool,
    /// Whether it was refused as one too many.
    pub too_many: bool,
}

/// A platform's double with one channel, which Midwatch is in and which is bound to alerts, and two people in it.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The platform under test, pointed at the double.
    fn platform(&self) -> Arc<dyn ChatPlatform>;

    /// What it knows of channels and people.
    fn directory(&self) -> Arc<dyn Directory>;

    /// The platform's id of the channel.
    fn channel(&self) -> String;

    /// The platform's id of a person.
    fn id(&self, person: Person) -> String;

    /// From now on these ears hear what is said, and no others.
    async fn listen(&self, ears: Arc<dyn Ears>);

    /// A person gives a slash command in the channel; what was answered on the spot. Fails when nobody acknowledged it.
    async fn command(&self, by: Person, text: &str) -> Option<String>;

    /// A person names us in a message, at the top or in a thread.
    fn mention(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId;

    /// A person says something that names nobody.
    fn say(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId;

    /// Another program posts.
    fn post(&self, sample: &Sample) -> MessageId;

    /// It edits its post.
    fn edit(&self, message: &MessageId, sample: &Sample);

    /// A person presses a button of a message, as it was when it had the button. Fails when nobody acknowledged it.
    async fn press(&self, by: Person, message: &MessageId, action: Action);

    /// Everything in the channel, replies and private messages included, in the order it came.
    fn seen(&self) -> Vec<Seen>;

    /// Plans a fault.
    fn fail(&self, which: Which, fault: Fault);

    /// From now on everything that is said is delivered twice.
    fn twice(&self);

    /// Nothing that was said is still to be delivered.
    async fn delivered(&self);

    /// Takes us out of the channel.
    fn remove_bot(&self);

    /// Makes it impossible to look up what was sent in a thread: too much was said there, or the platform cannot tell.
    fn bury(&self, thread: &MessageId);

    /// Text that would act on this platform: mentions, links, markup.
    fn hostile(&self) -> String;

    /// What in our messages acts though no message of ours ever may: mentions, links, markup of the outside. None: well.
    fn acting(&self) -> Vec<String>;

    /// Every try of ours to send or to edit, in order.
    fn tries(&self) -> Vec<Try>;

    /// What the platform refused for its form, and limits that were not kept but for planned faults. None: well.
    fn offences(&self) -> Vec<String>;
}
