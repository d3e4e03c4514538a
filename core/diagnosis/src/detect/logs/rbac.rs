//! Permissions of the Kubernetes API that a ServiceAccount lacks: which rule is missing, and which object should hold it.
//!
//! Start at [`forbidden`]. A Role that is bound but lacks the verb is blamed itself; a Role that would allow it but is
//! bound to another account leaves the blame with the binding; without either it is the account's.

use crate::entity::{EntityRef, Kind};
use crate::evidence::object;
use crate::finding::{Finding, Reason};
use crate::kube::{PolicyRule, Role, RoleBinding};
use crate::shell::word;
use crate::view::View;

use super::cause::Told;
use crate::detect::nearest::likeness;

/// What was asked for.
struct Wanted<'a> {
    ns: &'a str,
    account: &'a str,
    verb: &'a str,
    resource: &'a str,
    group: &'a str,
    /// Namespace of the request; none at the cluster scope.
    scope: Option<&'a str>,
}

/// A binding and the role that it grants, where both were seen.
struct Grant<'a> {
    binding: EntityRef,
    subjects: &'a RoleBinding,
    role: EntityRef,
    rules: Option<&'a Role>,
}

/// Why the API refused.
pub(super) fn forbidden(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let values = &told.hit.values;
    let user = values.user.as_deref().unwrap_or_default();
    let mut parts = user.strip_prefix("system:serviceaccount:").unwrap_or_default().splitn(2, ':');
    let own =
        if case.pod.spec.service_account_name.is_empty() { "default" } else { &case.pod.spec.service_account_name };
    let (ns, account) = match (parts.next().filter(|n| !n.is_empty()), parts.next()) {
        (Some(ns), Some(name)) => (ns, name),
        _ => (case.ns(), own),
    };
    let (Some(verb), Some(resource)) = (values.verb.as_deref(), values.resource.as_deref()) else {
        let claim = format!("{} is forbidden an API request: \"{}\"", case.who(), told.quote());
        return told.done(told.finding(Reason::RbacDenied, claim));
    };
    let scope = values.scope.as_deref();
    let wanted = Wanted { ns, account, verb, resource, group: values.api_group.as_deref().unwrap_or_default(), scope };
    explain(told, &wanted)
}

fn explain(told: &Told<'_>, wanted: &Wanted<'_>) -> Finding {
    let view = told.case.view;
    let account = EntityRef::new(Kind::ServiceAccount, wanted.ns, wanted.account);
    let place = wanted.scope.map_or_else(|| "in the whole cluster".to_owned(), |ns| format!("in namespace {ns}"));
    let group = if wanted.group.is_empty() { "core".to_owned() } else { wanted.group.to_owned() };
    let grants = grants(view, wanted);
    let mine: Vec<&Grant<'_>> = grants.iter().filter(|g| names(g.subjects, wanted)).collect();
    let others = || grants.iter().find(|g| g.rules.is_some_and(|r| allows(r, wanted)));
    let (blame, why) = if let Some(g) = mine.iter().find(|g| g.rules.is_some()) {
        (g.role.clone(), format!("{} is bound to it by {} and lacks this rule", g.role, g.binding))
    } else if let Some(g) = mine.iter().find(|g| view.absent(&g.role)) {
        (g.role.clone(), format!("{} names {}, which does not exist", g.binding, g.role))
    } else if let Some(g) = others() {
        (g.binding.clone(), format!("{} allows it, but {} gives it to {}", g.role, g.binding, subjects(g.subjects)))
    } else if let Some(role) = well_named(view, wanted) {
        (role.clone(), format!("no binding gives it {role}"))
    } else {
        (account.clone(), "no binding that was seen gives it this rule".to_owned())
    };
    let claim = format!(
        "{account} must not {} {} (API group {group}) {place}: {why}; {} needs it and is forbidden",
        wanted.verb,
        wanted.resource,
        told.case.who()
    );
    let mut finding =
        told.finding(Reason::RbacDenied, claim).because(why, object(&blame, missing_rule(wanted))).blame(blame.clone());
    finding.points_at.insert(account);
    let roles = if wanted.scope.is_some() {
        (Kind::Role, Kind::RoleBinding)
    } else {
        (Kind::ClusterRole, Kind::ClusterRoleBinding)
    };
    for kind in [roles.0, roles.1] {
        if !view.saw(&kind, wanted.scope.unwrap_or_default()) {
            finding = finding.confidence(crate::finding::Confidence::Medium);
        }
    }
    told.done(actions(finding, wanted, &blame))
}

fn actions(finding: Finding, wanted: &Wanted<'_>, blame: &EntityRef) -> Finding {
    let name = format!("{}-{}-{}", wanted.account, wanted.verb, wanted.resource.replace('/', "-"));
    let resource = if wanted.group.is_empty() {
        wanted.resource.to_owned()
    } else {
        format!("{}.{}", wanted.resource, wanted.group)
    };
    let (name, resource, verb) = (word(&name), word(&resource), word(wanted.verb));
    let account = format!("{}:{}", word(wanted.ns), word(wanted.account));
    let (who, as_user) = (format!("--serviceaccount={account}"), format!("--as=system:serviceaccount:{account}"));
    let (make, check) = match wanted.scope.map(word) {
        Some(ns) => (
            format!(
                "kubectl -n {ns} create role {name} --verb={verb} --resource={resource} && kubectl -n {ns} create rolebinding {name} --role={name} {who}"
            ),
            format!("kubectl auth can-i {verb} {resource} -n {ns} {as_user}"),
        ),
        None => (
            format!(
                "kubectl create clusterrole {name} --verb={verb} --resource={resource} && kubectl create clusterrolebinding {name} --clusterrole={name} {who}"
            ),
            format!("kubectl auth can-i {verb} {resource} -A {as_user}"),
        ),
    };
    let edit = super::say::edit(blame);
    let finding = match blame.kind {
        Kind::Role | Kind::ClusterRole => {
            finding.action(format!("add to {blame}: {}", missing_rule(wanted)), Some(edit), "low: widens a permission")
        }
        Kind::RoleBinding | Kind::ClusterRoleBinding => finding.action(
            format!("name ServiceAccount {}/{} in {blame}", wanted.ns, wanted.account),
            Some(edit),
            "low: widens a permission",
        ),
        _ => finding,
    };
    finding
        .check(check.clone())
        .action("or give it a role of its own", Some(make), "low: widens a permission")
        .check(check)
}

/// The rule that is missing, as one line of YAML.
fn missing_rule(wanted: &Wanted<'_>) -> String {
    format!(
        "- {{apiGroups: [\"{}\"], resources: [\"{}\"], verbs: [\"{}\"]}}",
        wanted.group, wanted.resource, wanted.verb
    )
}

/// All bindings that could give the permission, with their roles.
fn grants<'a>(view: &'a View, wanted: &Wanted<'_>) -> Vec<Grant<'a>> {
    let local = view.role_bindings.iter().filter(|b| wanted.scope == Some(b.metadata.namespace.as_str()));
    let global = view.cluster_role_bindings.iter().map(|b| (Kind::ClusterRoleBinding, b));
    local
        .map(|b| (Kind::RoleBinding, b))
        .chain(global)
        .map(|(kind, b)| {
            let ns = b.metadata.namespace.as_str();
            let role = EntityRef::new(Kind::named(&b.role_ref.kind), ns, b.role_ref.name.clone());
            let rules = match role.kind {
                Kind::Role => view.roles.get(ns, &role.name),
                _ => view.cluster_roles.get("", &role.name),
            };
            Grant { binding: EntityRef::new(kind, ns, b.metadata.name.clone()), subjects: b, role, rules }
        })
        .collect()
}

/// Whether a binding names the account.
fn names(binding: &RoleBinding, wanted: &Wanted<'_>) -> bool {
    binding.subjects.iter().any(|s| {
        let ns = if s.namespace.is_empty() { binding.metadata.namespace.as_str() } else { &s.namespace };
        s.kind == "ServiceAccount" && s.name == wanted.account && ns == wanted.ns
    })
}

fn subjects(binding: &RoleBinding) -> String {
    let all: Vec<String> = binding.subjects.iter().map(|s| format!("{} {}", s.kind, s.name)).collect();
    if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
}

fn allows(role: &Role, wanted: &Wanted<'_>) -> bool {
    let holds = |list: &[String], value: &str| list.iter().any(|v| v == "*" || v == value);
    let fits = |r: &PolicyRule| {
        holds(&r.verbs, wanted.verb)
            && holds(&r.resources, wanted.resource)
            && holds(&r.api_groups, wanted.group)
            && r.resource_names.is_empty()
    };
    role.rules.iter().any(fits)
}

/// A Role of the request's namespace that is named like the account.
fn well_named(view: &View, wanted: &Wanted<'_>) -> Option<EntityRef> {
    let ns = wanted.scope?;
    let roles = view.roles.within(ns).map(|r| r.metadata.name.as_str());
    let named = roles
        .filter(|n| *n == wanted.account || likeness(n, wanted.account) > 0.0 || n.starts_with(wanted.account))
        .min();
    named.map(|n| EntityRef::new(Kind::Role, ns, n))
}
