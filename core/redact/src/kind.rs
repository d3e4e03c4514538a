//! The kinds of secrets, and what is told about one that was found.
//!
//! Must never hold the text of a secret, not even a part of it. Start at [`SecretKind`].

use serde::Serialize;
use std::fmt;

/// What a hidden text was. It is all that stays readable: `[redacted:password]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecretKind {
    /// A password, in a pair, a flag or a connection string.
    Password,
    /// A token that opens an API: of a vendor, a bearer header, a webhook address.
    Token,
    /// A private key, an access key or an API key.
    Key,
    /// A connection string that is a secret as a whole, or the key inside one.
    Dsn,
    /// A JSON web token, such as that of a service account.
    Jwt,
    /// A password hash: bcrypt, argon2, crypt.
    Hash,
    /// The value of a cookie.
    Cookie,
    /// Long and random, of unknown meaning.
    Entropy,
    /// A value that was learned and has no better name.
    Literal,
    /// The annotation in which `kubectl apply` keeps the whole object.
    LastApplied,
    /// A value of a Secret object.
    SecretData,
}

impl SecretKind {
    /// The word that stands in the replacement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::Key => "key",
            Self::Dsn => "dsn",
            Self::Jwt => "jwt",
            Self::Hash => "hash",
            Self::Cookie => "cookie",
            Self::Entropy => "entropy",
            Self::Literal => "literal",
            Self::LastApplied => "last-applied",
            Self::SecretData => "secret-data",
        }
    }

    /// What a secret of this kind becomes.
    pub fn replacement(self) -> &'static str {
        match self {
            Self::Password => "[redacted:password]",
            Self::Token => "[redacted:token]",
            Self::Key => "[redacted:key]",
            Self::Dsn => "[redacted:dsn]",
            Self::Jwt => "[redacted:jwt]",
            Self::Hash => "[redacted:hash]",
            Self::Cookie => "[redacted:cookie]",
            Self::Entropy => "[redacted:entropy]",
            Self::Literal => "[redacted:literal]",
            Self::LastApplied => "[redacted:last-applied]",
            Self::SecretData => "[redacted:secret-data]",
        }
    }
}

const ALL: [SecretKind; 11] = [
    SecretKind::Password,
    SecretKind::Token,
    SecretKind::Key,
    SecretKind::Dsn,
    SecretKind::Jwt,
    SecretKind::Hash,
    SecretKind::Cookie,
    SecretKind::Entropy,
    SecretKind::Literal,
    SecretKind::LastApplied,
    SecretKind::SecretData,
];

/// What every replacement begins with.
pub(crate) const MARK: &str = "[redacted:";

/// The length of the replacement that stands at the beginning, if one does. Text that only begins
/// like one is text.
pub(crate) fn replacement_len(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(MARK.as_bytes())?;
    let found = ALL
        .iter()
        .find(|kind| rest.strip_prefix(kind.as_str().as_bytes()).is_some_and(|rest| rest.starts_with(b"]")))?;
    Some(found.replacement().len())
}

/// Whether the text is a replacement and nothing else.
pub(crate) fn is_replacement(text: &str) -> bool {
    replacement_len(text.as_bytes()) == Some(text.len())
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One place of a text that would be hidden, told without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length of the secret in characters.
    pub length: usize,
    /// What it is.
    pub kind: SecretKind,
    /// The rule that found it; stable, for configuration and tests.
    pub rule: &'static str,
    /// Why, in one sentence.
    pub why: &'static str,
    /// What it becomes.
    pub replacement: &'static str,
}
