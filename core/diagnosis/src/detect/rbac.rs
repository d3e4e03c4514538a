//! Permissions that are missing, as events tell it. What logs tell is read elsewhere.
//!
//! Start at [`detect`].

use super::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Event, Role as Rules};
use crate::view::View;

/// What was asked and refused.
#[derive(Debug, PartialEq, Eq)]
struct Denied {
    namespace: String,
    account: String,
    verb: String,
    resource: String,
    group: String,
    scope: Option<String>,
}

/// Refusals of the API in events of the window.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    let recent = view.events().iter().filter(|e| e.last().is_some_and(|at| view.in_window(at)));
    recent.filter_map(|event| parse(event.text()).map(|denied| finding(view, event, &denied))).collect()
}

/// `User "system:serviceaccount:ns:name" cannot list resource "leases" in API group "g" in the namespace "ns"`.
fn parse(text: &str) -> Option<Denied> {
    let user = say::between(text, "User ", '"', '"')?.strip_prefix("system:serviceaccount:")?;
    let (namespace, account) = user.split_once(':')?;
    let (_, rest) = text.split_once(" cannot ")?;
    Some(Denied {
        namespace: namespace.to_owned(),
        account: account.to_owned(),
        verb: rest.split(' ').next()?.to_owned(),
        resource: say::between(rest, "resource ", '"', '"')?.to_owned(),
        group: say::between(rest, "API group ", '"', '"').unwrap_or_default().to_owned(),
        scope: say::between(rest, "in the namespace ", '"', '"').map(str::to_owned),
    })
}

fn finding(view: &View, event: &Event, denied: &Denied) -> Finding {
    let about = &event.involved_object;
    let subject = view.unit(&EntityRef::new(Kind::named(&about.kind), &about.namespace, about.name.clone()));
    let account = EntityRef::new(Kind::ServiceAccount, &denied.namespace, denied.account.clone());
    let place =
        denied.scope.as_ref().map_or_else(|| "in the whole cluster".to_owned(), |ns| format!("in namespace {ns}"));
    let group = if denied.group.is_empty() { "core" } else { &denied.group };
    let (blame, why) = blame(view, denied, &account);
    let text = format!("{account} must not {} {} (API group {group}) {place}: {why}", denied.verb, denied.resource);
    // A refusal that was not repeated may have been the moment before its binding was made.
    let again = event.last().is_some_and(|at| view.age(at) < 900);
    let kind = if denied.scope.is_some() { "role" } else { "clusterrole" };
    let namespace = denied.scope.as_ref().map(|ns| format!(" -n {ns}")).unwrap_or_default();
    let resource =
        if denied.group.is_empty() { denied.resource.clone() } else { format!("{}.{}", denied.resource, denied.group) };
    let create = format!(
        "kubectl{namespace} create {kind} {}-{} --verb={} --resource={resource}",
        denied.account, denied.verb, denied.verb
    );
    let can = format!(
        "kubectl{namespace} auth can-i {} {resource} --as=system:serviceaccount:{}:{}",
        denied.verb, denied.namespace, denied.account
    );
    Finding::new(Reason::RbacDenied, subject, text)
        .role(if again { Role::Failing } else { Role::Over })
        .blame(blame)
        .points_at(account)
        .since(event.first())
        .because("the API server's own words", evidence::event(event))
        .action("add the rule to its role (or make one and bind it)", Some(create), "medium: gives a permission")
        .check(can)
}

/// The object that is wrong: a bound role without the rule, a role that is bound and missing, or the account that nothing is bound to.
fn blame(view: &View, denied: &Denied, account: &EntityRef) -> (EntityRef, String) {
    let ns = denied.scope.as_deref().unwrap_or(&denied.namespace);
    let mine = |s: &crate::kube::Subject| {
        s.kind == "ServiceAccount"
            && s.name == denied.account
            && (s.namespace.is_empty() || s.namespace == denied.namespace)
    };
    let local = view.role_bindings.within(ns).filter(|b| b.subjects.iter().any(mine));
    let wide = view.cluster_role_bindings.iter().filter(|b| b.subjects.iter().any(mine));
    for binding in local.chain(wide) {
        let role = EntityRef::new(Kind::named(&binding.role_ref.kind), ns, binding.role_ref.name.clone());
        if view.absent(&role) {
            return (role.clone(), format!("{} names {role}, which is not found", binding.metadata.name));
        }
        let rules = match role.kind {
            Kind::Role => view.roles.get(ns, &role.name),
            _ => view.cluster_roles.get("", &role.name),
        };
        if rules.is_some_and(|r| !grants(r, denied)) && role.kind == Kind::Role {
            return (role.clone(), format!("{role} lacks this rule"));
        }
    }
    (account.clone(), "no role that was read gives it this rule".to_owned())
}

fn grants(role: &Rules, denied: &Denied) -> bool {
    let has = |list: &[String], wanted: &str| list.iter().any(|v| v == "*" || v == wanted);
    role.rules.iter().any(|r| {
        has(&r.verbs, &denied.verb) && has(&r.resources, &denied.resource) && has(&r.api_groups, &denied.group)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn scene(message: &str, age: &str, more: &str) -> Vec<String> {
        let text = format!(
            "
kind: Event
metadata: {{name: e}}
involvedObject: {{kind: Deployment, namespace: shop, name: operator}}
type: Warning
reason: ReconcileError
message: '{message}'
lastTimestamp: AGO({age})
{more}"
        );
        detect(&Scene::default().yaml(&text).view())
            .iter()
            .map(|f| format!("{:?} {} {}", f.role, f.blame[0], f.claim))
            .collect()
    }

    const DENIED: &str = r#"leases.coordination.k8s.io is forbidden: User "system:serviceaccount:shop:operator" cannot update resource "leases" in API group "coordination.k8s.io" in the namespace "shop""#;
    const ROLE: &str = "---
kind: Role
metadata: {name: operator}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, list]}]
---
kind: RoleBinding
metadata: {name: operator}
roleRef: {kind: Role, name: operator}
subjects: [{kind: ServiceAccount, name: operator, namespace: shop}]";

    #[rstest::rstest]
    #[case::no_binding(DENIED, "1m", "", &["Failing ServiceAccount shop/operator ServiceAccount shop/operator must not update leases (API group coordination.k8s.io) in namespace shop: no role that was read gives it this rule"])]
    #[case::rule_missing(DENIED, "1m", ROLE, &["Failing Role shop/operator ServiceAccount shop/operator must not update leases (API group coordination.k8s.io) in namespace shop: Role shop/operator lacks this rule"])]
    #[case::over(DENIED, "40m", ROLE, &["Over Role shop/operator ServiceAccount shop/operator must not update leases (API group coordination.k8s.io) in namespace shop: Role shop/operator lacks this rule"])]
    #[case::quota_is_forbidden_too(r#"pods "a" is forbidden: exceeded quota: q"#, "1m", "", &[])]
    fn refusals(#[case] message: &str, #[case] age: &str, #[case] more: &str, #[case] expected: &[&str]) {
        assert_eq!(scene(message, age, more), expected);
    }
}
