//! A storm: many alerts as one table.

use midwatch_service::incident::StormRow;
use midwatch_service::post::StormTable;

use midwatch_agent::render::clean;

use super::page::Page;
use super::{Message, colour, escape, resolved, table};

/// Rows shown, the largest; the rest is counted.
const ROWS_SHOWN: usize = 40;

/// Characters of a name.
const NAME_CAP: usize = 40;

/// Characters of a length of time, and what else is ours.
const WORDS_CAP: usize = 100;

pub(super) fn render(storm: &StormTable, tag: &str) -> Message {
    let (colour, lead) = match &storm.resolved_after {
        Some(after) => (colour::GREEN, resolved(&escape::short(after, WORDS_CAP))),
        None => (colour::RED, "🔴 STORM".to_owned()),
    };
    let mut page = Page::coloured(colour);
    page.title(&format!("{lead}: {} alerts received, {} firing", storm.received, storm.firing));
    let head: Vec<String> = ["Alert", "Namespace", "Firing", "Seen"].map(str::to_owned).into();
    let mut shown = storm.rows.len().min(ROWS_SHOWN);
    // Long names may not all fit; fewer do sooner or later.
    while shown > 0 && !page.add(&escape::fenced(&table::drawn(&head, &rows(storm, shown)))) {
        shown -= 1;
    }
    let hidden = u64::try_from(storm.rows.len() - shown).unwrap_or(u64::MAX);
    page.add(&match (hidden, storm.beyond) {
        (0, 0) => String::new(),
        (0, beyond) => format!("-# and {beyond} more alerts, not shown one by one"),
        (hidden, 0) => format!("-# and {hidden} more rows"),
        (hidden, beyond) => format!("-# and {hidden} more rows, and {beyond} alerts that are in no row"),
    });
    Message { embeds: page.finish("", Some(tag)), ..Message::default() }
}

fn rows(storm: &StormTable, shown: usize) -> Vec<Vec<String>> {
    let name = |text: &str| clean::shorten(&clean::line(text), NAME_CAP).into_owned();
    let row =
        |row: &StormRow| vec![name(&row.alert), name(&row.namespace), row.firing.to_string(), row.total.to_string()];
    storm.rows.iter().take(shown).map(row).collect()
}
