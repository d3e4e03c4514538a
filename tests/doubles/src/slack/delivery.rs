//! What the app is sent, in order; acknowledged within three seconds, or sent again.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use super::faults::DeliveryFault;
use super::state::State;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something happened; sent again when it is not acknowledged.
    Event,
    /// A slash command; never sent again, the user sees that it failed.
    Command,
    /// A button, or a view; never sent again.
    Interaction,
}

/// What became of one sending.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// What kind.
    pub kind: Kind,
    /// Which: `app_mention`, `/midwatch`, `block_actions`.
    pub what: String,
    /// 0 for the first sending.
    pub attempt: u32,
    /// From sending to acknowledgement, in real time; none when it was late or lost.
    pub elapsed: Option<Duration>,
}

/// What the app answered to a command or a button.
#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledged {
    /// What the answer carried: a message for the user.
    pub payload: Option<Value>,
    /// How long it took, in real time.
    pub elapsed: Duration,
}

/// Why the user sees that the app did not respond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAcknowledged {
    /// Not within three seconds.
    Late,
    /// The connection broke, or the app answered with an error.
    Failed,
}

impl NotAcknowledged {
    /// As `retry_reason` and `X-Slack-Retry-Reason` name it.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Late => "timeout",
            Self::Failed => "http_error",
        }
    }
}

pub(super) type Ending = oneshot::Sender<Result<Acknowledged, NotAcknowledged>>;

/// Something that is to be sent.
pub(super) struct Delivery {
    pub(super) envelope: String,
    pub(super) kind: Kind,
    pub(super) what: String,
    pub(super) payload: Value,
    pub(super) attempt: u32,
    pub(super) reason: Option<NotAcknowledged>,
    pub(super) fault: Option<DeliveryFault>,
    /// The user who waits for the acknowledgement.
    pub(super) done: Option<Ending>,
}

impl State {
    /// Queues something for the app; faults may repeat it or hold it back.
    pub(super) fn deliver(&mut self, kind: Kind, what: &str, payload: Value, done: Option<Ending>) {
        let envelope = self.id("envelope-");
        let fault = self.delivery_faults.meet(what, &payload);
        let mut delivery =
            Delivery { envelope, kind, what: what.to_owned(), payload, attempt: 0, reason: None, fault: None, done };
        match fault {
            Some(DeliveryFault::AfterNext) => return self.held.push(delivery),
            Some(DeliveryFault::Twice) => {
                let (envelope, payload) = (self.id("envelope-"), delivery.payload.clone());
                let what = what.to_owned();
                let again =
                    Delivery { envelope, kind, what, payload, attempt: 0, reason: None, fault: None, done: None };
                self.backlog.push_back(delivery);
                self.backlog.push_back(again);
                return self.release();
            }
            other => delivery.fault = other,
        }
        self.backlog.push_back(delivery);
        self.release();
    }

    /// Queues what was held back.
    pub(super) fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.backlog.extend(held);
    }

    /// The next thing to send over this way.
    pub(super) fn take(&mut self, socket: bool, wanted: impl Fn(Kind) -> bool) -> Option<Delivery> {
        if socket == self.targets.is_some() {
            return None;
        }
        let at = self.backlog.iter().position(|d| wanted(d.kind))?;
        self.backlog.remove(at)
    }

    /// The app acknowledged.
    pub(super) fn acknowledged(&mut self, delivery: Delivery, payload: Option<Value>, elapsed: Duration) {
        self.receipt(&delivery, Some(elapsed));
        if let Some(done) = delivery.done {
            let _ = done.send(Ok(Acknowledged { payload, elapsed }));
        }
    }

    /// The app did not acknowledge: an event is sent again, a user is told.
    pub(super) fn missed(&mut self, delivery: Delivery, why: NotAcknowledged) {
        self.receipt(&delivery, None);
        if let Some(done) = delivery.done {
            let _ = done.send(Err(why));
        } else if delivery.kind == Kind::Event && delivery.attempt < self.options.retries {
            let envelope = self.id("envelope-");
            let attempt = delivery.attempt + 1;
            self.backlog.push_back(Delivery { envelope, attempt, reason: Some(why), ..delivery });
        }
    }

    fn receipt(&mut self, delivery: &Delivery, elapsed: Option<Duration>) {
        let Delivery { kind, what, attempt, .. } = delivery;
        self.receipts.push(Receipt { kind: *kind, what: what.clone(), attempt: *attempt, elapsed });
    }
}
