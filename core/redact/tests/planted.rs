//! A thousand secrets of all kinds, each in every context: none may come through.
#![allow(clippy::unwrap_used, reason = "a test")]

use midwatch_redact::samples::seeded_secrets;
use midwatch_redact::{Redactor, SecretKind};

/// Another seed can be tried from outside.
fn seed() -> u64 {
    std::env::var("SEED").map_or(7, |seed| seed.parse().unwrap())
}

fn base64(text: &str) -> String {
    const SYMBOLS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        (0..4).for_each(|i| {
            out.push(if i <= chunk.len() { SYMBOLS[(word >> (18 - 6 * i) & 63) as usize] as char } else { '=' });
        });
    }
    out
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn url(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Contexts that say it is a secret, whatever it looks like.
fn named(secret: &str) -> Vec<String> {
    let line = secret.replace('\n', "\\n");
    let mut out = vec![
        format!("2026-11-22T04:28:46Z ERROR connect failed password={line} host=db port=5432"),
        format!(r#"{{"level":"error","db":{{"user":"app","password":{},"port":5432}}}}"#, json(secret)),
        format!(r#"level=error msg="no route" db_password={} attempt=3"#, json(secret)),
        format!("{{\"log\":{}}}", json(&format!("{{\"clientSecret\":{}}}", json(secret)))),
        format!("{{\"a\":{}}}", json(&json(&format!("{{\"clientSecret\":{}}}", json(secret))))),
        format!("args: [--verbose, --api-key={line}]"),
        format!("starting /app --db-password {line} --port 5432"),
        format!(r#"{{"args":["--password",{}]}}"#, json(secret)),
        format!(r#"{{"env":[{{"name":"DB_PASSWORD","value":{}}},{{"name":"PORT","value":"80"}}]}}"#, json(secret)),
        format!("X-Api-Key: {line}\r\nHost: shop"),
        format!("GET /pay?access_token={}&user=app HTTP/1.1", url(secret)),
        format!("Config{{User:app Password:{line} Port:5432}}"),
        format!("Server=db;User Id=app;Password={line};Encrypt=true"),
        format!("apiVersion: v1\ndata:\n  k: {}\nkind: Secret\nmetadata:\n  name: db", base64(secret)),
        format!(r#"{{"apiVersion":"v1","data":{{"k":"{}"}},"kind":"Secret"}}"#, base64(secret)),
    ];
    if !secret.contains('\n') {
        out.push(format!("connect to postgres://app:{secret}@db:5432/shop?sslmode=off failed"));
        out.push(format!("db:\n  user: app\n  password: {secret}\n  port: 5432"));
        out.push(format!("env:\n- name: DB_PASSWORD\n  value: {secret}\n- name: PORT"));
        out.push(format!("curl -H 'Authorization: Token {secret}' https://shop"));
        out.push(format!("export PGPASSWORD='{secret}'; psql"));
    }
    out
}

/// Contexts in which only its form, or that it was learned, gives it away.
fn bare(secret: &str) -> Vec<String> {
    vec![
        format!("2026-11-22T04:28:46Z ERROR rejected {secret} by upstream"),
        format!("(\"{secret}\"), <{secret}>; [{secret}]: {secret}."),
        format!("{{\"msg\":{}}}", json(&format!("line one\n{secret}\tend"))),
        format!("{{\"msg\":{}}}", json(&json(&format!("line one\n{secret}")))),
        format!("first\n{secret}\nlast"),
        format!("{{{{{secret}}}}} '{secret}' `{secret}` |{secret}|"),
    ]
}

fn assert_hidden(redactor: &Redactor, secret: &str, text: &str, forms: &[String]) {
    let safe = redactor.redact_text(text);
    for form in forms.iter().map(String::as_str).chain([secret]) {
        assert!(!safe.contains(form), "{form}\nin: {text}\nout: {safe}");
    }
    if serde_json::from_str::<serde_json::Value>(text).is_ok() {
        assert!(serde_json::from_str::<serde_json::Value>(&safe).is_ok(), "in: {text}\nout: {safe}");
    }
    assert_eq!(redactor.redact_text(&safe), safe, "twice");
}

/// The parts of a secret that must not be left over.
fn forms(secret: &str) -> Vec<String> {
    let lines = secret.lines().filter(|line| line.len() >= 12).map(str::to_owned);
    let halves = [secret.get(..secret.len() / 2), secret.get(secret.len() / 2..)];
    let halves = halves.into_iter().flatten().filter(|half| half.len() >= 7).map(str::to_owned);
    lines.chain(halves).chain([base64(secret), url(secret)]).collect()
}

#[test]
fn under_a_name_no_secret_comes_through() {
    let redactor = Redactor::default();
    for (_, secret) in seeded_secrets(seed(), 1000) {
        let forms = forms(&secret);
        for text in &named(&secret) {
            assert_hidden(&redactor, &secret, text, &forms);
        }
    }
}

#[test]
fn by_form_no_secret_comes_through() {
    let redactor = Redactor::default();
    for (kind, secret) in seeded_secrets(seed(), 1000) {
        if kind != SecretKind::Password {
            let forms = forms(&secret);
            for text in &bare(&secret) {
                assert_hidden(&redactor, &secret, text, &forms);
            }
        }
    }
}

#[test]
fn once_learned_no_secret_comes_through() {
    let mut redactor = Redactor::default();
    let secrets = seeded_secrets(seed(), 1000);
    for (i, (_, secret)) in secrets.iter().enumerate() {
        redactor.learn_env(["DB_PASSWORD", "API_TOKEN", "CLIENT_SECRET"][i % 3], secret);
    }
    redactor.freeze();
    for (_, secret) in &secrets {
        let forms = forms(secret);
        let mut texts = bare(secret);
        texts.push(format!("data: {}", base64(&format!("user:{secret}\n"))));
        texts.push(format!("encoded {}", base64(secret)));
        texts.push(format!("see https://shop/x/{}/y", url(secret)));
        for text in &texts {
            assert_hidden(&redactor, secret, text, &forms);
        }
    }
}
