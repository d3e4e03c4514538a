//! Permissions of the Kubernetes API that a ServiceAccount lacks, and what events tell of it: which rule is
//! missing and which object should hold it.
//!
//! Start at [`missing_permission`], which logs use too. Matching follows the API server's authorizer:
//! <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole>. A denial that the roles seen
//! now would allow is over. Must not blame the roles that come with a cluster.

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Point, Reason, Role};
use crate::kube::{Event, PolicyRule, RoleBinding, Subject};
use crate::view::View;

use super::ask::{Ask, line, parse};
use crate::detect::nearest::likeness;
use crate::detect::say;

/// Label of the roles that the API server makes itself: they are widened in nobody's name.
const BUILT_IN: &str = "kubernetes.io/bootstrapping";

/// What is missing, and where.
pub(crate) struct Permission {
    /// The object whose change grants it.
    pub(crate) blame: EntityRef,
    /// The whole in one sentence.
    pub(crate) claim: String,
    /// The command that grants it.
    pub(crate) fix: String,
    /// The command that tells whether it is granted.
    pub(crate) check: String,
    /// What it stands on.
    pub(crate) proof: Vec<Point>,
    /// Medium where the bindings that decide could not be read.
    pub(crate) confidence: Confidence,
    /// The roles seen now allow it: the denial is past.
    pub(crate) granted: bool,
}

/// Something that binds a role.
struct Grant<'a> {
    binding: EntityRef,
    subjects: &'a [Subject],
    role: EntityRef,
    /// None when the role was not seen.
    rules: Option<&'a [PolicyRule]>,
    built_in: bool,
}

/// Why a request was refused.
pub(crate) fn missing_permission(view: &View, ask: &Ask<'_>) -> Permission {
    let grants = grants(view, ask);
    let mine: Vec<&Grant<'_>> = grants.iter().filter(|g| g.subjects.iter().any(|s| ask.is(s, &g.binding))).collect();
    let granted = mine.iter().any(|g| g.rules.is_some_and(|rules| rules.iter().any(|r| ask.allowed_by(r))));
    let named: Vec<&&Grant<'_>> =
        mine.iter().filter(|g| g.subjects.iter().any(|s| ask.is_account(s, &g.binding))).collect();
    let about_it = |g: &&&&Grant<'_>| g.rules.is_some_and(|rules| rules.iter().any(|r| ask.concerns(r)));
    let own = |g: &&&&Grant<'_>| g.rules.is_some() && !g.built_in;
    let dangling = |g: &&&&Grant<'_>| view.absent(&g.role);
    if let Some(g) = named.iter().filter(own).find(about_it) {
        return lacks(ask, g, granted);
    }
    if let Some(g) = named.iter().find(dangling) {
        return no_such_role(ask, g, granted);
    }
    if let Some((g, subject)) = misdirected(&grants, ask) {
        return wrong_subject(ask, g, subject, granted);
    }
    match named.iter().find(own) {
        Some(g) => lacks(ask, g, granted),
        None => unbound(view, ask, granted),
    }
}

impl Ask<'_> {
    fn permission(&self, blame: EntityRef, why: &str, fix: String, granted: bool) -> Permission {
        let claim = format!("{}: {why}; the missing rule is {}", self.says(), self.rule());
        let (check, confidence) = (self.check(), Confidence::High);
        Permission { blame, claim, fix, check, proof: Vec::new(), confidence, granted }
    }
}

fn point(text: impl Into<String>, about: &EntityRef, says: impl Into<String>) -> Point {
    Point { text: text.into(), evidence: evidence::object(about, says) }
}

fn subjects(grant: &Grant<'_>) -> String {
    let name = |s: &Subject| {
        let ns = if s.namespace.is_empty() { String::new() } else { format!("{}/", s.namespace) };
        format!("{} {ns}{}", s.kind, s.name)
    };
    say::some(grant.subjects.iter().map(name), 3)
}

/// A bound role that does not allow it.
fn lacks(ask: &Ask<'_>, grant: &Grant<'_>, granted: bool) -> Permission {
    let rules = grant.rules.unwrap_or_default();
    let limited = rules.iter().any(|r| ask.concerns(r) && !r.resource_names.is_empty());
    let near: Vec<String> = rules.iter().filter(|r| ask.concerns(r)).map(line).collect();
    let has = if near.is_empty() { rules.iter().map(line).collect() } else { near };
    let has = if has.is_empty() { "no rules".to_owned() } else { say::some(has, 3) };
    let only = if limited { " (it is limited to some resourceNames)" } else { "" };
    let why = format!("{} is bound to it by {} and does not allow that{only}", grant.role, grant.binding);
    let json =
        format!(r#"{{"apiGroups":["{}"],"resources":["{}"],"verbs":["{}"]}}"#, ask.group, ask.resource, ask.verb);
    let fix = format!(
        r#"{} patch {} --type=json -p '[{{"op":"add","path":"/rules/-","value":{json}}}]'"#,
        say::kubectl(&grant.role),
        grant.role.slash()
    );
    let mut found = ask.permission(grant.role.clone(), &why, fix, granted);
    found.proof.push(point(format!("what {} allows", grant.role), &grant.role, has));
    found.proof.push(point("to whom it is bound", &grant.binding, format!("subjects: {}", subjects(grant))));
    found
}

/// A binding to a role that is not there.
fn no_such_role(ask: &Ask<'_>, grant: &Grant<'_>, granted: bool) -> Permission {
    let why = format!("{} gives it {}, which does not exist", grant.binding, grant.role);
    let fix = ask.create_role(&grant.role.name, grant.role.kind == Kind::ClusterRole);
    let mut found = ask.permission(grant.role.clone(), &why, fix, granted);
    found
        .proof
        .push(Point { text: format!("{} does not exist", grant.role), evidence: evidence::absence(&grant.role) });
    found.proof.push(point("the binding", &grant.binding, format!("roleRef: {}", grant.role)));
    found
}

/// A role that would allow it, bound to another account that may have been meant to be this one.
fn misdirected<'a, 'g>(grants: &'g [Grant<'a>], ask: &Ask<'_>) -> Option<(&'g Grant<'a>, &'a Subject)> {
    let (ns, name) = ask.account()?;
    let right = grants.iter().filter(|g| g.rules.is_some_and(|rules| rules.iter().any(|r| ask.allowed_by(r))));
    right.filter(|g| !g.built_in).find_map(|g| {
        let alike = |a: &str| a == name || likeness(a, name) > 0.0;
        let meant = alike(&g.binding.name) || alike(&g.role.name);
        let near = |s: &&Subject| {
            let home = s.namespace.is_empty() || s.namespace == ns;
            s.kind == "ServiceAccount" && (alike(&s.name) || (meant && home))
        };
        Some((g, g.subjects.iter().find(near)?))
    })
}

fn wrong_subject(ask: &Ask<'_>, grant: &Grant<'_>, subject: &Subject, granted: bool) -> Permission {
    let ns = if subject.namespace.is_empty() { grant.binding.ns() } else { &subject.namespace };
    let why =
        format!("{} allows it, but {} gives it to ServiceAccount {ns}/{}", grant.role, grant.binding, subject.name);
    let fix = format!(
        "{} set subject {} {} {}",
        say::kubectl(&grant.binding),
        grant.binding.kind.as_str().to_lowercase(),
        grant.binding.name,
        ask.subject()
    );
    let mut found = ask.permission(grant.binding.clone(), &why, fix, granted);
    // The rule is there; what is missing is the subject.
    found.claim = format!("{}: {why}", ask.says());
    found.proof.push(point("to whom it is bound", &grant.binding, format!("subjects: {}", subjects(grant))));
    let rules = grant.rules.unwrap_or_default();
    let allows = say::some(rules.iter().filter(|r| ask.allowed_by(r)).map(line), 2);
    found.proof.push(point(format!("{} has the rule", grant.role), &grant.role, allows));
    found
}

/// Nothing that was seen is bound to the account for this.
fn unbound(view: &View, ask: &Ask<'_>, granted: bool) -> Permission {
    let account = ask.entity();
    let kind = if ask.scope.is_some() { Kind::RoleBinding } else { Kind::ClusterRoleBinding };
    let seen = view.saw(&kind, ask.scope.unwrap_or_default());
    let ready = ask.scope.and_then(|ns| {
        let fits = |r: &&crate::kube::Role| r.rules.iter().any(|rule| ask.allowed_by(rule));
        view.roles.within(ns).find(fits).map(|r| say::of_meta(Kind::Role, &r.metadata))
    });
    let why = match (seen, &ready) {
        (false, _) => format!("the {} that decide were not read", kind.plural()),
        (true, Some(role)) => format!("{role} allows it, and no {kind} gives it that role"),
        (true, None) => format!("no {kind} gives it a role that allows it"),
    };
    let name = ask.own_name();
    let fix = if let Some(role) = &ready {
        ask.create_binding(&name, role)
    } else {
        let cluster = ask.scope.is_none();
        let role = EntityRef::new(if cluster { Kind::ClusterRole } else { Kind::Role }, "", name.clone());
        format!("{} && {}", ask.create_role(&name, cluster), ask.create_binding(&name, &role))
    };
    let mut found = ask.permission(account.clone(), &why, fix, granted);
    if ready.is_some() {
        found.claim = format!("{}: {why}", ask.says());
    }
    if seen {
        found.proof.push(point(why, &account, format!("no {kind} names it as a subject for this")));
    } else {
        found.confidence = Confidence::Medium;
    }
    found
}

/// Every binding that counts for the request, with its role.
fn grants<'a>(view: &'a View, ask: &Ask<'_>) -> Vec<Grant<'a>> {
    let local = ask.scope.into_iter().flat_map(|ns| {
        view.role_bindings.iter().filter(move |b| b.metadata.namespace == ns).map(|b| grant(view, b, Kind::RoleBinding))
    });
    let wide = view.cluster_role_bindings.iter().map(|b| grant(view, b, Kind::ClusterRoleBinding));
    local.chain(wide).collect()
}

fn grant<'a>(view: &'a View, binding: &'a RoleBinding, kind: Kind) -> Grant<'a> {
    let entity = say::of_meta(kind, &binding.metadata);
    let role = EntityRef::new(Kind::named(&binding.role_ref.kind), entity.ns(), binding.role_ref.name.clone());
    let found = match role.kind {
        Kind::Role => view.roles.get(role.ns(), &role.name),
        _ => view.cluster_roles.get("", &role.name),
    };
    let built_in = found.is_some_and(|r| r.metadata.labels.contains_key(BUILT_IN));
    Grant { binding: entity, subjects: &binding.subjects, role, rules: found.map(|r| r.rules.as_slice()), built_in }
}

/// Denials that events of the window tell.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let recent = view.events().iter().filter(|e| e.last().is_none_or(|at| view.in_window(at)));
    recent.filter_map(|event| denied(view, event)).collect()
}

fn denied(view: &View, event: &Event) -> Option<Finding> {
    let text = event.text().replace("\\\"", "\"");
    let ask = parse(&text)?;
    let found = missing_permission(view, &ask);
    let about = &event.involved_object;
    let subject = view.unit(&EntityRef::new(Kind::named(&about.kind), &about.namespace, about.name.clone()));
    let claim = if found.granted {
        format!("{}; that is over, a role allows it now", ask.says())
    } else {
        format!("{}, which {subject} needs (forbidden)", found.claim)
    };
    let mut finding = Finding::new(Reason::RbacDenied, subject, claim)
        .role(if found.granted { Role::Over } else { Role::Failing })
        .blame(found.blame)
        .points_at(ask.entity())
        .confidence(found.confidence)
        .since(event.first())
        .because("the API server's own words", evidence::event(event));
    finding.proof.extend(found.proof);
    if found.granted {
        return Some(finding);
    }
    let account = ask.entity();
    if view.meta(&account).is_some() {
        finding =
            finding.rules_out(format!("{account} itself: it exists"), evidence::object(&account, "metadata.name"));
    }
    finding =
        finding.rules_out("network and credentials: the API server answered and knew the user", evidence::event(event));
    Some(
        finding.action(format!("grant {}", ask.rule()), Some(found.fix), "low: widens a permission").check(found.check),
    )
}

#[cfg(test)]
mod tests;
