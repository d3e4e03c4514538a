//! A cluster: the kubeconfig, the API server, its clock, every permission that reading needs.

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::port::EvidenceSource as _;
use midwatch_config::Settings;
use midwatch_kubernetes::{Cluster, PermissionCheck};

use crate::live;

use midwatch_service::check::Check;

/// A difference of clocks that moves events and logs against each other visibly.
const CLOCK_WARN: SignedDuration = SignedDuration::from_secs(5);

/// Tokens and certificates stop being valid around here.
const CLOCK_FAIL: SignedDuration = SignedDuration::from_mins(5);

/// Looks at one cluster; what comes after a failure is not asked.
pub(super) async fn checks(settings: &Settings, context: Option<&str>, name: String) -> Vec<Check> {
    let cluster = match live::connect(settings, context).await {
        Ok(cluster) => cluster,
        Err(error) => return vec![Check::fail(name, "cannot be set up", error.to_string())],
    };
    let version = match cluster.version().await {
        Ok(version) => version,
        Err(why) => {
            let fix = format!("try `kubectl{} version`", kubectl_context(context));
            return vec![Check::fail(name, format!("{}: {why}", cluster.describe()), fix)];
        }
    };
    let mut checks = vec![Check::ok(name.clone(), format!("{}, Kubernetes {version}", cluster.describe()))];
    checks.push(clock(&cluster, &name).await);
    checks.extend(permissions(&cluster, settings, &name).await);
    checks
}

fn kubectl_context(context: Option<&str>) -> String {
    context.map(|name| format!(" --context {}", midwatch_diagnosis::shell::word(name))).unwrap_or_default()
}

async fn clock(cluster: &Cluster, name: &str) -> Check {
    let name = format!("{name}: clock");
    let asked = Timestamp::now();
    match cluster.server_time().await {
        Ok(Some(theirs)) => differing(name, theirs.duration_since(asked)),
        Ok(None) => Check::warn(name, "the API server does not tell its time", "nothing to do; a proxy may hide it"),
        Err(why) => Check::warn(name, format!("could not be asked: {why}"), "try again"),
    }
}

fn differing(name: String, ahead: SignedDuration) -> Check {
    // The API server tells whole seconds.
    let apart = ahead.abs();
    let what = format!("differs by {} s from this machine's", apart.as_secs());
    let fix = "synchronise both clocks (chrony, systemd-timesyncd); until then times in reports are off by as much";
    match apart {
        _ if apart >= CLOCK_FAIL => Check::fail(name, what, fix),
        _ if apart >= CLOCK_WARN => Check::warn(name, what, fix),
        _ => Check::ok(name, what),
    }
}

async fn permissions(cluster: &Cluster, settings: &Settings, name: &str) -> Vec<Check> {
    let name = format!("{name}: permissions");
    let answers = cluster.permissions(&settings.kubernetes.namespaces).await;
    let unknown: Vec<_> = answers.iter().filter_map(|check| check.allowed.as_ref().err()).collect();
    if let Some(why) = unknown.first() {
        let what = format!("{} of {} could not be asked: {why}", unknown.len(), answers.len());
        return vec![Check::fail(name, what, "try again; if it stays, read the API server's log")];
    }
    let missing: Vec<_> = answers.iter().filter(|check| check.allowed == Ok(false)).collect();
    if missing.is_empty() {
        return vec![Check::ok(name, format!("all {} that reading needs", answers.len()))];
    }
    missing.into_iter().map(|check| lacking(&name, check)).collect()
}

/// Without pods, events or logs there is nothing to go by; other kinds leave gaps, which reports name.
fn lacking(name: &str, check: &PermissionCheck) -> Check {
    let resource = check.subresource.map_or_else(|| check.resource.clone(), |sub| format!("{}/{sub}", check.resource));
    let place = check.namespace.as_ref().map(|ns| format!(" in {ns}")).unwrap_or_default();
    let what = format!("may not {} {resource}{place}", check.verb);
    let fix = format!("grant this rule:\n{}", check.fix);
    let needed = check.group.is_empty() && matches!(check.resource.as_str(), "pods" | "events");
    if needed { Check::fail(name, what, fix) } else { Check::warn(name, what, fix) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use midwatch_service::check::Outcome::{Fail, Ok, Warn};

    #[test]
    fn clocks() {
        let of = |seconds: i64| differing("c".to_owned(), SignedDuration::from_secs(seconds)).result;
        assert_eq!([of(0), of(-4), of(5), of(-299), of(300)], [Ok, Ok, Warn, Warn, Fail]);
    }
}
