//! A clock that a test moves by hand, while sockets and disks run in real time.
//!
//! Start at [`Hand`].

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_service::clock::{Clock, after};
use tokio::sync::watch;

/// The clock.
pub struct Hand(watch::Sender<Timestamp>);

impl Hand {
    /// Stands at this moment.
    pub fn at(moment: Timestamp) -> Self {
        Self(watch::Sender::new(moment))
    }

    /// Moves on, and wakes who waited for what has passed.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = after(*now, by));
    }

    /// Moves on to this moment, never back.
    pub fn advance_to(&self, moment: Timestamp) {
        self.0.send_modify(|now| *now = moment.max(*now));
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        // Its sender lives as long as it does.
        let _ = self.0.subscribe().wait_for(|now| *now >= moment).await;
    }
}
