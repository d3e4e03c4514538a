//! How fast redaction is, and what it would hide in files: for measuring, not for users.
//!
//! `cargo run --release -p midwatch-redact --example speed` measures on made-up log lines;
//! with file names it prints what would be hidden in them (the secrets themselves are not shown).
#![allow(clippy::print_stdout, reason = "an example prints")]

use midwatch_redact::Redactor;
use std::time::Instant;

const LINES: &[&str] = &[
    "2026-11-22T04:28:46.291Z level=info msg=\"request served\" method=GET path=/api/v1/orders/8842 status=200 took=12ms",
    "{\"ts\":\"2026-11-22T04:28:46Z\",\"level\":\"warn\",\"msg\":\"slow query\",\"table\":\"orders\",\"rows\":4211,\"ms\":881}",
    "I1122 04:28:46.291000       1 controller.go:231] \"Reconciled\" deployment=\"shop/checkout\" generation=42",
    "10.0.0.7 - - [22/Nov/2026:04:28:46 +0000] \"GET /healthz HTTP/1.1\" 200 2 \"-\" \"probe/1.31\"",
    "java.lang.IllegalStateException: pool exhausted at com.acme.shop.db.ConnectionPool.borrow(ConnectionPool.java:118)",
    "Pulled image registry.acme.io/shop/checkout@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
];

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        measure();
    } else {
        for file in &files {
            tell(file);
        }
    }
}

fn measure() {
    let clean = text(LINES);
    let mut some = LINES.to_vec();
    some.push("connect to postgres://app:hunter2@db:5432/shop failed, password=hunter2 token=abc123");
    let mixed = text(&some);
    let mut learned = Redactor::default();
    for (_, secret) in midwatch_redact::samples::seeded_secrets(1, 1000) {
        learned.learn_env("DB_PASSWORD", &secret);
    }
    let built = Instant::now();
    learned.freeze();
    println!("building the search over 1,000 learned values: {:?}", built.elapsed());
    for (name, redactor, text) in [
        ("no secrets", &Redactor::default(), &clean),
        ("no secrets, 1,000 values learned", &learned, &clean),
        ("secrets in every seventh line", &Redactor::default(), &mixed),
        ("secrets in every seventh line, line by line", &Redactor::default(), &mixed),
    ] {
        let begun = Instant::now();
        let length = if name.ends_with("by line") {
            text.lines().map(|line| redactor.redact_text(line).len()).sum()
        } else {
            redactor.redact_text(text).len()
        };
        let micros = begun.elapsed().as_micros().max(1);
        let speed = text.len() as u128 / micros;
        println!("{name}: {speed} MB/s ({length} bytes left)");
    }
}

fn text(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines.iter().cycle().take(200_000) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn tell(file: &str) {
    let Ok(text) = std::fs::read_to_string(file) else {
        return;
    };
    for found in Redactor::default().explain(&text) {
        println!("{file}:{}:{} {} {} ({} characters)", found.line, found.column, found.rule, found.kind, found.length);
    }
}
