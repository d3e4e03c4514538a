//! Reads a message as Discord would: its limits, and what acts in its markup. Knows nothing of how it was made.

use midwatch_agent::render::clean;
use serde_json::Value;

/// Characters, by the larger of both ways to count them.
fn length(text: &str) -> usize {
    text.encode_utf16().count().max(text.chars().count())
}

/// What Discord would refuse: <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>.
pub(super) fn refused(body: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |fits: bool, what: &str| {
        if !fits {
            problems.push(what.to_owned());
        }
    };
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let embeds = body["embeds"].as_array().cloned().unwrap_or_default();
    check(length(&text(body, "content")) <= 2_000, "content");
    check((1..=10).contains(&embeds.len()), "embeds");
    let mut total = 0;
    for embed in &embeds {
        let (title, description) = (text(embed, "title"), text(embed, "description"));
        let footer = text(&embed["footer"], "text");
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        check(length(&title) <= 256, "title");
        check(length(&description) <= 4_096, "description");
        check(length(&footer) <= 2_048, "footer");
        check(fields.len() <= 25, "fields");
        check(embed["color"].is_null() || embed["color"].as_u64().is_some_and(|colour| colour <= 0xFF_FF_FF), "colour");
        check(!(title + &description).trim().is_empty() || !fields.is_empty(), "an empty embed");
        total += length(&text(embed, "title")) + length(&description) + length(&footer);
        for field in &fields {
            let (name, value) = (text(field, "name"), text(field, "value"));
            check((1..=256).contains(&length(name.trim())) && length(&name) <= 256, "a field's name");
            check((1..=1_024).contains(&length(value.trim())) && length(&value) <= 1_024, "a field's value");
            total += length(&name) + length(&value);
        }
    }
    check(total <= 6_000, "all embeds together");
    let rows = body["components"].as_array().cloned().unwrap_or_default();
    check(rows.len() <= 5, "rows");
    let mut ids: Vec<String> = Vec::new();
    for row in &rows {
        let buttons = row["components"].as_array().cloned().unwrap_or_default();
        check(row["type"] == 1 && (1..=5).contains(&buttons.len()), "a row");
        for button in &buttons {
            let (label, id) = (text(button, "label"), text(button, "custom_id"));
            check(button["type"] == 2 && (1..=4).contains(&button["style"].as_u64().unwrap_or(0)), "a button");
            check((1..=80).contains(&length(&label)) && (1..=100).contains(&length(&id)), "a button's texts");
            check(!ids.contains(&id), "a button twice");
            ids.push(id);
        }
    }
    problems
}

/// All texts of a message that are read as markup.
pub(super) fn marked_up(body: &Value) -> Vec<String> {
    let mut texts = vec![body["content"].clone()];
    for embed in body["embeds"].as_array().into_iter().flatten() {
        texts.extend([embed["title"].clone(), embed["description"].clone()]);
        for field in embed["fields"].as_array().into_iter().flatten() {
            texts.extend([field["name"].clone(), field["value"].clone()]);
        }
    }
    texts.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A piece of markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands: it may act.
    Raw(char),
    /// After a backslash.
    Escaped(char),
    /// Between ticks on a line.
    Span(String),
    /// Between fences.
    Block(String),
}

/// Markup in pieces, by Discord's rules: a backslash makes anything plain that is no letter, digit or blank; a run of ticks is
/// code until the next run of as many.
pub(super) fn pieces(markup: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = markup;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let escaped = tail.chars().next().filter(|next| !next.is_ascii_alphanumeric() && !next.is_whitespace());
        if c == '\\'
            && let Some(next) = escaped
        {
            out.push(Piece::Escaped(next));
            rest = &tail[next.len_utf8()..];
        } else if ticks >= 3
            && let Some((code, behind)) = rest[3..].split_once("```")
        {
            out.push(Piece::Block(code.to_owned()));
            rest = behind;
        } else if ticks > 0
            && let Some((code, behind)) = span(&rest[ticks..], ticks)
        {
            out.push(Piece::Span(code.to_owned()));
            rest = behind;
        } else {
            out.push(Piece::Raw(c));
            rest = tail;
        }
    }
    out
}

/// What stands before the next run of exactly so many ticks, and behind it.
fn span(text: &str, ticks: usize) -> Option<(&str, &str)> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == ticks {
            return Some((&text[..start], &text[start + run..]));
        }
        at = start + run;
    }
    None
}

/// What a person reads.
pub(super) fn read(markup: &str) -> String {
    let mut out = String::new();
    for piece in pieces(markup) {
        match piece {
            Piece::Raw(c) | Piece::Escaped(c) => out.push(c),
            Piece::Span(code) | Piece::Block(code) => out.push_str(&code),
        }
    }
    out
}

/// How small lines of our own begin, after a number or none.
const SMALL: &[&str] = &[
    "and ",
    "asked by ",
    "seen before: ",
    "risk: ",
    "then watch:",
    "(the command",
    "Not all fits",
    "This may be",
    "Cut: ",
    "As a file",
    "moments in between",
];

/// What acts and is not ours: emphasis but bold, headings, lists, quotes, links, mentions, emoji, ends of code. Lists with
/// dashes are ours where there are any.
pub(super) fn acting(markup: &str, our_lists: bool) -> Option<String> {
    let raw: String = pieces(markup).iter().map(|piece| if let Piece::Raw(c) = piece { *c } else { 'x' }).collect();
    let line = raw.lines().find(|line| begins(line, our_lists) || emphasis(line) || leads(line));
    let odd = raw.contains(|c| c != '\n' && clean::is_active(c));
    line.map(str::to_owned).or_else(|| odd.then(|| raw.clone()))
}

/// Whether a line begins a heading, a list, a quote, or small text that is not ours; what an item of our lists says is checked
/// like any other line.
fn begins(line: &str, our_lists: bool) -> bool {
    let start = line.trim_start();
    if let Some(item) = line.strip_prefix("- ").filter(|_| our_lists) {
        return begins(item, false);
    }
    if let Some(small) = start.strip_prefix("-# ") {
        let words = small.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        return !SMALL.iter().any(|known| words.starts_with(known));
    }
    let number = start.trim_start_matches(|c: char| c.is_ascii_digit());
    start.starts_with(['#', '>', '+', '-']) || (number != start && number.starts_with(['.', ')']))
}

fn emphasis(line: &str) -> bool {
    let rest = line.replace("**", "");
    line.matches("**").count() % 2 == 1
        || line.contains("***")
        || rest.contains(['*', '_', '~', '|', '[', ']', '<', '@', '\\', '`'])
}

/// Whether it leads elsewhere, or is an emoji by name. A colon of ours stands before a blank.
fn leads(line: &str) -> bool {
    let names = line.to_lowercase();
    let colon = |(at, c): (usize, char)| c == ':' && line[at + 1..].starts_with(|next: char| !next.is_whitespace());
    names.contains("discord.") || names.contains("discordapp.") || line.char_indices().any(colon)
}
