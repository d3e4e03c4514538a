//! A post laid out for its readers: one title, lines below it, fields.
//!
//! Must never keep more of a post than its caps. Start at [`Sheet::of_sections`].

use super::{Post, Section};

/// Sections that are looked at. Slack allows 100 attachments, Discord 10 embeds.
const SECTIONS_CAP: usize = 100;

/// Bytes of a text that are read: what the largest platform lets a program post (Slack, 40,000 characters), and some.
const TEXT_CAP: usize = 256 * 1024;

/// Lines of a text that are read.
const LINES_CAP: usize = 5_000;

/// Bytes of a title.
const TITLE_CAP: usize = 4_096;

/// A part of a post that may tell of alerts.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    /// Who posts, in lower case; empty when not told.
    pub(super) author: String,
    /// The title, without markup; the first line when there is none.
    pub(super) title: String,
    /// Where it leads.
    pub(super) link: Option<String>,
    /// What stands below the title.
    pub(super) lines: Vec<String>,
    /// Its fields, names in lower case.
    pub(super) fields: Vec<(String, String)>,
    /// Words below.
    pub(super) footer: String,
    /// `danger`, `good`, hexadecimal digits.
    pub(super) colour: String,
    /// The text as it is, when it looks like JSON.
    pub(super) json: Option<String>,
}

impl Sheet {
    /// Each section for itself.
    pub(super) fn of_sections(post: &Post) -> Vec<Self> {
        post.sections.iter().take(SECTIONS_CAP).map(|section| Self::of(post, section)).collect()
    }

    /// Everything the post says, as one.
    pub(super) fn whole(post: &Post) -> Self {
        let mut sheet = Self { author: author(post), ..Self::default() };
        let mut lines = lines_of(&post.text);
        for section in post.sections.iter().take(SECTIONS_CAP) {
            let Self { title, link, lines: below, fields, footer, colour, .. } = Self::of(post, section);
            lines.push(title);
            lines.extend(below);
            sheet.fields.extend(fields);
            sheet.link = sheet.link.or(link);
            sheet.footer = if sheet.footer.is_empty() { footer } else { sheet.footer };
            sheet.colour = if sheet.colour.is_empty() { colour } else { sheet.colour };
        }
        lines.truncate(LINES_CAP);
        sheet.headed(String::new(), lines)
    }

    fn of(post: &Post, section: &Section) -> Self {
        let mut lines = lines_of(&section.pretext);
        lines.extend(lines_of(&section.text));
        if lines.is_empty() && section.title.trim().is_empty() {
            lines = lines_of(&section.fallback);
        }
        lines.truncate(LINES_CAP);
        let fields = section.fields.iter().take(SECTIONS_CAP);
        let sheet = Self {
            author: author(post),
            link: section.link.clone().filter(|link| link.len() <= TITLE_CAP),
            fields: fields.map(|(name, value)| (plain(name).to_lowercase(), plain(cut(value)))).collect(),
            footer: cut(&section.footer).to_owned(),
            colour: section.colour.clone().unwrap_or_default(),
            ..Self::default()
        };
        sheet.headed(plain(first_line(&section.title)), lines)
    }

    /// With a title, its first line when it has none.
    fn headed(mut self, title: String, lines: Vec<String>) -> Self {
        self.title = title;
        self.lines = lines;
        let is_json = self.lines.first().is_some_and(|line| line.trim_start().starts_with(['{', '[', '`']));
        self.json = is_json.then(|| self.lines.join("\n"));
        if self.title.is_empty()
            && let Some(at) = self.lines.iter().position(|line| !line.trim().is_empty())
        {
            self.title = plain(cut_to(&self.lines.remove(at), TITLE_CAP));
            self.lines.drain(..at);
        }
        self
    }

    /// A field by its name, in lower case.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim()).filter(|v| !v.is_empty())
    }

    /// Whether the program names itself so: as the author, in the footer, or in the link's host.
    pub(super) fn is_by(&self, program: &str) -> bool {
        let link = self.link.as_deref().unwrap_or_default().to_lowercase();
        let host = link.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
        self.author.contains(program) || self.footer.to_lowercase().contains(program) || host.contains(program)
    }

    /// The lines as one text.
    pub(super) fn text(&self) -> String {
        self.lines.join("\n").trim().to_owned()
    }
}

/// Without the marks of bold, italic and code around it, and without what stands for pictures before it.
pub(super) fn plain(text: &str) -> String {
    let text = text.trim().trim_matches(['*', '`']).trim();
    let mut rest = text;
    loop {
        let next = without_shortcode(rest).trim_start_matches(|c: char| !c.is_alphanumeric() && !c.is_ascii());
        let next = next.trim_start().trim_start_matches(['*', '`']);
        if next == rest {
            return rest.trim_end().to_owned();
        }
        rest = next;
    }
}

/// Without a leading `:fire:`.
fn without_shortcode(text: &str) -> &str {
    let Some((name, rest)) = text.strip_prefix(':').and_then(|rest| rest.split_once(':')) else { return text };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_+-".contains(c);
    if !name.is_empty() && name.chars().all(is_name) { rest } else { text }
}

fn author(post: &Post) -> String {
    cut_to(post.author.as_deref().unwrap_or_default(), TITLE_CAP).to_lowercase()
}

fn lines_of(text: &str) -> Vec<String> {
    cut(text).lines().take(LINES_CAP).map(str::to_owned).collect()
}

fn first_line(text: &str) -> &str {
    cut_to(text.trim(), TITLE_CAP).lines().next().unwrap_or_default()
}

fn cut(text: &str) -> &str {
    cut_to(text, TEXT_CAP)
}

/// At most so many bytes, whole characters.
pub(super) fn cut_to(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
