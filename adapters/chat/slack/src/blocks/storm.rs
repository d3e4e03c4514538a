//! A storm: many alerts as one table.

use midwatch_agent::render::clean;
use midwatch_service::post::StormTable;

use super::page::{Look, Page, context, table};
use super::rich::{self, Rich};
use super::{Message, answer, resolved};

/// Rows shown, the largest; the rest is counted.
const ROWS_SHOWN: usize = 40;

/// Characters of a name.
const NAME_CAP: usize = 60;

pub(super) fn render(look: Look, storm: &StormTable) -> Message {
    let mut page = Page::default();
    let lead = match &storm.resolved_after {
        Some(after) => resolved(after),
        None => "🔴 STORM".to_owned(),
    };
    let counts = format!(": {} alerts received, {} firing", storm.received, storm.firing);
    page.add(vec![rich::line_block(Rich::bold(&lead).with(&counts))]);
    let head: Vec<String> = ["Alert", "Namespace", "Firing", "Seen"].map(str::to_owned).into();
    let mut shown = storm.rows.len().min(ROWS_SHOWN);
    // Long names may not all fit; half as many do sooner or later.
    while shown > 0 && !add(&mut page, look, &head, &rows(storm, shown)) {
        shown /= 2;
    }
    let hidden = u64::try_from(storm.rows.len() - shown).unwrap_or(u64::MAX);
    let beyond = (hidden + storm.beyond > 0).then(|| match hidden {
        0 => format!("and {} more alerts, not shown one by one", storm.beyond),
        hidden => format!("and {hidden} more rows, and {} alerts that are in no row", storm.beyond),
    });
    Message::new(&format!("{lead}{counts}"), page.finish(beyond.map(|text| context(&text))))
}

fn add(page: &mut Page, look: Look, head: &[String], rows: &[Vec<String>]) -> bool {
    match table(head, rows).filter(|_| look.table) {
        Some(table) => page.add(vec![table]),
        None => {
            answer::drawn(head, rows).is_some_and(|drawn| page.add(vec![rich::block(vec![rich::preformatted(&drawn)])]))
        }
    }
}

fn rows(storm: &StormTable, shown: usize) -> Vec<Vec<String>> {
    let name = |text: &str| clean::shorten(&clean::line(text), NAME_CAP).into_owned();
    let row = |row: &midwatch_service::incident::StormRow| {
        vec![name(&row.alert), name(&row.namespace), row.firing.to_string(), row.total.to_string()]
    };
    storm.rows.iter().take(shown).map(row).collect()
}
