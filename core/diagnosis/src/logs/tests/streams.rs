//! Whole streams: traces, last words, first errors, success, order.

use std::fmt::Write as _;

use super::{digest, hits};
use crate::logs::{Level, LogDigester, LogOptions};

const PYTHON: &str = "INFO starting api\nTraceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n    url = os.environ[\"DATABASE_URL\"]\n          ~~~~~~~~~~^^^^^^^^^^^^^^^^\n  File \"<frozen os>\", line 685, in __getitem__\nKeyError: 'DATABASE_URL'\n";
const JAVA: &str = "2026-11-22 04:28:49,123 INFO starting\nException in thread \"main\" java.lang.IllegalStateException: no pool\n\tat com.shop.Main.run(Main.java:12)\n\tat com.shop.Main.main(Main.java:5)\nCaused by: org.shop.DbException: open\n\tat com.shop.Db.open(Db.java:7)\n\t... 2 more\nCaused by: java.net.UnknownHostException: db\n\tat java.net.Inet(Inet.java:1)\n\t... 4 more\n";
const GO: &str = "2026/11/22 04:28:49 starting\npanic: dial tcp 10.0.0.1:5432: connect: connection refused\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:12 +0x1d\nexit status 2\n";
const NODE: &str = "node:events:495\n      throw er; // Unhandled 'error' event\n      ^\n\nError: connect ECONNREFUSED 10.0.0.1:6379\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)\n    at emit (node:events:1) {\n  errno: -111,\n  code: 'ECONNREFUSED',\n  address: '10.0.0.1',\n  port: 6379\n}\n\nNode.js v20.10.0\n";
const RUST: &str = "thread 'main' panicked at src/main.rs:10:5:\ncalled `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound }\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
const DOTNET: &str = "Unhandled exception. System.InvalidOperationException: no\n ---> System.Net.Sockets.SocketException (111): Connection refused\n   at System.Net.Sockets.Socket.Connect()\n   --- End of inner exception stack trace ---\n   at Shop.Main() in /src/Main.cs:line 7\n";

fn trace(text: &str) -> (usize, String, String, usize) {
    let traces = digest(text).traces;
    let first = traces.first().expect("a trace");
    (
        traces.len(),
        first.head.text.clone(),
        first.root_cause.text.clone(),
        first.lines.len(),
    )
}

fn fatal(text: &str) -> Option<String> {
    digest(text).fatal.map(|line| line.text)
}

#[test]
fn traces_are_whole() {
    assert_eq!(
        trace(PYTHON),
        (
            1,
            "Traceback (most recent call last):".into(),
            "KeyError: 'DATABASE_URL'".into(),
            6
        )
    );
    assert_eq!(
        trace(JAVA).2,
        "Caused by: java.net.UnknownHostException: db"
    );
    assert_eq!((trace(JAVA).0, trace(JAVA).3), (1, 9));
    assert_eq!(trace(GO).3, 6);
    assert_eq!(
        (trace(NODE).1.as_str(), trace(NODE).3),
        ("Error: connect ECONNREFUSED 10.0.0.1:6379", 8)
    );
    assert_eq!(trace(RUST).3, 3);
    assert!(trace(RUST).2.starts_with("called `Result::unwrap()`"));
}

#[test]
fn last_words() {
    assert_eq!(fatal(PYTHON).as_deref(), Some("KeyError: 'DATABASE_URL'"));
    assert_eq!(
        fatal(JAVA).as_deref(),
        Some("Caused by: java.net.UnknownHostException: db")
    );
    assert_eq!(
        fatal(GO).as_deref(),
        Some("panic: dial tcp 10.0.0.1:5432: connect: connection refused")
    );
    assert_eq!(
        fatal(NODE).as_deref(),
        Some("Error: connect ECONNREFUSED 10.0.0.1:6379")
    );
    assert_eq!(
        fatal("/bin/sh: foo: not found\n").as_deref(),
        Some("/bin/sh: foo: not found")
    );
    assert_eq!(fatal("INFO starting\nINFO listening on :8080\n"), None);
    assert_eq!(
        fatal("level=error msg=\"query failed\"\nlevel=info msg=\"requests served\"\n"),
        None
    );
    assert!(fatal(DOTNET).is_some());
}

#[test]
fn a_trace_counts_once() {
    let twice = format!("{JAVA}{JAVA}");
    let digest = digest(&twice);
    assert_eq!((digest.traces.len(), digest.traces[0].count), (1, 2));
    assert_eq!(hits(NODE), ["ConnectionRefused host=10.0.0.1 port=6379"]);
    assert_eq!(hits(PYTHON), ["MissingConfiguration name=DATABASE_URL"]);
    assert_eq!(hits(GO), ["ConnectionRefused host=10.0.0.1 port=5432"]);
}

#[test]
fn libpq_over_three_lines_counts_right() {
    let text = "psycopg2.OperationalError: could not connect to server: Connection refused\n\tIs the server running on host \"db\" (10.0.0.1) and accepting\n\tTCP/IP connections on port 5432?\n";
    let digest = digest(&text.repeat(3));
    assert_eq!(digest.hits.len(), 1);
    assert_eq!(
        (
            digest.hits[0].count,
            digest.hits[0].first.number,
            digest.hits[0].last.number
        ),
        (3, 1, 7)
    );
}

#[test]
fn the_first_error_is_of_the_last_run() {
    let run = |n| format!("INFO api starting\nERROR first of {n}x\nERROR second\nFATAL gone\n");
    let digest = digest(&format!("{}{}", run("a"), run("b")));
    assert_eq!(
        digest.first_error.map(|l| l.text).as_deref(),
        Some("ERROR first of bx")
    );
    assert_eq!(
        digest.fatal.map(|l| (l.number, l.level)),
        Some((8, Level::Fatal))
    );
}

#[test]
fn values_make_groups_and_success_comes_after() {
    let mut text = String::new();
    for n in 0..6 {
        writeln!(text, "2026-11-22T04:28:0{n}Z ERROR dial tcp 10.0.0.{}:5432: connect: connection refused, retrying", n % 2).unwrap();
    }
    text.push_str("2026-11-22T04:28:09Z INFO reconnected to 10.0.0.1:5432\n");
    let digest = digest(&text);
    assert_eq!(
        digest
            .hits
            .iter()
            .map(|h| (h.values.host.as_deref(), h.count, h.retried))
            .collect::<Vec<_>>(),
        [(Some("10.0.0.0"), 3, true), (Some("10.0.0.1"), 3, true)]
    );
    assert!(
        digest
            .hits
            .iter()
            .all(|h| h.success_after.as_ref().is_some_and(|l| l.number == 7))
    );
    assert_eq!(digest.last_success.map(|l| l.number), Some(7));
    assert_eq!(
        digest.first_at.map(|t| t.to_string()).as_deref(),
        Some("2026-11-22T04:28:00Z")
    );
    assert_eq!(
        digest.last_at.map(|t| t.to_string()).as_deref(),
        Some("2026-11-22T04:28:09Z")
    );
}

#[test]
fn errors_rank_first_and_new_ones_are_marked() {
    let mut text = String::new();
    for n in 0..40 {
        writeln!(text, "2026-11-22T04:{n:02}:00Z INFO tick {n}").unwrap();
    }
    for n in 0..30 {
        writeln!(text, "2026-11-22T04:40:{n:02}Z ERROR query {n} failed").unwrap();
    }
    let onset = "2026-11-22T04:39:30Z".parse().ok();
    let mut digester = LogDigester::new(LogOptions {
        onset,
        ..LogOptions::default()
    });
    digester.push(text.as_bytes());
    let templates = digester.finish().templates;
    assert_eq!(
        templates
            .iter()
            .map(|t| (t.pattern.as_str(), t.count, t.new_since_onset, t.burst))
            .collect::<Vec<_>>(),
        [
            ("ERROR query <*> failed", 30, true, true),
            ("INFO tick <*>", 40, false, false),
        ]
    );
}

#[test]
fn an_empty_stream_is_empty() {
    assert_eq!(digest(""), crate::logs::LogDigest::default());
    assert_eq!(digest("\n\n").lines, 2);
}

#[test]
fn a_trace_in_a_field_is_kept() {
    let line = r#"{"level":"error","msg":"boom","stack":"Error: connect ECONNREFUSED 10.0.0.1:6379\n    at a (x.js:1)\n    at b (y.js:2)"}"#;
    let digest = digest(&format!("{line}\n{line}\n"));
    assert_eq!(
        (
            digest.traces.len(),
            digest.traces[0].count,
            digest.traces[0].lines.len()
        ),
        (1, 2, 3)
    );
    assert_eq!(
        digest.traces[0].root_cause.text,
        "Error: connect ECONNREFUSED 10.0.0.1:6379"
    );
    assert_eq!(digest.hits[0].count, 2);
}
