//! Alert rules, their tests and their runbooks.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::support::{check_query, deploy, run, series, text, yaml};

fn alerts() -> Vec<Value> {
    let rules = yaml(&text(deploy().join("alerts.yaml")));
    let groups = rules["groups"].as_array().unwrap().clone();
    groups.into_iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn name(alert: &Value) -> &str {
    alert["alert"].as_str().unwrap()
}

#[test]
fn promtool_takes_the_rules_and_their_tests_pass() {
    for arguments in [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]] {
        let (passed, said) = run(Command::new("promtool").args(arguments).current_dir(deploy()));
        assert!(passed, "promtool {arguments:?}\n{said}");
    }
}

#[test]
fn every_alert_is_seen_to_fire_and_to_stay_silent() {
    let tests = yaml(&text(deploy().join("alerts_test.yaml")));
    let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for test in tests["tests"].as_array().unwrap() {
        for one in test["alert_rule_test"].as_array().unwrap() {
            let fires = !one["exp_alerts"].as_array().unwrap().is_empty();
            seen.entry(one["alertname"].as_str().unwrap().to_owned()).or_default().insert(fires);
        }
    }
    let expected = alerts().iter().map(|alert| (name(alert).to_owned(), BTreeSet::from([false, true]))).collect();
    assert_eq!(seen, expected);
}

#[test]
fn every_alert_says_how_bad_it_is_and_what_to_do() {
    let runbooks = text(deploy().join("RUNBOOKS.md"));
    let sections: BTreeSet<&str> = runbooks.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut named = BTreeSet::new();
    let alerts = alerts();
    for alert in &alerts {
        let name = name(alert);
        assert!(named.insert(name), "{name} twice");
        assert!(matches!(alert["labels"]["severity"].as_str(), Some("warning" | "critical")), "{name}");
        for (told, least) in [("summary", 15), ("description", 40)] {
            assert!(alert["annotations"][told].as_str().is_some_and(|words| words.len() >= least), "{name}: {told}");
        }
        let url = format!("RUNBOOKS.md#{}", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook_url"], url.as_str());
        let section = runbooks.split("\n## ").find_map(|section| section.strip_prefix(name)).unwrap_or_default();
        for part in ["**Means.**", "**Look at.**", "**Do.**", "midwatch "] {
            assert!(section.contains(part), "the runbook of {name} lacks {part}");
        }
    }
    assert_eq!(named, sections, "a runbook for each alert, and no other");
}

#[test]
fn the_rules_name_only_figures_and_labels_that_there_are() {
    let series = series();
    for alert in alerts() {
        check_query(alert["expr"].as_str().unwrap(), &series);
    }
}
