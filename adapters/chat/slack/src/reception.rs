//! The one way in: what either connection brings is written down, and only then acknowledged.
//!
//! Must do one durable write for each delivery and nothing else: the connection waits for it, and Slack gives 3 s. Start
//! at [`Reception::take`].

use std::sync::Arc;
use std::time::Duration;

use midwatch_conversation::answer::Answer;
use midwatch_redact::Redacted;
use midwatch_service::clock::SharedClock;
use midwatch_service::health::{Health, Status};
use midwatch_service::heard::Heard;
use midwatch_service::inbox::{Ack, Ears};
use midwatch_service::intake::Refused;
use midwatch_service::post::{PostBody, Private};
use serde_json::{Value, json};

use crate::blocks::{self, Look};
use crate::heard::{Listening, command, interaction};

/// Time to write down what came in: what is left of Slack's 3 s
/// (<https://docs.slack.dev/interactivity/implementing-slash-commands>) is for the network.
const WRITE: Duration = Duration::from_millis(2_500);

/// The name under which what comes from Slack reports its health.
pub const HEALTH: &str = "slack";

/// What Slack delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An `event_callback`.
    Event,
    /// A slash command.
    Command,
    /// A pressed button, and other interactions.
    Interaction,
}

/// What to tell Slack.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    /// It was taken, or is nothing for us.
    Taken,
    /// It was taken; this is shown to who sent it.
    Say(Value),
    /// It was not taken: Slack is to deliver it again.
    Again,
}

/// What both connections hand over to.
#[derive(Clone)]
pub struct Reception {
    /// Where it is written down.
    pub ears: Arc<dyn Ears>,
    /// The time.
    pub clock: SharedClock,
    /// Where trouble is told.
    pub health: Arc<Health>,
    /// What is listened to.
    pub listening: Listening,
}

impl Reception {
    /// Takes one delivery.
    pub(crate) async fn take(&self, kind: Kind, payload: &Value) -> Reply {
        let now = self.clock.now();
        let heard = match kind {
            Kind::Event => self.listening.event(payload, now),
            Kind::Command => command(payload, now),
            Kind::Interaction => interaction(payload, now),
        };
        let Some(heard) = heard else {
            let told = payload.pointer("/event/type").or_else(|| payload.get("type")).and_then(Value::as_str);
            tracing::debug!(?kind, what = told.unwrap_or("?"), "nothing for us");
            return Reply::Taken;
        };
        self.write(kind, heard).await
    }

    async fn write(&self, kind: Kind, heard: Heard) -> Reply {
        let id = heard.id.clone();
        match tokio::time::timeout(WRITE, self.ears.hear(heard)).await {
            Ok(Ok(Ack::Silent)) => self.took(Reply::Taken),
            Ok(Ok(Ack::Say(answer))) => self.took(Reply::Say(ephemeral(&answer))),
            Ok(Err(refused)) => self.refused(kind, &id, &refused),
            Err(_) => {
                tracing::error!(id, "not written down within {} ms", WRITE.as_millis());
                Reply::Again
            }
        }
    }

    /// Nothing comes in any more.
    pub(crate) fn down(&self, why: &str) {
        self.health.report(HEALTH, Status::Down, why, None, self.clock.now());
    }

    /// What is sent comes in.
    pub(crate) fn up(&self) {
        self.health.report(HEALTH, Status::Up, "", None, self.clock.now());
    }

    fn took(&self, reply: Reply) -> Reply {
        self.up();
        reply
    }

    /// A person who waits is told at once; what nobody waits for is delivered again.
    fn refused(&self, kind: Kind, id: &str, refused: &Refused) -> Reply {
        tracing::error!(id, "not taken: {refused}");
        let again = matches!(refused, Refused::Storage(_) | Refused::Busy { .. } | Refused::Draining);
        if again {
            let why = format!("what comes from Slack is not taken: {refused}");
            self.health.report(HEALTH, Status::Degraded, &why, None, self.clock.now());
        }
        match kind {
            Kind::Command => Reply::Say(json!({
                "response_type": "ephemeral",
                "text": format!("This was not taken ({}). {}", refused.code().as_str(), escaped(&refused.to_string())),
            })),
            Kind::Event | Kind::Interaction if again => Reply::Again,
            Kind::Event | Kind::Interaction => Reply::Taken,
        }
    }
}

/// An answer that only who asked sees, as the reply to a command: it holds no evidence. Without tables and plans, for a reply
/// that Slack does not take is an error to the person, and cannot be sent again.
fn ephemeral(answer: &Redacted<Answer>) -> Value {
    let look = Look { plan: false, table: false };
    let private = |answer: &Answer| PostBody::Private(Private { answer: answer.clone(), ..Private::default() });
    let shown = answer.map(private).map_with(look, blocks::render);
    json!({"response_type": "ephemeral", "text": shown.text, "blocks": shown.wire()})
}

/// Text that is shown as it is: <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
