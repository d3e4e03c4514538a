//! The level of a line in each of the usual formats.

use super::digest;
use crate::logs::Level;

const ROWS: &[(&str, Level)] = &[
    (r#"{"level":"error","msg":"x"}"#, Level::Error),
    (r#"{"severity":"WARNING","message":"x"}"#, Level::Warn),
    (r#"{"lvl":"dbug","msg":"x"}"#, Level::Unknown),
    (
        r#"{"level":50,"time":1795321729123,"msg":"x"}"#,
        Level::Error,
    ),
    (r#"{"level":60,"msg":"x"}"#, Level::Fatal),
    (r#"{"log":{"level":"warn"},"message":"x"}"#, Level::Warn),
    (
        r#"{"t":{"$date":"2026-11-22T04:28:49.123+00:00"},"s":"E","c":"NETWORK","msg":"x"}"#,
        Level::Error,
    ),
    ("ts=2026-11-22T04:28:49Z level=warn msg=\"x\"", Level::Warn),
    (
        "time=\"2026-11-22T04:28:49Z\" level=fatal msg=\"x\"",
        Level::Fatal,
    ),
    ("I1122 04:28:49.123456       1 main.go:7] x", Level::Info),
    ("E1122 04:28:49.123456       1 main.go:7] x", Level::Error),
    ("F1122 04:28:49.123456       1 main.go:7] x", Level::Fatal),
    ("<11>Nov 22 04:28:49 host app: x", Level::Error),
    ("<30>Nov 22 04:28:49 host app: x", Level::Info),
    (
        "2026-11-22 04:28:49,123 - shop.db - ERROR - x",
        Level::Error,
    ),
    ("2026-11-22 04:28:49,123 ERROR shop.db: x", Level::Error),
    ("WARNING:root:x", Level::Warn),
    (
        "2026-11-22 04:28:49.123  WARN 1 --- [           main] c.s.Shop : x",
        Level::Warn,
    ),
    (
        "2026-11-22T04:28:49.123Z ERROR 1 --- [           main] c.s.Shop : x",
        Level::Error,
    ),
    ("04:28:49.123 [main] ERROR c.s.Shop - x", Level::Error),
    (
        "[2026-11-22 04:28:49,123] INFO [Controller id=1] x (kafka.Controller)",
        Level::Info,
    ),
    ("2026/11/22 04:28:49 [error] 7#7: *1 x", Level::Error),
    ("2026/11/22 04:28:49 [warn] 7#7: *1 x", Level::Warn),
    ("nginx: [emerg] x", Level::Fatal),
    ("2026/11/22 04:28:49 x", Level::Unknown),
    ("[ERROR] x", Level::Error),
    ("ERROR: x", Level::Error),
    ("Error: x", Level::Error),
    (
        "[2026-11-22 04:28:49 +0000] [7] [CRITICAL] WORKER TIMEOUT",
        Level::Fatal,
    ),
    ("2026 FATAL config error", Level::Fatal),
    ("2026-11-22 04:28:49.123 UTC [42] FATAL:  x", Level::Fatal),
    ("2026-11-22 04:28:49.123 UTC [42] LOG:  x", Level::Info),
    ("1:M 22 Nov 2026 04:28:49.123 # x", Level::Warn),
    ("panic: x", Level::Fatal),
    (
        "Exception in thread \"main\" java.lang.IllegalStateException: x",
        Level::Fatal,
    ),
    ("java.lang.IllegalStateException: x", Level::Error),
    ("\u{1b}[31mERROR\u{1b}[0m x", Level::Error),
    ("2026-11-22T04:28:49.123456789Z ERROR x", Level::Error),
    (
        "2026-11-22T04:28:49.123456789Z stderr F {\"level\":\"error\",\"msg\":\"x\"}",
        Level::Error,
    ),
    ("2026-11-22T04:28:49.123Z  INFO shop::db: x", Level::Info),
    ("failed to connect to db", Level::Error),
    ("Information about errors: none", Level::Unknown),
    ("0 errors", Level::Unknown),
    ("failover ok", Level::Unknown),
    ("the ERROR_LIMIT is 5", Level::Unknown),
];

#[test]
fn levels_are_read() {
    let read = |line: &str| digest(line).tail.first().map(|line| line.level);
    let wrong: Vec<_> = ROWS
        .iter()
        .filter(|(line, level)| read(line) != Some(*level))
        .map(|(line, _)| (line, read(line)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
