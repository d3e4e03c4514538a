//! An answer: paragraphs, lines as they are, tables; what is too long for a message becomes a file.
//!
//! A private answer has no files, because a thread's files are for all who follow it; what does not fit there is cut, and it
//! says so. Start at [`public`].

use midwatch_agent::render::clean;
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_conversation::split::split;
use unicode_width::UnicodeWidthStr as _;

use super::page::{self, Look, Page, context};
use super::rich::{self, Rich, TEXT_CAP};
use super::{Message, repeated};

/// Columns between two cells of a drawn table.
const GAP: &str = "  ";

/// Files beside one answer; more are joined to the last.
const FILES_CAP: usize = 5;

/// For all who follow the thread.
pub(super) fn public(look: Look, answer: &Answer, may_be_repeated: bool) -> Message {
    let mut page = Page::default();
    page.add(repeated(may_be_repeated).into_iter().collect());
    let mut over = Over::default();
    for part in &answer.parts {
        add(&mut page, &mut over, look, part);
    }
    let files = over.into_files();
    let tail = told(&files).map(|text| context(&text));
    let mut message = Message::new(&first_words(answer), page.finish(tail));
    message.files = files;
    message
}

/// For one person.
pub(super) fn private(look: Look, answer: &Answer) -> Message {
    let mut page = Page::default();
    let mut over = Over::default();
    for part in &answer.parts {
        match part {
            Part::File(file) => {
                page.add(vec![rich::line_block(Rich::bold(&file.title))]);
                code(&mut page, &mut over, &file.text);
            }
            part => add(&mut page, &mut over, look, part),
        }
    }
    let cut = (!over.is_empty())
        .then(|| context("Cut: the rest is too long for a private answer. Ask in the thread to get it as a file."));
    Message::new(&first_words(answer), page.finish(cut))
}

/// What did not fit.
#[derive(Default)]
struct Over {
    /// Files of the answer itself.
    files: Vec<File>,
    /// The rest of its text, in order.
    rest: String,
}

impl Over {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.rest.is_empty()
    }

    fn rest(&mut self, text: &str) {
        if !self.rest.is_empty() {
            self.rest.push_str("\n\n");
        }
        self.rest.push_str(&clean::block(text));
    }

    fn into_files(mut self) -> Vec<File> {
        for file in self.files.split_off(self.files.len().min(FILES_CAP - 1)) {
            let text = format!("{}\n\n{}", file.title, file.text);
            self.rest(&text);
        }
        if !self.rest.is_empty() {
            let (name, title) = ("answer.txt".to_owned(), "The rest of the answer".to_owned());
            self.files.push(File { name, title, text: self.rest });
        }
        self.files
    }
}

fn add(page: &mut Page, over: &mut Over, look: Look, part: &Part) {
    match part {
        Part::Text { text } => paragraphs(page, over, text),
        Part::Code { text } => code(page, over, text),
        Part::Table { head, rows } => table(page, over, look, head, rows),
        Part::File(file) => over.files.push(file.clone()),
    }
}

/// Once something did not fit, all text that follows goes behind it, so that the order stays.
fn paragraphs(page: &mut Page, over: &mut Over, text: &str) {
    for chunk in split(&clean::block(text), TEXT_CAP).iter().filter(|chunk| !chunk.trim().is_empty()) {
        if !over.rest.is_empty() || !page.add(vec![rich::line_block(Rich::default().with_ticks(chunk))]) {
            over.rest(chunk);
        }
    }
}

fn code(page: &mut Page, over: &mut Over, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let fits = text.chars().nth(TEXT_CAP).is_none();
    if !fits || !over.rest.is_empty() || !page.add(vec![rich::block(vec![rich::preformatted(text)])]) {
        over.rest(text);
    }
}

fn table(page: &mut Page, over: &mut Over, look: Look, head: &[String], rows: &[Vec<String>]) {
    let block = page::table(head, rows).filter(|_| look.table && page.takes_table() && over.rest.is_empty());
    if block.is_some_and(|block| page.add(vec![block])) {
        return;
    }
    let lines = lines(head, rows).join("\n");
    code(page, over, &lines);
}

/// A table as lines, when it fits into one text.
pub(super) fn drawn(head: &[String], rows: &[Vec<String>]) -> Option<String> {
    let text = lines(head, rows).join("\n");
    (!text.is_empty() && text.chars().nth(TEXT_CAP).is_none()).then_some(text)
}

/// Rows with their cells below each other.
fn lines(head: &[String], rows: &[Vec<String>]) -> Vec<String> {
    let clean = |row: &[String]| -> Vec<String> { row.iter().map(|cell| clean::line(cell).into_owned()).collect() };
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).map(clean).collect();
    let width = |at: usize| all.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

/// Which files belong to it.
fn told(files: &[File]) -> Option<String> {
    let titles: Vec<&str> = files.iter().map(|file| file.title.as_str()).collect();
    (!titles.is_empty()).then(|| format!("As a file beside this message: {}", titles.join("; ")))
}

/// For a notification.
fn first_words(answer: &Answer) -> String {
    let words = answer.parts.iter().map(|part| match part {
        Part::Text { text } | Part::Code { text } => text.as_str(),
        Part::Table { head, .. } => head.first().map_or("", String::as_str),
        Part::File(file) => file.title.as_str(),
    });
    words.map(str::trim).find(|words| !words.is_empty()).unwrap_or_default().to_owned()
}
