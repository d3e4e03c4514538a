//! Which names say that their value is a secret.
//!
//! Must never take a name that tells *about* a secret (`TOKEN_TTL`, `PASSWORD_FILE`, `secretName`)
//! for the name of one: those values are evidence. Start at [`classify`].

use crate::kind::SecretKind;

/// What kind of value a name promises; decides how its value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameClass {
    /// Password, passphrase, salt: any text can be one.
    Password,
    /// Token, secret, credential: has a form, is never a plain word or a small number.
    Token,
    /// A key of some kind.
    Key,
    /// A connection string.
    Dsn,
    /// `Authorization`: a scheme and a credential.
    Authorization,
    /// `Cookie`, `Set-Cookie`.
    Cookie,
    /// `auth`, `signature`, bare `pwd`: the name alone is not enough.
    Weak,
    /// The name `secret` alone, which in Kubernetes names an object as often as it holds a value.
    BareSecret,
}

impl NameClass {
    /// What the value is called once it is hidden.
    pub(crate) fn kind(self) -> SecretKind {
        match self {
            Self::Password => SecretKind::Password,
            Self::Token | Self::Authorization | Self::Weak | Self::BareSecret => SecretKind::Token,
            Self::Key => SecretKind::Key,
            Self::Dsn => SecretKind::Dsn,
            Self::Cookie => SecretKind::Cookie,
        }
    }
}

/// Words that carry the meaning alone. Matched as the end of a word too (`PGPASSWORD`).
const SINGLE: &[(&str, NameClass)] = &[
    ("password", NameClass::Password),
    ("passwd", NameClass::Password),
    ("passphrase", NameClass::Password),
    ("requirepass", NameClass::Password),
    ("masterauth", NameClass::Password),
    ("passcode", NameClass::Password),
    ("secret", NameClass::Token),
    ("token", NameClass::Token),
    ("credential", NameClass::Token),
    ("credentials", NameClass::Token),
    ("apikey", NameClass::Key),
    ("accesskey", NameClass::Key),
    ("accountkey", NameClass::Key),
    ("secretkey", NameClass::Key),
    ("privatekey", NameClass::Key),
    ("dockerconfigjson", NameClass::Token),
    ("dockercfg", NameClass::Token),
    ("connectionstring", NameClass::Dsn),
    ("authorization", NameClass::Authorization),
];

/// Words that carry the meaning only when they are the whole word.
const WHOLE: &[(&str, NameClass)] = &[
    ("pwd", NameClass::Password),
    ("salt", NameClass::Password),
    ("dsn", NameClass::Dsn),
    ("cookie", NameClass::Cookie),
    ("auth", NameClass::Weak),
    ("signature", NameClass::Weak),
    ("sig", NameClass::Weak),
];

/// Words that make a secret of a `key` that follows them.
#[rustfmt::skip] // a list of words, folded
const KEY_OF: &[&str] = &[
    "api", "private", "access", "encryption", "signing", "session", "secret", "account", "app",
    "application", "master", "license", "shared", "hmac", "jwt", "auth", "service", "storage",
    "encrypt", "decryption", "cipher", "webhook", "integration", "subscription", "aes",
    "crypto", "client", "ssh", "deploy", "admin", "routing",
];

/// Last words that say the value is something *about* the secret, not the secret.
#[rustfmt::skip] // a list of words, folded
const ABOUT: &[&str] = &[
    "ttl", "name", "names", "file", "files", "path", "paths", "dir", "directory", "url", "uri",
    "endpoint", "host", "hostname", "port", "min", "max", "length", "len", "size", "limit",
    "prefix", "suffix", "expiry", "expires", "expiration", "expired", "expire", "exp",
    "timeout", "duration", "seconds", "secs", "sec", "ms", "minutes", "hours", "days", "age",
    "interval", "period", "type", "kind", "policy", "enabled", "disabled", "enable", "disable",
    "count", "total", "version", "ref", "refs", "user", "username", "issuer", "algorithm",
    "alg", "algo", "audience", "aud", "mount", "field", "header", "headers", "param", "label",
    "labels", "namespace", "ns", "store", "provider", "manager", "engine", "backend", "service",
    "class", "format", "encoding", "regex", "pattern", "rotation", "rotate", "rotator",
    "rotated", "required", "optional", "mode", "status", "state", "error", "errors", "reason",
    "message", "hint", "reset", "change", "changed", "at", "time", "timestamp", "date",
    "created", "updated", "usage", "used", "rate", "budget", "bucket", "index", "scope",
    "scopes", "claim", "claims", "review", "request", "requests", "response", "controller",
    "operator", "exporter", "api", "server", "client", "cache", "validator", "validation",
    "source", "check", "checks", "strategy", "set", "present", "exists", "valid", "invalid",
    "missing", "failed", "failure", "failures", "ok", "auth", "authentication", "method",
    "methods", "fingerprint", "id", "ids", "arn", "location", "owner", "resource", "template",
    "volume", "handler", "worker", "proxy", "gateway", "sync", "syncer", "generator", "length",
    "domain", "samesite", "secure", "region", "bytes", "lifetime", "grace", "is", "found",
    "not", "got", "store", "deleted", "revoked", "lookup", "level", "cost", "rounds", "ca",
    "hosts", "map",
];

/// What the name says, if it says secret.
pub(crate) fn classify(name: &str) -> Option<NameClass> {
    if name.len() > 200 || matches!(name, "PWD" | "OLDPWD") {
        return None;
    }
    let mut words = words(name.trim_end_matches(|c: char| c.is_ascii_digit()));
    while words.last().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
        words.pop();
    }
    if words == ["secret", "id"] || words == ["vault", "secret", "id"] {
        return Some(NameClass::Token);
    }
    let last = words.last()?;
    if words.len() > 1 && ABOUT.contains(&last.as_str()) && !ends_in_pair(&words) {
        return WHOLE.iter().find(|(word, _)| *word == "auth" && last == word).map(|(_, class)| *class);
    }
    let at = (0..words.len()).rev().find_map(|at| class_at(&words, at).map(|class| (at, class)));
    let (at, class) = at?;
    let after = words.get(at + 1..).unwrap_or_default();
    let generated = after.iter().any(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    (after.len() <= 2 && !generated).then_some(if words == ["secret"] { NameClass::BareSecret } else { class })
}

/// `SECRET_KEY`, `CONNECTION_STRING`: the last word alone would say nothing.
fn ends_in_pair(words: &[String]) -> bool {
    pair_at(words, words.len() - 1).is_some()
}

fn class_at(words: &[String], at: usize) -> Option<NameClass> {
    let word = words.get(at)?.as_str();
    let find = |table: &[(&str, NameClass)], fits: fn(&str, &str) -> bool| {
        table.iter().find(|(known, _)| fits(word, known)).map(|(_, class)| *class)
    };
    let last = at + 1 == words.len();
    pair_at(words, at)
        .or_else(|| find(SINGLE, |word, known| word.ends_with(known)))
        .or_else(|| find(WHOLE, |word, known| word == known).filter(|_| last))
        .or_else(|| (last && at > 0 && word == "pass").then_some(NameClass::Password))
        .or_else(|| {
            (last && word.len() > 3 && word.ends_with("pwd") && word != "oldpwd").then_some(NameClass::Password)
        })
}

fn pair_at(words: &[String], at: usize) -> Option<NameClass> {
    let before = words.get(at.checked_sub(1)?)?.as_str();
    match words.get(at)?.as_str() {
        "key" if KEY_OF.contains(&before) => Some(NameClass::Key),
        "string" if before == "connection" => Some(NameClass::Dsn),
        "data" if before == "key" => Some(NameClass::Key),
        _ => None,
    }
}

/// The words of a name in snake, kebab, dotted or camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = '_';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let next_lower = chars.peek().is_some_and(char::is_ascii_lowercase);
        let hump = c.is_ascii_uppercase()
            && (previous.is_ascii_lowercase()
                || previous.is_ascii_digit()
                || (previous.is_ascii_uppercase() && next_lower));
        if c.is_ascii_alphanumeric() {
            if hump || !previous.is_ascii_alphanumeric() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        previous = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::classify;

    #[rustfmt::skip] // a list of words, folded
    const SECRET: &[&str] = &[
        "PASSWORD", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "db.passwd", "SMTP_PASS",
        "dbPassword", "spring.datasource.password", "SECRET", "CLIENT_SECRET", "clientSecret",
        "client-secret", "TOKEN", "GITHUB_TOKEN", "TOKEN_GITHUB", "accessToken", "API_KEY",
        "APIKEY", "X-Api-Key", "PRIVATE_KEY", "AWS_SECRET_ACCESS_KEY", "awsAccessKey",
        "CREDENTIALS", "REDIS_AUTH", "auth", "SENTRY_DSN", "CONNECTION_STRING",
        "ConnectionString", "ENCRYPTION_KEY", "SIGNING_KEY", "SALT", "PASSPHRASE", "COOKIE",
        "SESSION_KEY", "PASSWORD_1", "DB_PASSWORD2", "PASSWORD_PROD", "SECRET_KEY_BASE",
        "AccountKey", ".dockerconfigjson", "client-key-data", "Authorization", "Set-Cookie",
        "DD_API_KEY", "Pwd",
    ];

    #[test]
    fn names_of_secrets() {
        for name in SECRET {
            assert!(classify(name).is_some(), "{name}");
        }
    }

    #[rustfmt::skip] // a list of words, folded
    const ABOUT: &[&str] = &[
        "TOKEN_TTL", "SECRET_NAME", "secretName", "secretKeyRef", "PASSWORD_FILE", "TOKEN_URL",
        "MAX_TOKENS", "PASSWORD_MIN_LENGTH", "AUTH_URL", "KEY_PREFIX", "imagePullSecrets",
        "PWD", "OLDPWD", "token-api", "token-api-84bbb4d9c7-mt5w4", "tokenExpirationSeconds",
        "TokenReview", "authenticated", "author", "key", "passed", "pass", "compass",
        "tokenizer", "secretary", "passwordPolicy", "automountServiceAccountTokenMode",
        "AUTH_ENABLED", "secret-store", "cookie-domain", "saltstack", "keyboard", "publicKey",
        "DATABASE_URL",
    ];

    #[test]
    fn names_about_secrets() {
        for name in ABOUT {
            assert!(classify(name).is_none(), "{name}");
        }
    }
}
