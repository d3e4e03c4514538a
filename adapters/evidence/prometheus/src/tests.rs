//! The adapter against servers of all manners (`failures`), against odd answers (`answers`) and a real Prometheus (`real`).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::metrics::{Labels, MetricQuery, Purpose, Series, When};
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::view::Content;

use crate::{Auth, Prometheus, PrometheusOptions};

mod answers;
mod failures;
mod real;

fn options(url: &str) -> PrometheusOptions {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    PrometheusOptions::new(url)
}

fn prometheus(url: &str) -> Prometheus {
    Prometheus::new(options(url)).unwrap()
}

fn instant(expr: &str, at: Timestamp) -> MetricQuery {
    MetricQuery { purpose: Purpose::Value, expr: expr.to_owned(), when: When::At(at), agree_with: Labels::new() }
}

fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

async fn read(source: &Prometheus, query: &MetricQuery) -> Result<(Vec<Series>, Vec<String>), ReadFailure> {
    let reading = source.read(&Probe::Metric(query.clone())).await?;
    let Content::Series(series) = reading.content else { panic!("series") };
    Ok((series, reading.gaps))
}
