//! Alerts that other programs post.
//!
//! Must never drop a post in silence: what is no alert is counted, what could not be read or taken is told to the
//! operator. Start at [`Desk::posted`].

use midwatch_conversation::posted::{self, Post};

use super::{Desk, run};
use crate::health::Status;
use crate::heard::Place;
use crate::intake::{Hang, Refused};
use crate::port::store::{DueHeard, Write};

/// The name under which alert posts report their health.
pub(super) const HEALTH: &str = "alert posts";

impl Desk {
    /// A post in a channel that is bound to alerts. Taking the same alerts twice does no harm, so they are taken first.
    pub(super) async fn posted(&self, due: &DueHeard, post: &Post) -> Result<&'static str, Refused> {
        let heard = due.heard.as_ref();
        let result = match (posted::read(post), hang(&heard.place)) {
            (Some(alerts), Some(hang)) => {
                let key = (heard.place.platform.clone(), heard.place.channel.clone());
                let cluster = self.parts.settings.channels.get(&key).and_then(|defaults| defaults.cluster.clone());
                let source = self.parts.alerts.as_deref();
                let taken = self.parts.intake.take_post(alerts, hang, heard.origin.clone(), cluster, source).await;
                match taken {
                    Ok(_) => {
                        self.parts.health.report(HEALTH, Status::Up, "", None, self.now());
                        "ok"
                    }
                    // A full queue empties; alerts wait for it rather than for a person.
                    Err(refused @ Refused::Busy { .. }) => return Err(refused),
                    Err(refused) if run::may_be_tried_again(&refused) => return Err(refused),
                    Err(refused) => {
                        self.deaf_to_posts(&heard.place, &refused.to_string());
                        "refused"
                    }
                }
            }
            _ => "ignored",
        };
        self.close(due).await?;
        Ok(result)
    }

    /// A post that the platform's library could not model.
    pub(super) async fn unreadable(&self, due: &DueHeard, why: &str) -> Result<&'static str, Refused> {
        self.deaf_to_posts(&due.heard.place, why);
        self.close(due).await?;
        Ok("unreadable")
    }

    /// Tells the operator that a post was not taken.
    pub(super) fn deaf_to_posts(&self, place: &Place, why: &str) {
        let Place { platform, channel, .. } = place;
        tracing::error!(platform, channel, "a post in an alert channel was not taken: {why}");
        let reason = format!(
            "a post in channel {channel} of {platform} was not taken: {why}; look at it there, and report it if it is an alert"
        );
        self.parts.health.report(HEALTH, Status::Degraded, &reason, None, self.now());
    }

    async fn close(&self, due: &DueHeard) -> Result<(), Refused> {
        Ok(self.parts.store.commit(self.now(), vec![Write::Handled(due.taken.clone())]).await?)
    }
}

/// The message that the alerts' thread hangs on.
fn hang(place: &Place) -> Option<Hang> {
    let root = place.root.as_ref().or(place.message.as_ref())?;
    Some(Hang { platform: place.platform.clone(), channel: place.channel.clone(), root: root.clone() })
}
