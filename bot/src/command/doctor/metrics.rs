//! Prometheus: whether it answers, and its version.

use midwatch_config::PrometheusSettings;

use crate::live;

use midwatch_service::check::Check;

const NAME: &str = "prometheus";

/// Looks at Prometheus.
pub(super) async fn checks(settings: &PrometheusSettings) -> Vec<Check> {
    let Some(url) = &settings.url else {
        let fix = "set prometheus.url, or --prometheus URL; without it reports cannot speak of rates and usage";
        return vec![Check::warn(NAME, "none is configured", fix)];
    };
    let prometheus = match live::prometheus(settings) {
        Ok(Some(prometheus)) => prometheus,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Check::fail(NAME, "cannot be set up", error.to_string())],
    };
    vec![match prometheus.check().await {
        Ok(health) => {
            let version = health.version.map(|version| format!(" {version}")).unwrap_or_default();
            Check::ok(NAME, format!("{url}: Prometheus{version}, a query took {} ms", health.latency.as_millis()))
        }
        Err(why) => {
            Check::fail(NAME, format!("{url}: {why}"), "check prometheus.url, its credentials and the network between")
        }
    }]
}
