//! A line as words, with a shell's quotes where they are quotes.
//!
//! Must never fail or lose a word: an apostrophe is no quote, and a quote that is never closed is a character. Start at
//! [`words`].

use crate::{clean, length};

/// Stand for characters that a shell would take for something else; [`crate::clean::line`] lets none of them through.
const STAND_INS: [(char, char); 2] = [('\'', '\u{e000}'), ('#', '\u{e001}')];

/// The words of a cleaned line.
pub(crate) fn words(line: &str) -> Vec<String> {
    let found = shell_words::split(&guarded(line)).unwrap_or_else(|_| plain(line));
    found
        .into_iter()
        .map(|word| STAND_INS.iter().fold(word, |w, (meant, stand_in)| w.replace(*stand_in, &meant.to_string())))
        .collect()
}

/// `doesn't` has no quote in it, and `#42` is no comment.
fn guarded(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let inside = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
        before && chars.get(at + 1).is_some_and(|c| c.is_alphabetic())
    };
    let stand_in = |(at, c): (usize, &char)| match c {
        '\'' if inside(at) => STAND_INS[0].1,
        '#' => STAND_INS[1].1,
        c => *c,
    };
    chars.iter().enumerate().map(stand_in).collect()
}

fn plain(line: &str) -> Vec<String> {
    let words = line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

/// `--since 2 hours` is one value. Where `bare` names words that a person writes instead of a flag (`since 2h`,
/// `for 2h`), these become the flag, if a length of time follows. Behind `--` nothing is touched.
pub(super) fn join_lengths(words: &[String], bare: &[(&str, &str)]) -> Vec<String> {
    let (mut rest, verbatim) = at_dashes(words);
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    while let [word, tail @ ..] = rest {
        rest = tail;
        let lower = word.to_lowercase();
        let flag = bare.iter().find(|(bare, _)| *bare == lower).map(|(_, flag)| *flag);
        let flag = flag.or_else(|| ["--since", "--for"].into_iter().find(|flag| *flag == lower));
        // `1 hour 30 minutes` is the longest there is.
        let whole = |n: &usize| !tail[..*n].iter().any(String::is_empty) && tail[n - 1] != "and";
        let length =
            (1..=tail.len().min(4)).rev().filter(whole).find(|n| length::read(&tail[..*n].join(" ")).is_some());
        match (flag, length) {
            (Some(flag), Some(n)) => {
                out.extend([flag.to_owned(), tail[..n].join(" ")]);
                rest = &tail[n..];
            }
            _ => out.push(word.clone()),
        }
    }
    out.extend_from_slice(verbatim);
    out
}

/// `mute this`, `mute this alert` mean what the thread is about: the words that only point are left out.
pub(super) fn pointed_at(words: &[String]) -> Vec<String> {
    let (words, verbatim) = at_dashes(words);
    words.iter().filter(|word| !POINTING.contains(&word.as_str())).chain(verbatim).cloned().collect()
}

/// `ask logs --previous`: what is no flag of the verb belongs to the question, which reads flags of its own. The verb's flags
/// go first, the question verbatim behind `--`. Behind `--` nothing is touched.
pub(super) fn question(words: &[String]) -> Vec<String> {
    let (before, verbatim) = at_dashes(words);
    let (mut flags, mut question) = (Vec::new(), Vec::new());
    let mut rest = before.iter().cloned();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--of" => flags.extend(std::iter::once(word).chain(rest.next())),
            own if own.starts_with("--of=") => flags.push(word),
            _ => question.push(word),
        }
    }
    if !question.iter().any(|word| word.starts_with('-')) {
        return words.to_vec();
    }
    flags.push("--".to_owned());
    flags.into_iter().chain(question).chain(verbatim.iter().skip(1).cloned()).collect()
}

/// Words that point at what the thread is about.
const POINTING: [&str; 6] = ["this", "it", "that", "these", "alert", "alerts"];

fn at_dashes(words: &[String]) -> (&[String], &[String]) {
    words.split_at(words.iter().position(|word| word == "--").unwrap_or(words.len()))
}

/// A line that [`words`] reads as these words.
pub(super) fn join(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let simple = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\\');
    let apostrophes = word.matches('\'').count() == guarded(word).matches(STAND_INS[0].1).count();
    if !word.is_empty() && word.chars().all(simple) && apostrophes {
        // `—since` within quotes is a word; without them it would be a flag.
        return if clean::part(word) == word { word.to_owned() } else { format!("'{word}'") };
    }
    let double = !word.contains(['"', '\\', '$']) && word.contains('\'');
    if double { format!("\"{word}\"") } else { shell_words::quote(word).into_owned() }
}

/// Whether words have to stand behind `--` to be read as they are.
pub(super) fn want_dashes(words: &[String]) -> bool {
    let taken = |word: &String| {
        word.starts_with('-')
            || POINTING.contains(&word.as_str())
            || ["since", "for"].contains(&word.to_lowercase().as_str())
    };
    words.iter().any(taken)
}
