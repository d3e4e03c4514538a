//! Words that several answers share.
//!
//! Must never let text of the outside become markup: names go through [`code`], sentences through [`line`].

use jiff::Timestamp;
use midwatch_conversation::answer::{Answer, Part};
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::report::Gap;

use crate::render::clean;
use crate::request::NoReport;

pub(super) use crate::render::when;

/// Names that an answer lists; more would not be read on a phone.
const NAMES: usize = 10;

/// Gaps that an answer lists.
const GAPS: usize = 8;

/// Characters of one message in a table.
pub(super) const CELL: usize = 200;

/// A name or a command as it is written, between backticks that it cannot end.
pub(super) fn code(text: impl AsRef<str>) -> String {
    format!("`{}`", clean::line(text.as_ref()).replace('`', "'"))
}

/// Text of the outside on one line, without backticks, cut between words: half of a secret is not recognised as one.
pub(super) fn line(text: &str, cap: usize) -> String {
    let text = clean::line(text);
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > cap {
            line.push_str(" ...");
            break;
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    line.replace('`', "'")
}

/// `1 pod`, `2 pods`.
pub(super) fn count(n: impl TryInto<u64>, one: &str) -> String {
    match n.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}

/// Seconds as a reader says them.
pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A few of many: `a, b and 4 more`.
pub(super) fn some<T: ToString>(items: impl IntoIterator<Item = T>, cap: usize) -> String {
    let all: Vec<String> = items.into_iter().map(|i| i.to_string()).collect();
    let more = all.len().saturating_sub(cap);
    let shown = all.iter().take(cap).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Entities as they are called.
pub(super) fn names<'a>(entities: impl IntoIterator<Item = &'a EntityRef>) -> String {
    some(entities.into_iter().map(code_of), NAMES)
}

/// An entity as it is called.
pub(super) fn code_of(entity: &EntityRef) -> String {
    code(entity.to_string())
}

/// The window, in a clause.
pub(super) fn between(from: Timestamp, to: Timestamp) -> String {
    format!("{} to {} UTC", when(from), when(to))
}

/// What could not be seen, at the end of an answer.
pub(super) fn with_gaps(answer: Answer, gaps: &[Gap]) -> Answer {
    if gaps.is_empty() {
        return answer;
    }
    let mut lines: Vec<String> = gaps.iter().take(GAPS).map(gap).collect();
    if gaps.len() > GAPS {
        lines.push(format!("and {} more", gaps.len() - GAPS));
    }
    answer.with_text(format!("Could not see: {}", lines.join("\n")))
}

fn gap(gap: &Gap) -> String {
    let fix = gap.fix.as_ref().map(|fix| format!(" ({})", line(fix, CELL * 2))).unwrap_or_default();
    format!("{}: {}{fix}", line(&gap.what, CELL), line(&gap.why, CELL * 2))
}

/// A name that fits nothing, or several things.
pub(super) fn unclear(why: &NoReport) -> Answer {
    match why {
        NoReport::Ambiguous { asked, candidates } => {
            Answer::text(format!("{} fits several things; say which: {}", code(asked), names(candidates)))
        }
        NoReport::NoMatch { asked, nearest } if nearest.is_empty() => {
            Answer::text(format!("Nothing that was read is called {}, and nothing has a name like it.", code(asked)))
        }
        NoReport::NoMatch { asked, nearest } => {
            Answer::text(format!("Nothing that was read is called {}. Near to it: {}", code(asked), names(nearest)))
        }
        NoReport::Unreadable(_) | NoReport::TooLate => Answer::text(why.to_string()),
    }
}

/// A table, unless it has no rows.
pub(super) fn with_table(answer: Answer, head: &[&str], rows: Vec<Vec<String>>) -> Answer {
    if rows.is_empty() {
        return answer;
    }
    answer.with(Part::Table { head: head.iter().map(|h| (*h).to_owned()).collect(), rows })
}

/// Commands that show the same, each once.
pub(super) fn with_commands(answer: Answer, commands: impl IntoIterator<Item = String>, cap: usize) -> Answer {
    let mut told: Vec<String> = Vec::new();
    for command in commands {
        if told.len() < cap && !told.contains(&command) {
            told.push(command);
        }
    }
    if told.is_empty() {
        answer
    } else {
        answer.with_text("To see it yourself:").with_code(clean::block(&told.join("\n")))
    }
}
