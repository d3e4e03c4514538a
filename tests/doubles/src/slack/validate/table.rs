//! Tables: <https://docs.slack.dev/reference/block-kit/blocks/table-block> and its sortable sibling.

use serde_json::{Map, Value};

use super::check::Check;
use super::rich;

/// Rows of a table; a data table has its header beside them.
const ROWS: usize = 100;
/// Cells of a row.
const COLUMNS: usize = 20;
/// Characters of all cells together.
const CELLS: usize = 10_000;

pub(super) fn table(check: &mut Check, map: &Map<String, Value>, at: &str) {
    rows(check, map, at, (1, ROWS), &["raw_text", "rich_text"]);
    for (index, column) in check.list(map, "column_settings", at, (0, COLUMNS)).iter().enumerate() {
        let at = format!("{at}/column_settings/{index}");
        // A column without settings of its own may be null.
        if column.is_null() {
            continue;
        }
        let Some(map) = check.fields(column, &at, &[], &["align", "is_wrapped"]) else { continue };
        check.one_of(map, "align", &at, &["left", "center", "right"]);
        check.flag(map, "is_wrapped", &at);
    }
}

pub(super) fn data(check: &mut Check, map: &Map<String, Value>, at: &str) {
    check.string(map, "caption", at, 3_000);
    rows(check, map, at, (2, ROWS + 1), &["raw_text", "raw_number", "rich_text"]);
    let lengths: Vec<usize> =
        map["rows"].as_array().into_iter().flatten().filter_map(Value::as_array).map(Vec::len).collect();
    if lengths.windows(2).any(|two| two[0] != two[1]) {
        check.problem(&format!("{at}/rows"), "all rows must have the same number of values");
    }
    let header = map["rows"][0].as_array().into_iter().flatten();
    if header.into_iter().any(|cell| cell["type"] == "rich_text") {
        check.problem(&format!("{at}/rows/0"), "rich_text is not allowed in the header");
    }
    if map.get("page_size").is_some_and(|size| !size.as_u64().is_some_and(|n| (1..=100).contains(&n))) {
        check.problem(&format!("{at}/page_size"), "must be between 1 and 100");
    }
}

fn rows(check: &mut Check, map: &Map<String, Value>, at: &str, bounds: (usize, usize), types: &[&str]) {
    let mut characters = 0;
    for (index, row) in check.list(map, "rows", at, bounds).iter().enumerate() {
        let at = format!("{at}/rows/{index}");
        let Some(cells) = row.as_array() else {
            check.problem(&at, "must be an array");
            continue;
        };
        if cells.is_empty() || cells.len() > COLUMNS {
            check.problem(&at, &format!("no more than {COLUMNS} items allowed, and no fewer than 1"));
        }
        for (column, cell) in cells.iter().enumerate() {
            one(check, cell, &format!("{at}/{column}"), types);
            characters += super::shown(cell);
        }
    }
    if characters > CELLS {
        check.problem(&format!("{at}/rows"), &format!("must be less than {} characters in all", CELLS + 1));
    }
}

fn one(check: &mut Check, cell: &Value, at: &str, types: &[&str]) {
    let kind = cell["type"].as_str().unwrap_or_default();
    let (required, optional): (&[&str], &[&str]) = match kind {
        "raw_text" => (&["type", "text"], &[]),
        "raw_number" => (&["type", "value", "text"], &[]),
        _ => (&["type", "elements"], &["block_id"]),
    };
    if !types.contains(&kind) {
        check.problem(&format!("{at}/type"), &format!("must be one of: {}", types.join(", ")));
        return;
    }
    let Some(map) = check.fields(cell, at, required, optional) else { return };
    check.string(map, "text", at, CELLS);
    if kind == "rich_text" {
        rich::elements(check, map, at);
    }
}
