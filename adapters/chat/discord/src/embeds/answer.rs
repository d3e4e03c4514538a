//! An answer: paragraphs, lines as they are, tables; what is too long for a message becomes a file.
//!
//! A private answer has no files, because it may go out where none can follow it; what does not fit there is cut, and it says
//! so. Start at [`public`].

use midwatch_agent::render::clean;
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_conversation::split::split;

use super::page::{DESCRIPTION_CAP, Page, length};
use super::{Message, REPEATED, escape, table};

/// Characters of a piece of text: as markup it is at most twice as long, which a description still takes.
const PIECE_CAP: usize = DESCRIPTION_CAP / 2;

/// Files beside one answer; more are joined to the last. Discord takes ten.
const FILES_CAP: usize = 5;

/// Characters of a file's title where it is told.
const TITLE_CAP: usize = 80;

/// What a block of code has around its lines.
const FENCES: &str = "```\n\n```";

/// Characters kept for what stands below: which files there are, or that something is cut.
const TAIL: usize = 1_000;

/// For all who follow the thread.
pub(super) fn public(answer: &Answer, may_be_repeated: bool, tag: &str) -> Message {
    let mut page = Page::default();
    if may_be_repeated {
        page.add(REPEATED);
    }
    let mut over = Over::default();
    for part in &answer.parts {
        add(&mut page, &mut over, part);
    }
    let files = over.into_files();
    page.add(&told(&files));
    Message { embeds: page.finish("", Some(tag)), files, ..Message::default() }
}

/// For one person; without a tag it is not looked for later.
pub(super) fn private(answer: &Answer, tag: Option<&str>) -> Message {
    let mut page = Page::default();
    let mut over = Over::default();
    for part in &answer.parts {
        match part {
            Part::Text { text } => paragraphs(&mut page, &mut over, text),
            Part::Code { text } => beginning(&mut page, &mut over, text),
            Part::Table { head, rows } => beginning(&mut page, &mut over, &table::drawn(head, rows)),
            Part::File(file) => {
                let title = escape::bold(&clean::shorten(&file.title, TITLE_CAP));
                text(&mut page, &mut over, &title, &file.title);
                beginning(&mut page, &mut over, &file.text);
            }
        }
    }
    if !over.rest.is_empty() {
        page.add("-# Cut: the rest is too long for a private answer. Ask in the thread to get it as a file.");
    }
    Message { embeds: page.finish("", tag), ..Message::default() }
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

fn add(page: &mut Page, over: &mut Over, part: &Part) {
    match part {
        Part::Text { text } => paragraphs(page, over, text),
        Part::Code { text } => code(page, over, text),
        Part::Table { head, rows } => code(page, over, &table::drawn(head, rows)),
        Part::File(file) => over.files.push(file.clone()),
    }
}

fn paragraphs(page: &mut Page, over: &mut Over, words: &str) {
    for piece in split(&clean::block(words), PIECE_CAP).iter().filter(|piece| !piece.trim().is_empty()) {
        text(page, over, &escape::with_ticks(piece.trim()), piece);
    }
}

fn code(page: &mut Page, over: &mut Over, lines: &str) {
    text(page, over, &escape::fenced(lines), lines);
}

/// As many of the lines as fit: where the rest cannot follow as a file, some are better than none.
fn beginning(page: &mut Page, over: &mut Over, lines: &str) {
    let lines = clean::block(lines);
    let room = page.room().min(DESCRIPTION_CAP).saturating_sub(TAIL);
    let mut used = length(FENCES);
    let fits = |line: &&str| {
        used += length(line);
        used <= room
    };
    let shown: usize = lines.split_inclusive('\n').take_while(fits).map(str::len).sum();
    let (shown, rest) = lines.split_at(shown);
    code(page, over, shown);
    if !rest.trim().is_empty() {
        over.rest(rest);
    }
}

/// Markup, or what it says when it does not fit. Once something did not fit, all text that follows goes behind it, so that
/// the order stays.
fn text(page: &mut Page, over: &mut Over, markup: &str, says: &str) {
    if !markup.is_empty() && (!over.rest.is_empty() || page.room() < length(markup) + TAIL || !page.add(markup)) {
        over.rest(says);
    }
}

/// Which files belong to it.
fn told(files: &[File]) -> String {
    let titles: Vec<String> = files.iter().map(|file| escape::short(&file.title, TITLE_CAP)).collect();
    if titles.is_empty() {
        return String::new();
    }
    format!("-# As a file beside this message: {}", titles.join("; "))
}
