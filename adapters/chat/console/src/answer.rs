//! An answer on a terminal.
//!
//! Must never put text of the outside anywhere but through `page`. Start at [`render`].

use midwatch_agent::render::clean;
use midwatch_conversation::answer::{Answer, Part};
use unicode_width::UnicodeWidthStr as _;

use crate::look::Look;
use crate::opening::who;
use crate::page::{Ink, Page, Text};

/// Columns between two cells of a table.
const GAP: &str = "  ";

/// Blanks before a line of code.
const INDENT: usize = 4;

/// The whole answer in a thread: Midwatch speaks. A file is shown by its title and its lines: a terminal has room.
pub(crate) fn render(look: Look, answer: &Answer) -> String {
    let mut page = Page::new(look);
    let (first, rest) = (who(&page, " +- Midwatch"), who(&page, ""));
    write(&mut page, answer, [first, rest]);
    page.finish()
}

/// The answer alone, for the terminal that asked.
pub(crate) fn bare(look: Look, answer: &Answer) -> String {
    let mut page = Page::new(look);
    write(&mut page, answer, ["", ""]);
    page.finish()
}

/// The parts with an empty line between them; `first` stands before the first line, `rest` before the others.
fn write(page: &mut Page, answer: &Answer, [first, rest]: [&str; 2]) {
    let mut lead = first;
    for (index, part) in answer.parts.iter().enumerate() {
        if index > 0 {
            page.empty();
        }
        match part {
            Part::Text { text } => paragraphs(page, text, [lead, rest]),
            Part::Code { text } => code(page, text),
            Part::Table { head, rows } => table(page, head, rows, [lead, rest]),
            Part::File(file) => {
                page.para(lead, Ink::Strong, &Text::plain(&format!("{} ({}):", file.title, file.name)));
                code(page, &file.text);
            }
        }
        lead = rest;
    }
}

fn paragraphs(page: &mut Page, text: &str, [first, rest]: [&str; 2]) {
    let mut lead = first;
    for line in text.lines() {
        // What stands between backticks is a command, or a name.
        let spans = line.split('`').enumerate();
        let text = spans.fold(Text::default(), |text, (index, span)| {
            text.with(if index % 2 == 1 { Ink::Command } else { Ink::Plain }, span)
        });
        page.para(lead, Ink::Strong, &text);
        lead = rest;
    }
}

/// Lines as they are: never wrapped by us, so that they can be copied whole.
fn code(page: &mut Page, text: &str) {
    for line in text.lines() {
        page.command(INDENT, line);
    }
}

/// Rows with their cells below each other. Where they have no room, each row is a list of its cells.
fn table(page: &mut Page, head: &[String], rows: &[Vec<String>], [first, rest]: [&str; 2]) {
    let clean = |row: &[String]| row.iter().map(|cell| clean::line(cell).trim().to_owned()).collect::<Vec<_>>();
    let (head, rows) = (clean(head), rows.iter().map(|row| clean(row)).collect::<Vec<_>>());
    let width = |at: usize| {
        std::iter::once(&head).chain(&rows).filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let whole = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
    if whole > page.room(rest.width()) {
        return listed(page, &head, &rows, [first, rest]);
    }
    page.row(first, &padded(&head, &widths), Ink::Faint);
    for row in &rows {
        page.row(rest, &padded(row, &widths), Ink::Plain);
    }
}

fn padded(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths);
    let cells = cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))));
    cells.collect::<Vec<_>>().join(GAP)
}

fn listed(page: &mut Page, head: &[String], rows: &[Vec<String>], [first, rest]: [&str; 2]) {
    let mut lead = first;
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            page.empty();
        }
        for (name, cell) in head.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            page.para(
                lead,
                Ink::Strong,
                &Text::new(Ink::Faint, &format!("{name}:")).with(Ink::Plain, &format!(" {cell}")),
            );
            lead = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        Answer::text("Two investigations; `stop` ends the newer.\nThe older has ended.")
            .with(Part::Table {
                head: row(["Job", "State", "About"]),
                rows: vec![
                    row(["0199d2", "running", "Deployment shop/checkout, which crashes"]),
                    row(["0199d1", "completed", "日本 payments"]),
                ],
            })
            .with_code("kubectl -n shop rollout undo deployment/checkout --to-revision=41 --dry-run=server -o yaml")
    }

    #[test]
    fn columns_stay_below_each_other() {
        let text = bare(Look::PLAIN, &answer());
        insta::assert_snapshot!(text);
        let threaded = render(Look::PLAIN, &answer());
        assert!(threaded.starts_with(" +- Midwatch   Two investigations; stop ends the newer.\n"), "{threaded}");
    }

    #[test]
    fn a_narrow_terminal_gets_lists_and_whole_commands() {
        let text = bare(Look { width: 40, ..Look::PLAIN }, &answer());
        insta::assert_snapshot!(text);
        for line in text.lines().filter(|line| !line.contains("kubectl")) {
            assert!(line.width() <= 40, "{line}");
        }
    }

    #[test]
    fn nothing_acts_on_the_terminal() {
        let hostile = "\x1b[2J\x07\u{202e}a\rb";
        let answer = Answer::text(hostile)
            .with_code(hostile)
            .with(Part::Table { head: vec![hostile.to_owned()], rows: vec![vec![hostile.to_owned()]] });
        for width in [24, 100] {
            let text = bare(Look { width, ..Look::PLAIN }, &answer);
            assert!(!text.contains(['\x1b', '\x07', '\u{202e}', '\r']), "{text:?}");
        }
    }
}
