//! One log as an answer shows it: all of it when it is short, else what matters beside a file.
//!
//! Must never cut a line before it passed the redactor: half of a secret is not recognised as one.

use jiff::Timestamp;
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_diagnosis::logs::{LogDigest, LogLine, Picked, Template};
use midwatch_redact::Redactor;

use super::Wanted;
use super::choose::Container;
use crate::followup::say;
use crate::render::clean;

/// Lines, and characters, that are shown as they are; more become a file beside an excerpt.
const SHORT: (usize, usize) = (20, 2000);

/// Templates of an excerpt.
const TEMPLATES: usize = 5;

/// Last lines of an excerpt.
const LAST: usize = 10;

/// Characters of one line of an excerpt.
const WIDTH: usize = 300;

/// Adds one log.
pub(super) fn log(
    redactor: &Redactor,
    wanted: &Wanted,
    container: &Container,
    previous: bool,
    digest: &LogDigest,
    answer: Answer,
) -> Answer {
    let Some(picked) = &digest.picked else { return answer };
    let answer = answer.with_text(head(wanted, container, previous, digest, picked));
    if picked.lines.is_empty() {
        return answer;
    }
    let lines: Vec<String> = picked.lines.iter().map(|l| text(l, picked.stamped)).collect();
    // As a whole: some secrets stand on several lines.
    let all = redactor.redact_text(&lines.join("\n")).into_inner();
    if lines.len() <= SHORT.0 && all.chars().count() <= SHORT.1 {
        return answer.with_code(all);
    }
    let answer = excerpt(redactor, digest, picked.stamped, &all, answer);
    let run = if previous { "-previous" } else { "" };
    let title = format!(
        "{} of container {} of pod {}{}",
        say::count(lines.len() as u64, "line"),
        container.of.container,
        container.of.pod,
        if previous { ", previous run" } else { "" }
    );
    let name = format!("{}-{}{run}.log", file_name(&container.of.pod), file_name(&container.of.container));
    answer.with(Part::File(File { name, title: clean::line(&title).into_owned(), text: all }))
}

/// Whose log it is, how much of it was looked at, by which filter.
fn head(wanted: &Wanted, container: &Container, previous: bool, digest: &LogDigest, picked: &Picked) -> String {
    let run = if previous { ", previous run" } else { "" };
    let window = match (digest.first_at, digest.last_at) {
        (Some(from), Some(to)) => format!(", {}", say::between(from, to)),
        _ => String::new(),
    };
    let read = format!("the {} that were read{window}", say::count(digest.lines, "line"));
    let mut filter = Vec::new();
    filter.extend(wanted.grep.as_ref().map(|text| format!("contain {}", say::code(text))));
    filter.extend(wanted.since.map(|at| format!("were written since {} UTC", say::when(at))));
    let shown = picked.lines.len() as u64;
    let told = match (filter.is_empty(), picked.matched, shown) {
        (true, 0, _) => "the log is empty".to_owned(),
        (true, all, shown) if all == shown => format!("all of {read}"),
        (true, _, shown) => format!("the last {shown} of {read}"),
        (false, 0, _) => format!("none of {read} {}", filter.join(" and ").replace("contain ", "contains ")),
        (false, all, shown) if all == shown => format!("{all} of {read} {}", filter.join(" and ")),
        (false, all, shown) => format!("{all} of {read} {}; the last {shown} of them", filter.join(" and ")),
    };
    let begins = wanted.since.zip(digest.first_at).filter(|(since, first)| since < first).map(|(_, first)| first);
    let begins = begins.map(|at| format!(" What was read begins at {} UTC.", say::when(at))).unwrap_or_default();
    let untimed = match picked.untimed {
        0 => String::new(),
        n => format!(" Of {} the time is not known.", say::count(n, "line")),
    };
    format!("{}{run}: {told}.{begins}{untimed}", container.name())
}

/// What matters of a long log.
fn excerpt(redactor: &Redactor, digest: &LogDigest, stamped: bool, all: &str, answer: Answer) -> Answer {
    let cut = |text: &str| cut(redactor.redact_text(text).as_ref());
    let mut answer = answer;
    let mut told: Vec<String> = digest.templates.iter().take(TEMPLATES).map(|t| cut(&template(t))).collect();
    let beyond = digest.distinct_templates.saturating_sub(told.len() as u64);
    if beyond > 0 {
        told.push(format!("and {} more", say::count(beyond, "wording")));
    }
    if !told.is_empty() {
        answer = answer.with_text("What the whole of it says, the gravest first:").with_code(told.join("\n"));
    }
    if let Some(first) = &digest.first_error {
        answer =
            answer.with_text(format!("The first error, line {}:", first.number)).with_code(cut(&text(first, stamped)));
    }
    let lines: Vec<&str> = all.lines().collect();
    let last: Vec<String> = lines.iter().skip(lines.len().saturating_sub(LAST)).map(|line| cut(line)).collect();
    answer.with_text(format!("The last {} of the file below:", last.len())).with_code(last.join("\n"))
}

fn template(template: &Template) -> String {
    let new = if template.new_since_onset { " (new)" } else { "" };
    format!("{} x {}{new}", template.count, clean::line(&template.pattern))
}

fn cut(line: &str) -> String {
    let mut cut: String = line.chars().take(WIDTH).collect();
    if cut.len() < line.len() {
        cut.push_str("...");
    }
    cut
}

/// A line; with its time before it where the time is not in its text.
fn text(line: &LogLine, stamped: bool) -> String {
    let stamp = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ ").to_string();
    let time = line.at.filter(|_| stamped).map(stamp).unwrap_or_default();
    format!("{time}{}", clean::line(&line.text))
}

/// Names of objects, as far as they fit into the name of a file anywhere.
fn file_name(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '-' }).take(80).collect()
}
