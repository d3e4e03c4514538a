//! Which values can be secrets: what stands after a telling name is often a reference, a flag or
//! prose.
//!
//! Must never judge by the name alone where the name is weak. Start at [`is_secret_under`].

use crate::kind;
use crate::names::NameClass;

/// Words that are values of secret-sounding names without being secrets.
#[rustfmt::skip] // a list of words, folded
const NOTHING: &[&str] = &[
    "", "true", "false", "yes", "no", "on", "off", "null", "nil", "none", "<nil>", "<none>",
    "undefined", "empty", "unset", "set", "missing", "required", "optional", "expired",
    "invalid", "valid", "ok", "redacted", "hidden", "masked", "enabled", "disabled", "default",
    "string", "bool", "str", "int", "bytes", "unknown", "n/a", "not", "is", "must", "too",
    "cannot", "wrong", "incorrect", "failed", "denied", "unauthorized", "forbidden", "error",
    "no", "unable", "could", "couldn't", "the", "a", "does", "did", "was", "has", "for", "from",
    "in", "of", "and", "or", "unexpected", "permission", "connection", "context", "timeout",
    "present", "found", "revoked", "rotated", "get", "post", "rpc", "dial", "read", "write",
    "eof", "bearer", "basic", "absent", "unspecified", "blank", "used",
];

/// Ordinary words that people set as passwords: hiding them everywhere would hide the report.
#[rustfmt::skip] // a list of words, folded
const COMMON: &[&str] = &[
    "password", "postgres", "postgresql", "mysql", "mariadb", "redis", "mongodb", "rabbitmq",
    "guest", "admin", "administrator", "default", "localhost", "secret", "secrets", "checkout",
    "payments", "production", "staging", "development", "test", "testing", "example",
    "database", "service", "kubernetes", "cluster", "backend", "frontend", "namespace",
    "container", "username", "application", "enabled", "disabled", "redacted", "required",
    "optional", "unknown", "internal", "external", "deployment", "configmap", "credentials",
    "token", "literal", "entropy", "cookie", "keycloak", "grafana", "prometheus", "elastic",
    "opensearch", "minioadmin", "public", "private", "master",
];

/// Whether a value that stands under a name of this class is a secret.
pub(crate) fn is_secret_under(class: NameClass, value: &str) -> bool {
    let value = value.trim();
    if is_nothing(value) || is_reference(value) || is_path(value) || is_plain_url(value) {
        return false;
    }
    match class {
        NameClass::Password => !is_duration(value),
        NameClass::Token | NameClass::Key | NameClass::Authorization => !is_duration(value) && !is_small_number(value),
        // The rules for addresses and for pairs find the password in it; the rest is evidence.
        NameClass::Dsn => {
            !value.contains("://") && !value.contains('=') && !value.contains("@tcp(") && !is_small_number(value)
        }
        NameClass::Cookie => value.len() >= 6 || value.contains('='),
        NameClass::Weak => value.len() >= 8 && looks_secret(value),
        NameClass::BareSecret => !is_small_number(value) && !is_object_name(value),
    }
}

/// Whether the value of an environment variable is worth searching everywhere.
pub(crate) fn worth_learning(class: NameClass, value: &str) -> bool {
    is_secret_under(class, value)
        && !is_common_word(value)
        && (class == NameClass::Password || !(is_host(value) || is_version(value)))
}

/// Whether hiding the word everywhere would hide ordinary text.
pub(crate) fn is_common_word(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    (value.len() < 8 && value.bytes().all(|byte| byte.is_ascii_alphabetic()))
        || COMMON.contains(&lower.as_str())
        || NOTHING.contains(&lower.as_str())
}

/// Not a value at all: empty, a flag, masked already, a placeholder, or the first word of prose.
pub(crate) fn is_nothing(value: &str) -> bool {
    if kind::is_replacement(value) || (value.starts_with('<') && value.ends_with('>')) {
        return true;
    }
    let mut bytes = value.bytes();
    let first = bytes.next().unwrap_or(b'*');
    let sign = matches!(first, b'*' | b'.' | b'-' | b'#' | b'?') || (matches!(first, b'x' | b'X') && value.len() >= 3);
    let masked = sign && bytes.all(|byte| byte == first);
    masked || NOTHING.contains(&value.trim_end_matches(['.', ':', ',', '!']).to_ascii_lowercase().as_str())
}

/// Points to where the secret is instead of being it.
pub(crate) fn is_reference(value: &str) -> bool {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| value.starts_with(prefix));
    let variable = value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    let wrapped =
        (value.starts_with("${") && value.ends_with('}')) || (value.starts_with("$(") && value.ends_with(')'));
    let described = value.strip_suffix(" bytes").is_some_and(|count| count.bytes().all(|byte| byte.is_ascii_digit()));
    variable
        || wrapped
        || described
        || starts(&[
            "{{",
            "<set to the key",
            "vault:",
            "op://",
            "secret://",
            "ref+",
            "arn:aws:",
            "%(",
            "file:",
            "%s",
            "%v",
        ])
        || starts(&["os.environ", "os.getenv", "process.env", "getenv(", "System.getenv", "ENV[", "env("])
}

/// `/run/secrets/db`, `./token`, `~/.pgpass`: at least two names, none of them random.
pub(crate) fn is_path(value: &str) -> bool {
    let rest = value.trim_start_matches(['.', '~']);
    rest.starts_with('/')
        && rest.len() < 200
        && (rest.len() < value.len() || rest.matches('/').count() > 1)
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
        && rest.split('/').all(|name| !looks_random(name))
}

/// An address without credentials.
fn is_plain_url(value: &str) -> bool {
    value.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.len() < 32
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-:".contains(&byte))
            && !rest.contains('@')
            && !rest.contains('?')
            && !rest.contains(|c: char| c.is_whitespace())
    })
}

fn is_small_number(value: &str) -> bool {
    value.len() <= 10 && !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// `3600s`, `15m`, `1h30m`, `500ms`.
fn is_duration(value: &str) -> bool {
    value.len() <= 8
        && value.starts_with(|c: char| c.is_ascii_digit())
        && value.ends_with(['s', 'm', 'h', 'd'])
        && value.bytes().all(|byte| byte.is_ascii_digit() || b"smhd.".contains(&byte))
}

/// The name of a Kubernetes object, with or without its namespace.
fn is_object_name(value: &str) -> bool {
    value.len() <= 253
        && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-./".contains(&byte))
        && (value.contains('-') || !value.bytes().any(|byte| byte.is_ascii_digit()))
        && !value.split(['-', '.', '/']).any(|part| part.len() > 20)
}

fn is_host(value: &str) -> bool {
    let (host, port) = value.rsplit_once(':').unwrap_or((value, "0"));
    let ending = host.rsplit('.').next().unwrap_or_default();
    let known = ["com", "io", "net", "org", "local", "svc", "internal", "dev", "cluster", "cloud", "app"];
    let address = host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
    let named = host.contains('.') && known.contains(&ending);
    host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        && port.parse::<u16>().is_ok()
        && (address || named || host == "localhost" || (value.contains(':') && !host.is_empty()))
}

pub(crate) fn is_version(value: &str) -> bool {
    let digits = value.strip_prefix('v').unwrap_or(value);
    digits.split('.').count() > 1
        && digits.split('.').take(2).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Has what a word does not have: digits among letters, letters of both cases, or signs.
pub(crate) fn looks_secret(value: &str) -> bool {
    let has = |test: fn(u8) -> bool| value.bytes().any(test);
    let (digit, lower) = (has(|byte| byte.is_ascii_digit()), has(|byte| byte.is_ascii_lowercase()));
    let upper = value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    let sign = has(|byte| b"!@#$%^&*+=~?".contains(&byte));
    (digit && (lower || upper)) || (lower && upper) || (sign && (lower || upper || digit)) || value.len() >= 40
}

/// Three kinds of characters in a name that should have one.
fn looks_random(name: &str) -> bool {
    name.len() >= 20
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && name.bytes().any(|byte| byte.is_ascii_digit())
}
