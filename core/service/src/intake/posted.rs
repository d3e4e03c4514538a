//! Posts of other programs: their alerts are looked up where they can be, and delivered with what finds their incident
//! again.
//!
//! Must never fail because the place where alerts are looked up does. Start at [`Intake::take_post`].

use std::time::Duration;

use midwatch_conversation::posted::PostedAlerts;
use midwatch_diagnosis::alert::Alert;
use tracing::warn;

use super::settings::IntakeSettings;
use super::{Delivery, Hang, Intake, Receipt, Refused, alias};
use crate::job::Origin;
use crate::port::alerts::AlertSource;
use crate::posts::{Resolved, resolve};

/// Time to look alerts up. What is told by the post itself is good enough to begin with.
const LOOK_UP: Duration = Duration::from_secs(3);

impl Intake {
    /// Takes the alerts of a post of another program. A new incident's thread hangs on the post; alerts that a webhook
    /// brought before stay where they are. The same post again, edited or not, finds its incident.
    ///
    /// # Errors
    /// See [`Refused`]; nothing of it was taken then.
    pub async fn take_post(
        &self,
        post: PostedAlerts,
        hang: Hang,
        origin: Origin,
        cluster: Option<String>,
        alerts: Option<&dyn AlertSource>,
    ) -> Result<Receipt, Refused> {
        let fires = post.alerts.iter().any(|alert| alert.firing);
        let (firing, note) = match alerts.filter(|_| fires) {
            Some(source) => looked_up(source).await,
            None => (None, None),
        };
        let mut delivery = delivery_of_post(hang, &post, firing.as_deref(), origin, cluster, &self.parts.settings);
        delivery.notes.extend(note);
        self.deliver(delivery).await
    }
}

/// The alerts that fire, or a note for the thread that says why they are not known.
async fn looked_up(source: &dyn AlertSource) -> (Option<Vec<Alert>>, Option<String>) {
    let why = match tokio::time::timeout(LOOK_UP, source.firing()).await {
        Ok(Ok(firing)) => return (Some(firing), None),
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => format!("no answer within {} s", LOOK_UP.as_secs()),
    };
    let name = source.name();
    warn!(source = name, why, "the alerts of a post could not be looked up");
    (None, Some(format!("the labels are only those that the post tells: {name} could not be asked ({why})")))
}

/// A post as a delivery: from the platform, found again by the message and by its title, shown below the message.
fn delivery_of_post(
    hang: Hang,
    posted: &PostedAlerts,
    firing: Option<&[Alert]>,
    origin: Origin,
    cluster: Option<String>,
    settings: &IntakeSettings,
) -> Delivery {
    let Resolved { alerts, told } = resolve(posted, firing);
    let cluster = cluster.or_else(|| named(posted, settings));
    let by_post = alias::of_post(&hang);
    let mut aliases = vec![by_post.clone()];
    if posted.summary {
        for alert in &posted.alerts {
            aliases.extend(alias::of_values(&alert.name, &alert.values, cluster.as_deref(), settings));
        }
    }
    let group = posted.group.as_ref().map(|group| {
        let place = cluster.as_deref().unwrap_or_default();
        alias::short(format!("{}:{place}:{group}", posted.source))
    });
    let read = u64::try_from(alerts.len() + told.len()).unwrap_or(u64::MAX);
    // A summary stands for all of its group; a list that is shorter than its title says was cut.
    let truncated = posted.count.filter(|_| !posted.summary).map_or(0, |count| count.saturating_sub(read));
    Delivery {
        source: hang.platform.clone(),
        group_key: Some(group.unwrap_or(by_post)),
        alerts,
        told,
        truncated,
        cluster,
        origin,
        aliases,
        place: Some(hang),
        notes: Vec::new(),
    }
}

/// The cluster of ours that a post names, when it names one only.
fn named(posted: &PostedAlerts, settings: &IntakeSettings) -> Option<String> {
    let tells = |cluster: &&String| {
        posted.alerts.iter().all(|alert| {
            alert.labels.get("cluster") == Some(cluster)
                || (!alert.labels.contains_key("cluster") && alert.values.contains(cluster))
        })
    };
    let mut named = settings.clusters.iter().filter(tells);
    named.next().filter(|_| named.next().is_none()).cloned()
}
