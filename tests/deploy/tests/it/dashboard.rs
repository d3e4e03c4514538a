//! The dashboard.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{check_query, deploy, filled, series, text};

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(&text(deploy().join("dashboards/midwatch.json"))).unwrap();
    assert!(dashboard["uid"].is_string() && dashboard["schemaVersion"].as_u64().is_some_and(|v| v >= 36));
    dashboard["panels"].as_array().unwrap().clone()
}

#[test]
fn every_panel_has_a_place_a_unit_and_words() {
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in panels() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(w > 0 && h > 0 && x + w <= 24, "{title}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title} lies over another");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["fieldConfig"]["defaults"]["unit"].as_str().is_some_and(|unit| !unit.is_empty()), "{title}");
        assert!(panel["description"].as_str().is_some_and(|words| words.ends_with('.')), "{title}");
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{title}");
    }
}

#[test]
fn the_queries_name_only_figures_that_there_are_and_no_figure_is_left_out() {
    let series = series();
    let mut queries = String::new();
    for panel in panels() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap();
            check_query(query, &series);
            queries += query;
            queries.push('\n');
        }
    }
    for family in filled().families() {
        assert!(queries.contains(&family.name), "{} is in no panel", family.name);
    }
}
