//! Alertmanager: whether it answers, and its version.

use midwatch_config::AlertmanagerSettings;

use crate::live;

use midwatch_service::check::Check;

const NAME: &str = "alertmanager";

/// Looks at Alertmanager.
pub(super) async fn checks(settings: &AlertmanagerSettings) -> Vec<Check> {
    let alertmanager = match live::alertmanager(settings) {
        Ok(Some(alertmanager)) => alertmanager,
        Ok(None) => {
            let fix = "set alertmanager.url to poll it and to look alerts up; webhooks work without";
            return vec![Check::warn(NAME, "none is configured", fix)];
        }
        Err(error) => return vec![Check::fail(NAME, "cannot be set up", error.to_string())],
    };
    let place = alertmanager.place();
    vec![match alertmanager.status().await {
        Ok(status) => Check::ok(NAME, format!("{place}, version {}, cluster {}", status.version, status.cluster)),
        Err(why) => {
            let fix = "check alertmanager.url, its credentials and the network between";
            Check::fail(NAME, format!("{place}: {why}"), fix)
        }
    }]
}
