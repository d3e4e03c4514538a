//! Requests that the Kubernetes API refuses, as the log of the one who asked tells them.
//!
//! Start at [`forbidden`]. Which rule is missing, and which object should hold it, is told by [`crate::detect::access`].

use crate::finding::{Finding, Reason};

use super::cause::Told;
use crate::detect::access::ask::Ask;
use crate::detect::access::rbac::missing_permission;

/// Why the API refused.
pub(super) fn forbidden(told: &Told<'_>) -> Finding {
    let (case, values) = (&told.case, &told.hit.values);
    let (Some(verb), Some(resource)) = (values.verb.as_deref(), values.resource.as_deref()) else {
        let claim = format!("{} is forbidden an API request: \"{}\"", case.who(), told.quote());
        return told.done(told.finding(Reason::RbacDenied, claim));
    };
    let account = &case.pod.spec.service_account_name;
    let account = if account.is_empty() { "default" } else { account };
    let own = format!("system:serviceaccount:{}:{account}", case.ns());
    let named = values.user.as_deref().filter(|u| u.starts_with("system:serviceaccount:"));
    let ask = Ask {
        user: named.unwrap_or(&own),
        verb,
        group: values.api_group.as_deref().unwrap_or_default(),
        resource,
        scope: values.scope.as_deref(),
    };
    let missing = missing_permission(case.view, &ask);
    let claim = if missing.granted {
        format!("{} needs what it is refused: {}; the roles seen now allow it", case.who(), ask.says())
    } else {
        format!("{}; {} needs it and is forbidden", missing.claim, case.who())
    };
    let mut finding = told
        .finding(Reason::RbacDenied, claim)
        .blame(missing.blame)
        .points_at(ask.entity())
        .confidence(missing.confidence.min(told.confidence));
    finding.proof.extend(missing.proof);
    if !missing.granted {
        finding = finding
            .action(format!("grant {}", ask.rule()), Some(missing.fix), "low: widens a permission")
            .check(missing.check);
    }
    told.done(finding)
}
