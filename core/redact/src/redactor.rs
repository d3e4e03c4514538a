//! The redactor: what was learned, what is configured, and the only maker of [`Redacted`] values.
//!
//! Must never give out or print what it learned. Start at [`Redactor::seal`].

use crate::extra::NamePatterns;
use crate::kind::{Finding, SecretKind};
use crate::literals::Literals;
use crate::redact::Redact;
use crate::witness::Redacted;
use crate::{names, scan, values};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// What happens to long random runs of unknown meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Entropy {
    /// They are hidden.
    #[default]
    Hide,
    /// They stay: for input that is full of opaque ids. Rules with a form or a name still hold.
    Keep,
}

/// What can be set about redaction. There is no switch that turns it off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What happens to long random runs.
    pub entropy: Entropy,
    /// Texts that are never learned and never hidden as a whole, because they are known to be
    /// public.
    pub public: BTreeSet<String>,
    /// Names whose values are secrets, beyond those that say so by themselves.
    pub secret_names: NamePatterns,
    /// Shortest value that is learned, in bytes; shorter ones would hide ordinary words.
    pub min_literal: usize,
    /// Most values that are learned; beyond that the longest are kept.
    pub max_literals: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            entropy: Entropy::Hide,
            public: BTreeSet::new(),
            secret_names: NamePatterns::default(),
            min_literal: 6,
            max_literals: 10_000,
        }
    }
}

/// Finds and hides secrets: by form, by the name they stand under, and by value when it was
/// learned from an environment.
#[derive(Clone, Default)]
pub struct Redactor {
    policy: Policy,
    literals: Literals,
}

impl Redactor {
    /// A redactor that has learned nothing yet.
    pub fn new(policy: Policy) -> Self {
        let literals = Literals::new(policy.min_literal, policy.max_literals);
        Self { policy, literals }
    }

    /// Learns an environment variable, when its name or the form of its value says secret. Of a
    /// connection string only the password is learned. Ordinary values (hosts, ports, versions,
    /// booleans, common words, references) are not: they would be hidden all over the report.
    pub fn learn_env(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if self.policy.public.contains(value) {
            return;
        }
        if self.policy.secret_names.matches(name) {
            self.learn_literal(SecretKind::Literal, value);
        }
        let found = scan::rules(value, Entropy::Hide);
        for hit in &found {
            if let Some(text) = value.get(hit.start..hit.end) {
                self.learn_literal(hit.kind, text);
            }
        }
        // Of a connection string its parts were learned; anything else is a secret as a whole.
        let in_parts = found.iter().any(|hit| hit.kind == SecretKind::Password) || value.contains("://");
        let class = names::classify(name);
        if let Some(class) = class.filter(|class| !in_parts && values::worth_learning(*class, value)) {
            self.learn_literal(class.kind(), value);
        }
    }

    /// Learns a value that is known to be a secret. Its base64, URL-encoded and JSON-escaped forms
    /// are learned too. Values shorter than the policy's minimum are ignored.
    pub fn learn_literal(&mut self, kind: SecretKind, value: &str) {
        if !self.policy.public.contains(value) {
            self.literals.learn(kind, value);
        }
    }

    /// Builds the search over what was learned. Not needed for correctness: the first use does it
    /// otherwise, and learning more afterwards is allowed.
    pub fn freeze(&mut self) {
        self.literals.build();
    }

    /// How many learned values were dropped because there were too many; to be stated.
    pub fn dropped_literals(&self) -> usize {
        self.literals.dropped()
    }

    /// Redacts a value and seals it.
    pub fn seal<T: Redact>(&self, mut value: T) -> Redacted<T> {
        value.redact(self);
        Redacted::witness(value)
    }

    /// Redacts a text.
    pub fn redact_text(&self, text: &str) -> Redacted<String> {
        Redacted::witness(self.hide(text).into_owned())
    }

    /// What would be hidden in a text and why, in the order of the text, without the secrets.
    pub fn explain(&self, text: &str) -> Vec<Finding> {
        scan::explain(self, text)
    }

    /// Whether a name (of a variable, a field, a flag) says that its value is a secret.
    pub fn is_secret_name(name: &str) -> bool {
        names::classify(name).is_some()
    }

    /// The text with its secrets hidden; borrowed when there are none.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        scan::hide(self, text)
    }

    /// The same for a text that stands under a name.
    pub(crate) fn hide_named<'a>(&self, name: &str, text: &'a str) -> Cow<'a, str> {
        let public = self.policy.public.contains(text);
        if !public && !text.is_empty() && self.policy.secret_names.matches(name) {
            return Cow::Owned(SecretKind::Literal.replacement().to_owned());
        }
        let in_parts = text.contains("://") || public;
        match names::classify(name).filter(|_| !in_parts) {
            Some(class) if values::is_secret_under(class, text) => Cow::Owned(class.kind().replacement().to_owned()),
            _ => self.hide(text),
        }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn literals(&self) -> &Literals {
        &self.literals
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("literals", &self.literals.len()).finish_non_exhaustive()
    }
}
