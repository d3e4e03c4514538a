//! What holds for any bytes.

use super::LogDigester;
use crate::logs::{LogDigest, LogOptions};
use proptest::prelude::*;

/// The digest of `bytes` in chunks of the given sizes, over and over.
fn chunked(bytes: &[u8], sizes: &[usize]) -> LogDigest {
    let mut digester = LogDigester::new(LogOptions::default());
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at((*size).clamp(1, rest.len()));
        digester.push(chunk);
        rest = after;
    }
    digester.finish()
}

/// Lines of the kinds that drive the engine's states.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "Traceback (most recent call last):",
        "  File \"/app/x.py\", line 3, in <module>",
        "KeyError: 'DATABASE_URL'",
        "\tat com.shop.Main.run(Main.java:12)",
        "Caused by: java.net.ConnectException: Connection refused",
        "panic: boom",
        "goroutine 1 [running]:",
        "thread 'main' panicked at src/main.rs:1:1:",
        "could not connect to server: Connection refused",
        "\tIs the server running on host \"db\" (10.0.0.1) and accepting",
        "\tTCP/IP connections on port 5432?",
        "2026-11-22T04:28:49Z INFO starting",
        "level=info msg=\"requests served\" total=7 errors=0",
        "{\"level\":\"error\",\"msg\":\"dial tcp 10.0.0.1:1: connect: connection refused\"}",
        "größer \u{202e} than",
        "",
    ]);
    prop_oneof![3 => known.prop_map(|s| s.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..80)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chunking_does_not_matter(lines in prop::collection::vec(line(), 0..60), sizes in prop::collection::vec(1_usize..200, 1..8)) {
        let bytes = lines.join(&b'\n');
        prop_assert_eq!(chunked(&bytes, &[usize::MAX]), chunked(&bytes, &sizes));
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,400}") {
        let digest = chunked(text.as_bytes(), &[7]);
        prop_assert_eq!(digest.bytes, text.len() as u64);
    }
}

#[test]
fn a_line_without_end_is_cut_and_counted() {
    let mut digester = LogDigester::new(LogOptions::default());
    for _ in 0..100 {
        digester.push(&[b'a'; 10_000]);
    }
    let digest = digester.finish();
    assert_eq!(
        (digest.lines, digest.overlong_lines, digest.bytes),
        (1, 1, 1_000_000)
    );
    assert_eq!(digest.tail[0].text.len(), 2048);
}

#[test]
fn distinct_lines_without_end_stay_bounded() {
    let mut digester = LogDigester::new(LogOptions::default());
    let letters = |mut n: u32| -> String {
        (0..6)
            .map(|_| {
                let c = char::from(b'a' + u8::try_from(n % 26).unwrap());
                n /= 26;
                c
            })
            .collect()
    };
    for n in 0..30_000 {
        digester.push(
            format!(
                "INFO word {} {}\n",
                letters(n),
                letters(n.wrapping_mul(7919))
            )
            .as_bytes(),
        );
    }
    digester.push(b"ERROR the one that counts\n");
    let digest = digester.finish();
    assert_eq!(
        (digest.distinct_templates, digest.template_overflow),
        (1601, 28_400)
    );
    assert_eq!(digest.templates[0].pattern, "ERROR the one that counts");
    assert_eq!(digest.templates.len(), 20);
}

#[test]
fn bytes_that_are_no_text_are_said_to_be() {
    let noise: Vec<u8> = (0..4000_u32)
        .map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    assert!(chunked(&noise, &[512]).binary);
    assert!(!chunked(b"INFO all well\n", &[512]).binary);
}
