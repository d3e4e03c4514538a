//! What the app is told, in order: by the gateway, and interactions also as requests.

use std::time::Duration;

use serde_json::Value;

use super::faults::DeliveryFault;
use super::state::State;

/// Who hears of something, by the intents of a session. <https://docs.discord.com/developers/events/gateway#gateway-intents>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everyone.
    All,
    /// Who has this intent.
    With(u64),
    /// Who has this intent; what the message says is only for who has the intent for content.
    Sealed(u64),
}

/// Something that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) what: &'static str,
    pub(super) data: Value,
    pub(super) audience: Audience,
    /// The interaction that it is.
    pub(super) interaction: Option<String>,
    pub(super) fault: Option<DeliveryFault>,
}

/// What became of one interaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// Its type: 2 a command, 3 a button, 4 an autocomplete, 5 a modal.
    pub kind: u8,
    /// What it was: the name of the command, or the `custom_id`.
    pub what: String,
    /// From sending to the answer, in real time; none when it was late or lost.
    pub elapsed: Option<Duration>,
}

impl State {
    /// Queues something for the app; faults may repeat it or hold it back.
    pub(super) fn deliver(&mut self, what: &'static str, audience: Audience, data: Value) {
        self.send_out(Delivery { what, data, audience, interaction: None, fault: None });
    }

    /// Queues it as it is told to whom.
    pub(super) fn send_out(&mut self, mut delivery: Delivery) {
        match self.delivery_faults.meet(delivery.what, &delivery.data) {
            Some(DeliveryFault::AfterNext) => return self.held.push(delivery),
            Some(DeliveryFault::Twice) => self.queue(delivery.clone()),
            other => delivery.fault = other,
        }
        self.queue(delivery);
        self.release();
    }

    /// Queues what was held back.
    pub(super) fn release(&mut self) {
        for held in std::mem::take(&mut self.held) {
            self.queue(held);
        }
    }

    fn queue(&mut self, delivery: Delivery) {
        if delivery.interaction.is_some() && self.endpoint.is_some() {
            self.posts.push_back(delivery);
        } else {
            self.sessions.dispatch(&delivery);
        }
    }
}
