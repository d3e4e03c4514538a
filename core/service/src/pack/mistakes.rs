//! Mistakes in a pack's file: each with its place, what is wrong and what to do, on one line.
//!
//! Must never let a control character of the file through: a terminal shows these lines. Start at [`PackErrors`].

use std::fmt;

/// Longest piece of foreign text in a message, in characters.
const QUOTED: usize = 60;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Line, from 1; 0 when it is about the file as a whole.
    pub line: u32,
    /// Column in characters, from 1; 0 with line 0.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

/// All mistakes of one file, in its order. Shown as `file:line:column: message` lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackErrors {
    /// The file.
    pub file: String,
    /// The mistakes, at least one.
    pub mistakes: Vec<Mistake>,
}

impl PackErrors {
    pub(super) fn new(file: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort();
        Self { file: file.to_owned(), mistakes }
    }

    /// A mistake of the file as a whole.
    pub(super) fn whole(file: &str, message: String) -> Self {
        Self::new(file, vec![Mistake { line: 0, column: 0, message }])
    }
}

impl fmt::Display for PackErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = plain(&self.file);
        for (index, Mistake { line, column, message }) in self.mistakes.iter().enumerate() {
            let newline = if index > 0 { "\n" } else { "" };
            match line {
                0 => write!(f, "{newline}{file}: {message}")?,
                _ => write!(f, "{newline}{file}:{line}:{column}: {message}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for PackErrors {}

/// Text of a file in back quotes, escaped and shortened.
pub(super) fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    format!("`{}`", plain(&short))
}

/// Text of others without anything that moves a cursor or turns the direction of reading.
pub(super) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// `did you mean `x`?`, or the words that are valid.
pub(super) fn instead(word: &str, valid: &[&str]) -> String {
    match nearest(word, valid) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("valid here: {}", valid.join(", ")),
    }
}

/// The word most like this one, if one is near. Past 64 bytes no name is, and the comparison is quadratic.
fn nearest<'a>(word: &str, valid: &[&'a str]) -> Option<&'a str> {
    let fold = |name: &str| name.replace(['-', ' '], "_").to_lowercase();
    let found = Some(fold(word)).filter(|word| (1..=64).contains(&word.len()))?;
    let near = valid.iter().map(|name| (strsim::damerau_levenshtein(&found, &fold(name)), *name));
    let near = near.filter(|(distance, name)| {
        *distance <= (name.len() / 3).max(1) || (found.len() >= 3 && name.starts_with(&found))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}
