//! Odd values and large answers: read without a panic, bounded, and told.

use super::*;
use crate::wire;

fn found(body: &str, agree_with: Labels) -> wire::Found {
    let query = MetricQuery { agree_with, ..instant("x", now()) };
    wire::series(body.as_bytes(), &query).unwrap()
}

fn success(kind: &str, result: &str) -> String {
    format!(
        r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}},"warnings":["one store is down"]}}"#
    )
}

#[test]
fn values_that_are_no_plain_numbers() {
    let result = r#"[{"metric":{"a":"1"},"values":[[1700000000.5,"NaN"],[1700000015,"+Inf"],[1700000030,"-Inf"],[1700000045,"1e-3"],[1e300,"1"],[1700000060,"x"]]}]"#;
    let found = found(&success("matrix", result), Labels::new());
    let values: Vec<f64> = found.series[0].points.iter().map(|p| p.value).collect();
    assert!(values[0].is_nan() && values[1..] == [f64::INFINITY, f64::NEG_INFINITY, 0.001]);
    assert_eq!(found.series[0].points[0].at, "2023-11-14T22:13:20.5Z".parse().unwrap());
    assert_eq!(found.gaps, ["Prometheus warns: one store is down", "2 values that are no numbers"]);
}

#[test]
fn native_histograms_are_told_and_not_read() {
    let result =
        r#"[{"metric":{"a":"1"},"histogram":[1700000000,{"count":"3","sum":"1.5","buckets":[[0,"1","2","3"]]}]}]"#;
    let found = found(&success("vector", result), Labels::new());
    assert!(found.series.is_empty() && found.gaps.iter().any(|g| g.starts_with("1 series with native histograms")));
}

#[test]
fn scalars_are_series_without_labels() {
    let found = found(&success("scalar", r#"[1700000000,"7"]"#), Labels::new());
    assert_eq!((found.series.len(), found.series[0].points[0].value.to_bits()), (1, 7f64.to_bits()));
}

#[test]
fn a_hundred_thousand_series_are_bounded_and_the_meant_one_is_kept() {
    let one = |i: usize| format!(r#"{{"metric":{{"pod":"p{i:06}"}},"value":[1700000000,"{i}"]}}"#);
    let body = success("vector", &format!("[{}]", (0..100_000).map(one).collect::<Vec<_>>().join(",")));
    let all = found(&body, Labels::new());
    assert!(all.series.len() == 50 && all.gaps.iter().any(|g| g.starts_with("99950 more series")), "{:?}", all.gaps);
    let meant = found(&body, [("pod".to_owned(), "p099999".to_owned())].into());
    assert_eq!(meant.series.len(), 1);
    assert_eq!(meant.gaps.len(), 1, "what was not meant is no gap: {:?}", meant.gaps);
}

#[test]
fn rules_by_name_only() {
    let body = r#"{"status":"success","data":{"groups":[{"name":"g","rules":[
        {"type":"alerting","name":"Slow","query":"a > 1","duration":300,"labels":{"severity":"page"},"alerts":[],"state":"firing"},
        {"type":"alerting","name":"Other","query":"b > 1","duration":0},
        {"type":"recording","name":"Slow","query":"c"}]},{"name":"h"}]}}"#;
    let (rules, gaps) = wire::rules(body.as_bytes(), "Slow").unwrap();
    assert_eq!((rules.len(), rules[0].expr.as_str(), rules[0].pending), (1, "a > 1", Duration::from_mins(5)));
    assert!(gaps.is_empty());
}
