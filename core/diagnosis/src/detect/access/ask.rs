//! A request that the API server refused: what was asked, which rules would allow it, and the commands that grant it.
//!
//! Start at [`parse`] and [`Ask::allowed_by`], which follows the API server's authorizer:
//! <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources>.

use crate::entity::{EntityRef, Kind};
use crate::kube::{PolicyRule, Subject};
use crate::shell::word;

use crate::detect::say;

/// A request that was refused.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) user: &'a str,
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    /// None for a request at the cluster scope.
    pub(crate) scope: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// Namespace and name of the ServiceAccount.
    pub(super) fn account(&self) -> Option<(&'a str, &'a str)> {
        self.user.strip_prefix("system:serviceaccount:")?.split_once(':')
    }

    pub(crate) fn entity(&self) -> EntityRef {
        match self.account() {
            Some((ns, name)) => EntityRef::new(Kind::ServiceAccount, ns, name),
            None => EntityRef::new(Kind::Other("User".to_owned()), "", self.user),
        }
    }

    /// `jobs.batch`, `pods/log`, `deployments.apps/scale`: as kubectl takes it.
    pub(super) fn resource(&self) -> String {
        let (resource, sub) = self.resource.split_once('/').map_or((self.resource, ""), |(r, s)| (r, s));
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        let sub = if sub.is_empty() { String::new() } else { format!("/{sub}") };
        format!("{resource}{group}{sub}")
    }

    pub(super) fn place(&self) -> String {
        self.scope.map_or_else(|| "in the whole cluster".to_owned(), |ns| format!("in namespace {ns}"))
    }

    /// `ServiceAccount shop/a cannot list jobs.batch in namespace shop`.
    pub(crate) fn says(&self) -> String {
        format!("{} cannot {} {} {}", self.entity(), self.verb, self.resource(), self.place())
    }

    /// The missing rule in one line.
    pub(crate) fn rule(&self) -> String {
        format!(r#"{{apiGroups: ["{}"], resources: ["{}"], verbs: ["{}"]}}"#, self.group, self.resource, self.verb)
    }

    /// The subject is this ServiceAccount by name.
    pub(super) fn is_account(&self, subject: &Subject, binding: &EntityRef) -> bool {
        let Some((ns, name)) = self.account() else { return subject.kind == "User" && subject.name == self.user };
        let at = if subject.namespace.is_empty() { binding.ns() } else { &subject.namespace };
        (subject.kind == "ServiceAccount" && subject.name == name && at == ns)
            || (subject.kind == "User" && subject.name == self.user)
    }

    /// The subject is this ServiceAccount, or a group that it is in.
    pub(super) fn is(&self, subject: &Subject, binding: &EntityRef) -> bool {
        let group = |ns: &str| {
            let name = subject.name.as_str();
            name == "system:authenticated"
                || name == "system:serviceaccounts"
                || name.strip_prefix("system:serviceaccounts:") == Some(ns)
        };
        self.is_account(subject, binding)
            || (subject.kind == "Group" && self.account().is_some_and(|(ns, _)| group(ns)))
    }

    /// Whether a rule speaks of the resource, whatever its verbs.
    pub(super) fn concerns(&self, rule: &PolicyRule) -> bool {
        let any = |list: &[String], wanted: &str| list.iter().any(|v| v == "*" || v == wanted);
        let sub = self.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
        let by_sub = sub.is_some_and(|s| rule.resources.contains(&s));
        any(&rule.api_groups, self.group) && (any(&rule.resources, self.resource) || by_sub)
    }

    /// Whether a rule allows it for objects of any name.
    pub(super) fn allowed_by(&self, rule: &PolicyRule) -> bool {
        let verb = rule.verbs.iter().any(|v| v == "*" || v == self.verb);
        verb && rule.resource_names.is_empty() && self.concerns(rule)
    }

    pub(super) fn check(&self) -> String {
        let scope = self.scope.map_or_else(|| "-A".to_owned(), |ns| format!("-n {}", word(ns)));
        let (verb, resource, user) = (word(self.verb), self.resource(), word(self.user));
        format!("kubectl auth can-i {verb} {} {scope} --as={user}", word(&resource))
    }

    /// The subject as kubectl takes it.
    pub(super) fn subject(&self) -> String {
        match self.account() {
            Some((ns, name)) => format!("--serviceaccount={}:{}", word(ns), word(name)),
            None => format!("--user={}", word(self.user)),
        }
    }

    /// The command that makes a role of this name with the rule.
    pub(super) fn create_role(&self, name: &str, cluster: bool) -> String {
        let rule = format!("--verb={} --resource={}", word(self.verb), word(&self.resource()));
        let name = word(name);
        match self.scope.filter(|_| !cluster) {
            Some(ns) => format!("kubectl -n {} create role {name} {rule}", word(ns)),
            None => format!("kubectl create clusterrole {name} {rule}"),
        }
    }

    /// The command that binds a role to the account where the request was made.
    pub(super) fn create_binding(&self, name: &str, role: &EntityRef) -> String {
        let flag = if role.kind == Kind::ClusterRole { "clusterrole" } else { "role" };
        let (name, role, subject) = (word(name), word(&role.name), self.subject());
        match self.scope {
            Some(ns) => format!("kubectl -n {} create rolebinding {name} --{flag}={role} {subject}", word(ns)),
            None => format!("kubectl create clusterrolebinding {name} --clusterrole={role} {subject}"),
        }
    }

    /// A name for a role of its own: `runner-list-jobs`.
    pub(super) fn own_name(&self) -> String {
        let who = self.account().map_or("user", |(_, name)| name);
        format!("{who}-{}-{}", self.verb, self.resource.replace('/', "-"))
    }
}

pub(super) fn line(rule: &PolicyRule) -> String {
    let names = if rule.resource_names.is_empty() {
        String::new()
    } else {
        format!(", resourceNames: {:?}", rule.resource_names)
    };
    format!("{{apiGroups: {:?}, resources: {:?}, verbs: {:?}{names}}}", rule.api_groups, rule.resources, rule.verbs)
}

/// Takes `User "U" cannot VERB resource "R" in API group "G" in the namespace "N"` apart; only ServiceAccounts count: a
/// kubelet is refused what its pods do not name, which is another matter.
pub(super) fn parse(text: &str) -> Option<Ask<'_>> {
    let (_, rest) = text.split_once("User \"system:serviceaccount:")?;
    let start = text.len() - rest.len() - "system:serviceaccount:".len();
    let end = text.len() - rest.len() + rest.find('"')?;
    let rest = &text[end..];
    let verb = rest.split_once("cannot ")?.1.split_whitespace().next()?;
    let resource = say::between(rest, "resource ", '"', '"')?;
    let group = say::between(rest, "in API group ", '"', '"').unwrap_or_default();
    let scope = say::between(rest, "in the namespace ", '"', '"');
    Some(Ask { user: &text[start..end], verb, group, resource, scope })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_kubelet(
        "secrets \"a\" is forbidden: User \"system:node:n1\" cannot get resource \"secrets\" in API group \"\" in the namespace \"shop\": no relationship found"
    )]
    #[case::admission("pods \"a\" is forbidden: exceeded quota: q")]
    fn other_refusals(#[case] message: &str) {
        assert!(parse(message).is_none());
    }

    #[rstest]
    #[case("pods/log", "*/log", true)]
    #[case("pods/log", "pods", false)]
    #[case("pods/log", "pods/log", true)]
    #[case("pods", "pods/log", false)]
    #[case("pods/log", "*", true)]
    fn subresources(#[case] asked: &str, #[case] allowed: &str, #[case] expected: bool) {
        let ask = Ask { user: "system:serviceaccount:shop:a", verb: "get", group: "", resource: asked, scope: None };
        let rule = PolicyRule {
            api_groups: vec![String::new()],
            resources: vec![allowed.to_owned()],
            verbs: vec!["get".to_owned()],
            resource_names: vec![],
        };
        assert_eq!(ask.allowed_by(&rule), expected);
    }
}
