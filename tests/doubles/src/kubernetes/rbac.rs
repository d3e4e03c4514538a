//! Who may do what: rules by bearer token, and the API server's own sentences when they do not allow it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Allows verbs on resources of groups; `*` is all. Without namespaces it holds everywhere, as in a ClusterRole.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `get`, `list`.
    pub verbs: Vec<String>,
    /// API groups; the core group is empty.
    pub groups: Vec<String>,
    /// `pods`, `pods/log`.
    pub resources: Vec<String>,
    /// Namespaces, as with Roles; none for all and for the cluster scope.
    pub namespaces: Option<Vec<String>>,
}

impl Rule {
    /// Everything, everywhere.
    pub fn all() -> Self {
        Self::of(&["*"], &["*"], &["*"])
    }

    /// Verbs on resources of groups, everywhere.
    pub fn of(verbs: &[&str], groups: &[&str], resources: &[&str]) -> Self {
        let owned = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect();
        Self { verbs: owned(verbs), groups: owned(groups), resources: owned(resources), namespaces: None }
    }

    /// The same in some namespaces only.
    #[must_use]
    pub fn within(mut self, namespaces: &[&str]) -> Self {
        self.namespaces = Some(namespaces.iter().map(|s| (*s).to_owned()).collect());
        self
    }

    fn allows(&self, what: &What<'_>) -> bool {
        let holds = |all: &[String], one: &str| all.iter().any(|a| a == "*" || a == one);
        holds(&self.verbs, what.verb)
            && holds(&self.groups, what.group)
            && holds(&self.resources, what.resource)
            && self.namespaces.as_ref().is_none_or(|all| what.namespace.is_some_and(|ns| all.iter().any(|a| a == ns)))
    }
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct What<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    /// With its subresource: `pods/log`.
    pub(super) resource: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: Option<&'a str>,
}

impl What<'_> {
    /// The words of a refusal.
    pub(super) fn refusal(&self, user: &str) -> String {
        let plural = self.resource.split('/').next().unwrap_or_default();
        let whole = if self.group.is_empty() { plural.to_owned() } else { format!("{plural}.{}", self.group) };
        let name = self.name.map(|n| format!(" \"{n}\"")).unwrap_or_default();
        let place = self.namespace.map_or("at the cluster scope".to_owned(), |ns| format!("in the namespace \"{ns}\""));
        format!(
            "{whole}{name} is forbidden: User \"{user}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            self.verb, self.resource, self.group
        )
    }

    /// What the refusal is about.
    pub(super) fn details(&self) -> Value {
        json!({"name": self.name, "group": self.group, "kind": self.resource.split('/').next()})
    }
}

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) user: String,
    rules: Vec<Rule>,
}

impl Account {
    pub(super) fn allows(&self, what: &What<'_>) -> bool {
        self.rules.iter().any(|rule| rule.allows(what))
    }

    /// The answer of a SelfSubjectRulesReview in a namespace.
    pub(super) fn rules_in(&self, namespace: &str) -> Value {
        let here = |r: &&Rule| r.namespaces.as_ref().is_none_or(|all| all.iter().any(|ns| ns == namespace));
        let rules: Vec<Value> = self
            .rules
            .iter()
            .filter(here)
            .map(|r| json!({"verbs": r.verbs, "apiGroups": r.groups, "resources": r.resources}))
            .collect();
        json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false})
    }
}

/// All accounts.
#[derive(Debug, Default)]
pub(super) struct Rbac {
    accounts: BTreeMap<String, Account>,
}

impl Rbac {
    pub(super) fn add(&mut self, token: &str, user: &str, rules: Vec<Rule>) {
        self.accounts.insert(token.to_owned(), Account { user: user.to_owned(), rules });
    }

    /// Tokens with an account.
    pub(super) fn tokens(&self) -> Vec<String> {
        self.accounts.keys().cloned().collect()
    }

    /// Who sent this `Authorization`; everybody may do everything while there are no accounts.
    pub(super) fn account(&self, authorization: Option<&str>) -> Option<Account> {
        if self.accounts.is_empty() {
            return Some(Account { user: "kubernetes-admin".to_owned(), rules: vec![Rule::all()] });
        }
        self.accounts.get(authorization?.strip_prefix("Bearer ")?).cloned()
    }
}
