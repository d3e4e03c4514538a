//! An answer as plain text, for whoever shows no more than that.
//!
//! Must never lose a part. Start at [`Answer::plain`].

use crate::answer::{Answer, Part};

/// Blanks before a line of code.
const INDENT: &str = "    ";

/// Columns between two cells of a table.
const GAP: &str = "  ";

impl Answer {
    /// Paragraphs with an empty line between them, code indented, the cells of tables below each other.
    pub fn plain(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(part).filter(|part| !part.is_empty()).collect();
        parts.join("\n\n")
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Text { text } => text.trim().to_owned(),
        Part::Code { text } => indented(text),
        Part::Table { head, rows } => table(head, rows),
        Part::File(file) => format!("{} ({}):\n{}", file.title, file.name, indented(&file.text)),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("{INDENT}{line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let all: Vec<&[String]> = std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).collect();
    let width =
        |at: usize| all.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &&[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::File;

    #[test]
    fn every_part_is_there() {
        let file = File { name: "a.log".to_owned(), title: "the log".to_owned(), text: "one\n\ntwo".to_owned() };
        let answer = Answer::text("Two muted:")
            .with(Part::Table {
                head: vec!["Alert".to_owned(), "Until".to_owned()],
                rows: vec![
                    vec!["KubePodCrashLooping".to_owned(), "14:00".to_owned()],
                    vec!["é".to_owned(), "15:00".to_owned()],
                ],
            })
            .with_code("unmute é\n")
            .with(Part::File(file));
        let expected = "Two muted:\n\nAlert                Until\nKubePodCrashLooping  14:00\né                    15:00\n\n    \
                        unmute é\n\nthe log (a.log):\n    one\n\n    two";
        assert_eq!(answer.plain(), expected);
        assert_eq!(Answer::default().plain(), "");
    }
}
