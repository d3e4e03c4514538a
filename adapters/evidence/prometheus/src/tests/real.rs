//! A real Prometheus: what is read is what it holds, and the commands of the evidence repeat it.
#![allow(clippy::disallowed_methods, reason = "the command of a piece of evidence is run as a person would")]

use midwatch_doubles::programs::{Config, Prometheus as Program, Target, until};

use super::*;

const RULES: &str = r#"
groups:
- name: shop
  rules:
  - alert: QueueLagHigh
    expr: queue_lag_seconds{queue=~"orders|mails"} > 0.9
    for: 2s
    labels: {severity: page}
  - record: QueueLagHigh
    expr: queue_lag_seconds
"#;

#[tokio::test]
async fn rules_series_and_commands() {
    let target = Target::start("queue_lag_seconds{queue=\"orders\"} 0.93\nqueue_lag_seconds{queue=\"it's\"} NaN").await;
    let config = Config { rules_yaml: RULES.to_owned(), targets: vec![target.host()], ..Config::default() };
    let program = Program::start(config).await;
    let source = prometheus(&program.url());

    let health = source.check().await.unwrap();
    assert!(health.version.is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit())));

    let rules = source.read(&Probe::Rules { alert: "QueueLagHigh".to_owned() }).await.unwrap();
    let Content::Rules(rules) = rules.content else { panic!("rules") };
    assert_eq!((rules.len(), rules[0].pending), (1, Duration::from_secs(2)));
    let expr = &rules[0].expr;

    let queue = |name: &str| Labels::from([("queue".to_owned(), name.to_owned())]);
    let series = until("the expression returns", async || {
        let query = MetricQuery { agree_with: queue("orders"), ..instant(expr, Timestamp::now()) };
        let (series, gaps) = read(&source, &query).await.unwrap();
        assert!(gaps.is_empty(), "{gaps:?}");
        series.into_iter().next()
    })
    .await;
    assert_eq!(
        (series.labels["queue"].as_str(), series.last().unwrap().value.to_bits()),
        ("orders", 0.93f64.to_bits())
    );
    let none = MetricQuery { agree_with: queue("mails"), ..instant(expr, now()) };
    assert!(read(&source, &none).await.unwrap().0.is_empty(), "series of other alerts are not read");
    let odd = read(&source, &instant("queue_lag_seconds{queue=\"it's\"}", Timestamp::now())).await.unwrap().0;
    assert!(odd[0].last().unwrap().value.is_nan());

    let later = now().checked_add(SignedDuration::from_secs(1)).unwrap();
    let range = When::range(later.checked_sub(SignedDuration::from_mins(10)).unwrap(), later);
    let query = MetricQuery { when: range, ..instant("queue_lag_seconds{queue!=\"it's\"}", later) };
    let (series, _) = until("a point of the range", async || {
        Some(read(&source, &query).await.unwrap()).filter(|(series, _)| !series.is_empty())
    })
    .await;
    assert!(series[0].points.iter().all(|p| p.at >= later.checked_sub(SignedDuration::from_mins(10)).unwrap()));
    for query in [query, instant("queue_lag_seconds{queue=\"it's\"}", later)] {
        let shown = run(&query.command(), &program.url());
        assert!(shown.contains("queue_lag_seconds"), "{}: {shown}", query.command());
    }
}

#[tokio::test]
async fn its_own_words_for_a_bad_query() {
    let program = Program::start(Config::default()).await;
    let failure = read(&prometheus(&program.url()), &instant("sum by (", now())).await.unwrap_err();
    assert!(
        failure.to_string().contains("does not take the query (400)") && failure.to_string().contains("parse error"),
        "{failure}"
    );
    let wrong = prometheus(&format!("{}/prefix", program.url())).check().await.unwrap_err();
    assert!(matches!(&wrong, ReadFailure::NotFound(w) if w.contains("/prometheus")), "{wrong}");
}

/// Runs a command of the evidence in a shell.
fn run(command: &str, url: &str) -> String {
    let output = std::process::Command::new("sh").args(["-c", command]).env("PROMETHEUS_URL", url).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
