//! A storm: many alerts as one table.
//!
//! Pure. Start at [`page`].

use midwatch_agent::render::clean;
use midwatch_service::post::StormTable;
use unicode_width::UnicodeWidthStr as _;

use crate::look::Look;
use crate::opening::who;
use crate::page::{Ink, Page, Text};

use super::rows::Row;

/// Columns that a name may take.
const NAME: usize = 44;

/// The whole table, the columns aligned.
pub(super) fn page(look: Look, table: &StormTable) -> String {
    let mut page = Page::new(look);
    let (word, ink) = if table.resolved_after.is_some() { ("RESOLVED", Ink::Good) } else { ("STORM", Ink::Bad) };
    let lasted = table.resolved_after.as_ref().map(|time| format!(" after {time}")).unwrap_or_default();
    let counts = format!("{lasted}: {} alerts received, {} firing", table.received, table.firing);
    page.para(who(&page, " +- Midwatch"), Ink::Strong, &Text::new(ink, word).with(Ink::Plain, &counts));
    let lead = who(&page, "");
    let (alerts, namespaces) = (width(table, |r| &r.alert, "alert"), width(table, |r| &r.namespace, "namespace"));
    let line = |alert: &str, namespace: &str, firing: &str, total: &str| {
        format!("{}  {}  {firing:>7}  {total:>7}", padded(alert, alerts), padded(namespace, namespaces))
    };
    let mut row = |ink, text: &str| page.cut(lead, ink, text);
    row(Ink::Plain, &line("alert", "namespace", "firing", "seen"));
    for one in &table.rows {
        row(Ink::Plain, &line(&one.alert, &one.namespace, &one.firing.to_string(), &one.total.to_string()));
    }
    if table.beyond > 0 {
        row(Ink::Plain, &format!("and {} more, not shown one by one", table.beyond));
    }
    page.finish()
}

/// What is news of it: a row that was not there, and that it is over. Its counts change with every delivery.
pub(super) fn rows(table: &StormTable) -> Vec<Row> {
    let place = |namespace: &str| if namespace.is_empty() { String::new() } else { format!(" in {namespace}") };
    let mut rows: Vec<Row> = table
        .rows
        .iter()
        .map(|row| Row::new("storm: ", Ink::Bad, format!("{}{}", row.alert, place(&row.namespace))))
        .collect();
    if let Some(lasted) = &table.resolved_after {
        rows.push(Row::new("RESOLVED", Ink::Good, format!(" after {lasted}: {} alerts received", table.received)));
    }
    rows
}

fn width(table: &StormTable, of: fn(&midwatch_service::incident::StormRow) -> &String, title: &str) -> usize {
    let longest = table.rows.iter().map(|row| shown(of(row)).width()).max();
    longest.unwrap_or(0).max(title.len())
}

fn shown(name: &str) -> String {
    clean::shorten(&clean::line(name), NAME).into_owned()
}

/// `format!` pads by characters, a terminal shows columns.
fn padded(name: &str, width: usize) -> String {
    let name = shown(name);
    let blanks = width.saturating_sub(name.width());
    name + &" ".repeat(blanks)
}
