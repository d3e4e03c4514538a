//! Text of the outside as markup in which nothing of it acts.
//!
//! A backslash before a character that is neither a letter nor a digit makes it plain wherever Discord reads markup:
//! <https://support.discord.com/hc/en-us/articles/210298617>. So what can begin something is escaped: emphasis, headings,
//! lists, quotes and small text at the start of a line, links masked and bare, mentions, emoji, timestamps, commands. In code
//! nothing acts but what ends it, so there runs of backticks are broken. Control and direction characters are made visible.
//!
//! Must never be used twice on the same text, nor for a footer or a button, which show markup as it is written. Pure. Start at
//! [`line()`].

use midwatch_agent::render::clean;

use super::page::length;

/// What stands for a backtick where one would end the code: a letter that looks like it.
const TICK: &str = "\u{2cb}";

/// Text on one line.
pub(super) fn line(text: &str) -> String {
    escaped(&clean::line(text))
}

/// Text on one line, of which at most `cap` characters are shown; the markup is at most twice as long.
pub(super) fn short(text: &str, cap: usize) -> String {
    escaped(&clean::shorten(&clean::line(text), cap))
}

/// Text of several lines, of which at most `cap` characters are shown; the markup is at most twice as long.
pub(super) fn short_block(text: &str, cap: usize) -> String {
    escaped(clean::shorten(&clean::block(text), cap).trim())
}

/// Text of several lines in which `ticks` mean code; a single tick is a tick. At most twice as long as what is clean.
pub(super) fn with_ticks(text: &str) -> String {
    let text = clean::block(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest: &str = &text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once('`') {
        let code = after.split_once('`').filter(|(code, _)| !code.trim().is_empty() && !code.contains('\n'));
        let Some((code, behind)) = code else { break };
        plain.push_str(before);
        onto(&mut out, &plain);
        plain.clear();
        // Two spans without anything between them would be one.
        if out.ends_with('`') {
            out.push(' ');
        }
        out.push_str(&span(code));
        rest = behind;
    }
    onto(&mut out, rest);
    out
}

/// Text on one line whose markup is at most `cap` characters.
pub(super) fn fitting(text: &str, cap: usize) -> String {
    let mut shown = cap;
    loop {
        let markup = short(text, shown);
        let over = length(&markup).saturating_sub(cap);
        if over == 0 || shown == 0 {
            return markup;
        }
        // No character is more than two of its markup.
        shown = shown.saturating_sub(over.div_ceil(2));
    }
}

/// Bold text on one line. Nothing for an empty text, of which only stars would be left.
pub(super) fn bold(text: &str) -> String {
    let text = line(text.trim());
    if text.is_empty() { text } else { format!("**{text}**") }
}

/// A span of code on one line. Nothing for an empty text.
pub(super) fn code(text: &str) -> String {
    let text = clean::line(text.trim());
    if text.is_empty() { String::new() } else { span(&text) }
}

/// Lines as they are, whole. Nothing for an empty text.
pub(super) fn fenced(text: &str) -> String {
    let text = clean::block(text);
    let text = text.trim_end().trim_start_matches('\n');
    if text.is_empty() {
        return String::new();
    }
    format!("```\n{}\n```", text.replace("```", &TICK.repeat(3)))
}

/// Whether lines can be shown without a change of what ends a block: a command is not shown otherwise.
pub(super) fn can_be_fenced(text: &str) -> bool {
    !text.contains("```")
}

/// A span that nothing in it can end.
fn span(text: &str) -> String {
    format!("`{}`", text.replace('`', TICK))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    onto(&mut out, text);
    out
}

/// Where in its line a character stands.
#[derive(Clone, Copy, PartialEq)]
enum At {
    /// Nothing but blanks before it.
    Start,
    /// Nothing but a number before it.
    Number,
    /// Further on.
    Inside,
}

fn onto(out: &mut String, text: &str) {
    let before = out.rsplit('\n').next().unwrap_or_default();
    let mut at = if before.trim().is_empty() { At::Start } else { At::Inside };
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if acts(c, at, rest.peek().copied(), out) {
            out.push('\\');
        }
        out.push(c);
        at = match c {
            '\n' => At::Start,
            c if c.is_whitespace() && at == At::Start => At::Start,
            c if c.is_ascii_digit() && at != At::Inside => At::Number,
            _ => At::Inside,
        };
    }
}

/// Whether a character begins or ends something here.
fn acts(c: char, at: At, next: Option<char>, before: &str) -> bool {
    match c {
        '\\' | '*' | '_' | '~' | '|' | '`' | '[' | ']' | '(' | ')' | '<' | '@' => true,
        '#' | '>' | '-' | '+' => at == At::Start,
        // A list, and an invitation without a scheme.
        '.' => at == At::Number || ends_with_discord(before),
        // An address, an emoji by name; what follows a text is not known.
        ':' => next.is_none_or(|next| !next.is_whitespace()),
        _ => false,
    }
}

fn ends_with_discord(text: &str) -> bool {
    ["discord", "discordapp"].iter().any(|name| {
        let tail = text.len().checked_sub(name.len()).and_then(|at| text.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(name))
    })
}
