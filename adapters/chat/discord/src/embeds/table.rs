//! A table as lines, its cells below each other: Discord has no tables.
//!
//! Start at [`drawn`].

use midwatch_agent::render::clean;
use unicode_width::UnicodeWidthStr as _;

/// Columns between two cells.
const GAP: &str = "  ";

/// Every row on a line, the head first; aligned by the columns that text takes on a screen.
pub(super) fn drawn(head: &[String], rows: &[Vec<String>]) -> String {
    let clean = |row: &[String]| -> Vec<String> { row.iter().map(|cell| clean::line(cell).into_owned()).collect() };
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).map(clean).collect();
    let columns = all.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| all.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}
