//! People of a platform, whichever it is: the same conversation is held on every one of them.

mod people;
mod workspace;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_doubles::discord::{self, Discord};
use midwatch_doubles::slack::{self, Slack};
use sha2::{Digest as _, Sha256};

use self::people::People;
use self::workspace::Workspace;
use crate::chat::{By, permissions};
use crate::support::{CASE, Place};
use crate::{chat, guild};

/// Channels that people talk in, and as many where alerts are posted: one alone would only show its limit.
pub(crate) const CHANNELS: u64 = 10;

/// A message of ours, as a platform shows it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its id, which grows with time.
    pub(crate) id: u64,
    /// The hash of its key.
    pub(crate) tag: String,
    /// What people read.
    pub(crate) reads: String,
    /// How often it was edited.
    pub(crate) edits: usize,
    /// Whether it is the report: it has the button that shows its evidence.
    pub(crate) is_report: bool,
    /// What its buttons carry.
    pub(crate) buttons: Vec<String>,
    handle: Handle,
}

/// The message as its platform knows it.
#[derive(Clone, Debug)]
enum Handle {
    Slack(Box<slack::Message>),
    Discord { channel: String, message: String },
}

/// What people do on a platform, and what they see.
#[async_trait]
pub(crate) trait Crowd: Send + Sync {
    /// What threads call the platform.
    fn name(&self) -> &'static str;

    /// A channel that people talk in.
    fn talk(&self, number: u64) -> String;

    /// A channel where alerts are posted.
    fn alerts(&self, number: u64) -> String;

    /// Someone asks for an investigation; what the thread will hang on.
    fn mention(&self, channel: &str, text: &str) -> String;

    /// Someone says something in a thread; the message.
    fn say(&self, channel: &str, root: &str, text: &str) -> String;

    /// Alertmanager posts; what the thread will hang on.
    fn alert(&self, channel: &str, name: &str, service: &str) -> String;

    /// Someone investigates by a command; how long until it was acknowledged, if it was in time.
    async fn investigate(&self, channel: &str) -> Option<Duration>;

    /// Someone gives one of several quick commands.
    async fn quick(&self, channel: &str, number: usize) -> Option<Duration>;

    /// Someone presses a button, by what it carries.
    async fn press(&self, on: &Shown, button: &str) -> Option<Duration>;

    /// Our messages in a thread, in the order they came; none when it is not there yet.
    fn thread(&self, channel: &str, root: &str) -> Vec<Shown>;

    /// Our messages in a channel and its threads.
    fn own(&self, channel: &str) -> Vec<Shown>;

    /// Where it was heard, as the id of what was heard.
    fn heard(&self, channel: &str, root: Option<&str>, message: &str) -> String;

    /// The hash of a key, as a message carries it.
    fn tag(&self, key: &str) -> String;

    /// Whether a dead server's messages come late instead of being read again in their order.
    fn redelivers(&self) -> bool;

    /// From now on nothing goes wrong.
    fn calm(&self);

    /// Whether a server listens, and was sent everything.
    fn is_still(&self) -> bool;

    /// Calls that were made to the platform, and how many of them met a fault.
    fn calls(&self) -> (usize, usize);

    /// Everything, for a test that fails.
    fn told(&self) -> String;
}

/// Both platforms, and one server on them.
pub(crate) struct Both {
    pub(crate) crowds: [Arc<dyn Crowd>; 2],
    pub(crate) slack: Arc<Slack>,
    pub(crate) discord: Arc<Discord>,
    pub(crate) place: Place,
}

impl Both {
    /// Channels to talk in and channels with alerts on both; no limits but our own. `extra` is more configuration.
    pub(crate) async fn new(extra: &str) -> Both {
        let options = slack::Options { limits: slack::Limits::none(), retries: 1_000, ..slack::Options::default() };
        let bound: Vec<String> = (0..CHANNELS).map(workspace::alerts).collect();
        let team = Arc::new(chat::workspace(options, &bound).await);
        for number in 0..CHANNELS {
            team.add_channel(&workspace::talk(number), &format!("talk-{number}"), &[chat::ANN, chat::BOB]);
        }
        let options = discord::Options { limits: discord::Limits::none(), ..discord::Options::default() };
        let bound_there: Vec<String> = (0..CHANNELS).map(people::alerts).collect();
        let people = Arc::new(guild::guild(options, &bound_there).await);
        let talk: Vec<String> = (0..CHANNELS).map(people::talk).collect();
        for (number, id) in talk.iter().enumerate() {
            people.add_channel(id, &format!("talk-{number}"));
        }
        let config = [
            chat::section(&team, By::Sockets, &bound),
            guild::section(&people, By::Sockets, &talk, &bound_there),
            permissions(&[
                ("slack", chat::ANN),
                ("slack", chat::BOB),
                ("discord", guild::ANN),
                ("discord", guild::BOB),
            ]),
            extra.to_owned(),
        ];
        let place = Place::new(CASE, &config.concat()).await;
        let (code, _, told) = place.run(&["discord", "register"], &[]).await;
        assert_eq!(code, Some(0), "{told}");
        let crowds: [Arc<dyn Crowd>; 2] = [Arc::new(Workspace(team.clone())), Arc::new(People(people.clone()))];
        Both { crowds, slack: team, discord: people, place }
    }

    /// Waits until a server listens on both; not for long, for it may be held up.
    pub(crate) async fn listened_to(&self) {
        let listens = async {
            while self.slack.sockets() == 0 || self.discord.identified() == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), listens).await;
    }
}

/// The beginning of a key's SHA-256, in hexadecimal.
fn hash(key: &str, bytes: usize) -> String {
    Sha256::digest(key.as_bytes()).iter().take(bytes).fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}
