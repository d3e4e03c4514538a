//! An answer on a terminal.
//!
//! Must never put text of the outside anywhere but through `page`. Start at [`render`].

use midwatch_conversation::answer::{Answer, Part};

use unicode_width::UnicodeWidthStr as _;

use crate::look::Look;
use crate::opening::who;
use crate::page::{Ink, Page, Text};

/// Columns between two cells of a table.
const GAP: &str = "  ";

/// The whole answer. A file is shown by its title and its lines: a terminal has room.
pub(crate) fn render(look: Look, answer: &Answer) -> String {
    let mut page = Page::new(look);
    let mut lead = who(&page, " +- Midwatch");
    for part in &answer.parts {
        match part {
            Part::Text { text } => {
                for line in text.lines() {
                    page.para(lead, Ink::Strong, &Text::plain(line));
                    lead = who(&page, "");
                }
            }
            Part::Code { text } => code(&mut page, text),
            Part::Table { head, rows } => {
                for line in table(head, rows) {
                    page.para(lead, Ink::Strong, &Text::plain(&line));
                    lead = who(&page, "");
                }
            }
            Part::File(file) => {
                page.para(lead, Ink::Strong, &Text::plain(&format!("{} ({})", file.title, file.name)));
                code(&mut page, &file.text);
            }
        }
        lead = who(&page, "");
    }
    page.finish()
}

/// Lines as they are: never wrapped by us, so that they can be copied whole.
fn code(page: &mut Page, text: &str) {
    for line in text.lines() {
        page.command(4, line);
    }
}

/// Rows with their cells below each other.
fn table(head: &[String], rows: &[Vec<String>]) -> Vec<String> {
    let all: Vec<&[String]> = std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).collect();
    let width = |at: usize| all.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &&[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    all.iter().map(line).collect()
}
