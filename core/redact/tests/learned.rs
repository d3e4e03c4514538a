//! Learning from environments, values under names, and what `explain` tells.

use midwatch_redact::{Policy, Redacted, Redactor, SecretKind};
use std::collections::BTreeMap;

#[test]
fn of_a_connection_string_only_the_password_is_learned() {
    let mut redactor = Redactor::default();
    redactor.learn_env("DATABASE_URL", "postgres://app:p%40ss-w0rd@db.shop.svc:5432/shop");
    let safe = redactor.redact_text("db.shop.svc:5432 said no to app with p@ss-w0rd in shop");
    assert_eq!(safe.as_str(), "db.shop.svc:5432 said no to app with [redacted:password] in shop");
}

#[test]
fn ordinary_values_are_not_learned() {
    let mut redactor = Redactor::default();
    for (name, value) in [
        ("DB_PASSWORD", "postgres"),
        ("DB_PASSWORD", "$(OTHER)"),
        ("TOKEN_URL", "https://auth.example.com"),
        ("API_KEY", "true"),
        ("AUTH", "auth.example.com:8443"),
        ("API_TOKEN", "v1.27.3"),
        ("DB_PASSWORD", "abc"),
        ("HOST", "db.shop.svc"),
        ("SECRET_NAME", "db-credentials"),
        ("PASSWORD_FILE", "/run/secrets/db"),
    ] {
        redactor.learn_env(name, value);
        let text = format!("saw {value} here");
        assert_eq!(redactor.redact_text(&text).as_str(), text, "{name}");
    }
}

#[test]
fn short_values_count_only_when_they_stand_apart() {
    let mut redactor = Redactor::default();
    redactor.learn_env("DB_PASSWORD", "hunter2");
    assert_eq!(redactor.redact_text("hunter2 hunter2000 xhunter2").as_str(), "[redacted:password] hunter2000 xhunter2");
    assert_eq!(redactor.redact_text(r#"{"m":"a\nhunter2\tb"}"#).as_str(), r#"{"m":"a\n[redacted:password]\tb"}"#);
}

#[test]
fn the_number_of_learned_values_is_bounded_and_the_longest_stay() {
    let mut redactor = Redactor::new(Policy { max_literals: 2, ..Policy::default() });
    for value in ["abcdef1", "abcdef12", "abcdef123", "abcdef1234", "abcdef12345"] {
        redactor.learn_literal(SecretKind::Literal, value);
    }
    redactor.freeze();
    assert_eq!(redactor.dropped_literals(), 3);
    assert_eq!(redactor.redact_text("abcdef1 abcdef12345").as_str(), "abcdef1 [redacted:literal]");
}

#[test]
fn a_learned_number_in_json_leaves_json() {
    let mut redactor = Redactor::default();
    redactor.learn_env("DB_PASSWORD", "12345678");
    assert_eq!(redactor.redact_text(r#"{"a":12345678,"b":[1]}"#).as_str(), r#"{"a":"[redacted:password]","b":[1]}"#);
}

#[test]
fn values_under_names() {
    let redactor = Redactor::default();
    let env: BTreeMap<String, String> = [("DB_PASSWORD", "swordfish"), ("PORT", "5432"), ("TOKEN_TTL", "1h")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    let safe = redactor.seal((env, Some(vec![("API_KEY".to_owned(), "abc".to_owned())])));
    assert_eq!(safe.0["DB_PASSWORD"], "[redacted:password]");
    assert_eq!((safe.0["PORT"].as_str(), safe.0["TOKEN_TTL"].as_str()), ("5432", "1h"));
    assert_eq!(safe.1.as_ref().map(|pairs| pairs[0].1.as_str()), Some("[redacted:key]"));
}

#[test]
fn explain_tells_where_and_why_but_not_what() {
    let findings = Redactor::default().explain("ok\n\u{e9}t\u{e9} password=hunter2 end");
    let found = &findings[0];
    assert_eq!((findings.len(), found.line, found.column, found.length), (1, 2, 14, 7));
    assert_eq!(
        (found.kind, found.rule, found.replacement),
        (SecretKind::Password, "named-value", "[redacted:password]")
    );
    assert!(!format!("{findings:?}").contains("hunter2"));
}

#[test]
fn nothing_learned_is_printed() {
    let mut redactor = Redactor::default();
    redactor.learn_env("DB_PASSWORD", "hunter2");
    assert!(!format!("{redactor:?}").contains("hunter2"));
}

#[test]
fn redacted_values_compose() {
    let safe = Redacted::fixed("pod").zip(Redactor::default().redact_text("password=x1"));
    let line = safe.map_with(20, |width, (a, b)| format!("{a}: {}", &b[..width]));
    assert_eq!(line.to_string(), "pod: password=[redacted:p");
}
