//! Text on a terminal: wrapped, indented, coloured, and clean.
//!
//! Must never write a character of the outside that acts on the terminal: every text goes through [`clean`] here, and
//! nothing else in this crate makes output. Start at [`Page::para`].

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use midwatch_agent::render::clean;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::look::Look;

/// How a piece of text is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ink {
    #[default]
    Plain,
    Strong,
    Faint,
    Command,
    Bad,
    Good,
    Open,
}

impl Ink {
    fn style(self) -> Style {
        let colour = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
        match self {
            Ink::Plain => Style::new(),
            Ink::Strong => Style::new().bold(),
            Ink::Faint => Style::new().dimmed(),
            Ink::Command => colour(AnsiColor::Cyan),
            Ink::Bad => colour(AnsiColor::Red).bold(),
            Ink::Good => colour(AnsiColor::Green).bold(),
            Ink::Open => colour(AnsiColor::Yellow).bold(),
        }
    }
}

/// Pieces of text with their inks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text(Vec<(Ink, String)>);

impl Text {
    pub(crate) fn new(ink: Ink, text: &str) -> Self {
        Self::default().with(ink, text)
    }

    pub(crate) fn plain(text: &str) -> Self {
        Self::new(Ink::Plain, text)
    }

    pub(crate) fn with(mut self, ink: Ink, text: &str) -> Self {
        self.0.push((ink, clean::line(text).into_owned()));
        self
    }

    /// Words with the blanks that stand before them; a piece that goes on without a blank stays joined.
    fn words(&self) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut apart = true;
        for (ink, text) in &self.0 {
            for (index, part) in text.split(' ').enumerate() {
                apart |= index > 0;
                if part.is_empty() {
                    continue;
                }
                match words.last_mut().filter(|_| !apart) {
                    Some(word) => word.0.push((*ink, part.to_owned())),
                    None => words.push(Word(vec![(*ink, part.to_owned())])),
                }
                apart = false;
            }
        }
        words
    }
}

/// What must not be broken at a line's end, unless it is longer than a line.
struct Word(Vec<(Ink, String)>);

impl Word {
    /// The ink of the blank before this word: that of its neighbours when they agree.
    fn blank_after(&self, line: &[(Ink, String)]) -> Ink {
        let before = line.last().map(|(ink, _)| *ink);
        self.0.first().map(|(ink, _)| *ink).filter(|ink| before == Some(*ink)).unwrap_or_default()
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }
}

/// A growing text.
pub(crate) struct Page {
    look: Look,
    /// Stands before every line: the thread's own line.
    gutter: &'static str,
    out: String,
}

impl Page {
    pub(crate) fn new(look: Look) -> Self {
        Self { look, gutter: "", out: String::new() }
    }

    pub(crate) fn gutter(&mut self, gutter: &'static str) {
        self.gutter = gutter;
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// Columns left of a line that starts at this one.
    pub(crate) fn room(&self, at: usize) -> usize {
        self.look.columns().saturating_sub(self.gutter.len() + at).max(8)
    }

    pub(crate) fn is_narrow(&self) -> bool {
        self.look.columns() < 60
    }

    pub(crate) fn empty(&mut self) {
        self.out.push_str(self.gutter.trim_end());
        self.out.push('\n');
    }

    /// A paragraph: `lead` (written in the source) before its first line, its other lines below the text.
    pub(crate) fn para(&mut self, lead: &str, ink: Ink, text: &Text) {
        let hang = lead.width();
        let room = self.room(hang);
        let mut line: Vec<(Ink, String)> = vec![(ink, lead.to_owned())];
        let (mut used, mut fresh) = (0, true);
        for word in text.words() {
            let width = word.width();
            if !fresh && used + 1 + width > room {
                self.line(&line);
                line = vec![(Ink::Plain, " ".repeat(hang))];
                (used, fresh) = (0, true);
            }
            if !fresh {
                line.push((word.blank_after(&line), " ".to_owned()));
                used += 1;
            }
            fresh = false;
            if width <= room {
                line.extend(word.0);
                used += width;
            } else {
                used = self.long_word(word, room, hang, &mut line);
            }
        }
        self.line(&line);
    }

    /// A word longer than a line is cut where the line ends.
    fn long_word(&mut self, word: Word, room: usize, hang: usize, line: &mut Vec<(Ink, String)>) -> usize {
        let mut used = 0;
        for (ink, text) in word.0 {
            let mut piece = String::new();
            for c in text.chars() {
                let width = c.width().unwrap_or(0);
                if used + width > room {
                    line.push((ink, std::mem::take(&mut piece)));
                    self.line(line);
                    *line = vec![(Ink::Plain, " ".repeat(hang))];
                    used = 0;
                }
                piece.push(c);
                used += width;
            }
            line.push((ink, piece));
        }
        used
    }

    /// A command: never wrapped by us, so that it can be copied whole.
    pub(crate) fn command(&mut self, at: usize, command: &str) {
        let command = clean::line(command).into_owned();
        self.line(&[(Ink::Plain, " ".repeat(at)), (Ink::Command, command)]);
    }

    /// A row of a table: its blanks stay, and it is not wrapped.
    pub(crate) fn row(&mut self, lead: &str, row: &str, ink: Ink) {
        let row = clean::line(row).into_owned();
        self.line(&[(Ink::Strong, lead.to_owned()), (ink, row)]);
    }

    /// A command behind a label, not wrapped either.
    pub(crate) fn labelled(&mut self, label: &str, command: &str) {
        let command = clean::line(command).into_owned();
        self.line(&[(Ink::Strong, label.to_owned()), (Ink::Command, command)]);
    }

    /// One line, cut at the width: what is edited in place must not grow.
    pub(crate) fn cut(&mut self, lead: &str, ink: Ink, text: &str) {
        let text = clean::line(text);
        let room = self.room(lead.width()).saturating_sub(1);
        let mut used = 0;
        let kept: String = text
            .chars()
            .take_while(|c| {
                used += c.width().unwrap_or(0);
                used <= room
            })
            .collect();
        self.line(&[(ink, lead.to_owned()), (Ink::Plain, kept)]);
    }

    fn line(&mut self, pieces: &[(Ink, String)]) {
        let mut line = self.gutter.to_owned();
        for run in pieces.chunk_by(|a, b| a.0 == b.0) {
            let text: String = run.iter().map(|(_, text)| text.as_str()).collect();
            let ink = run.first().map(|(ink, _)| *ink).unwrap_or_default();
            let style = ink.style();
            // Writing to a String cannot fail.
            let _ = if self.look.colour && ink != Ink::Plain {
                write!(line, "{style}{text}{style:#}")
            } else {
                write!(line, "{text}")
            };
        }
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }
}
