//! A message's embeds within what Discord takes of one message.
//!
//! All limits hold together: of each text, of the number of texts, and of all of them (6,000 characters over all embeds):
//! <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>. A character counts as it does in
//! UTF-16, which is never less than what Discord counts. Must never hold more, nor cut a text that it was given. Pure.
//! Start at [`Page::add`].

use serde::Serialize;

/// Characters of all texts of all embeds of a message.
const MESSAGE_CAP: usize = 6_000;

/// Characters of a description.
pub(super) const DESCRIPTION_CAP: usize = 4_096;

/// Embeds of a message.
const EMBEDS_CAP: usize = 10;

/// Fields of an embed.
const FIELDS_CAP: usize = 25;

/// Characters of a title and of a field's name.
const NAME_CAP: usize = 256;

/// Characters of a field's value.
pub(super) const VALUE_CAP: usize = 1_024;

/// Characters kept for the footer; Discord takes 2,048.
const FOOTER_CAP: usize = 400;

/// What stands in a footer before the tag, when nothing else does.
const SIGNED: &str = "Midwatch";

/// What is shown where there is nothing to show: Discord takes no empty message.
const NOTHING: &str = "There is nothing to show.";

/// What stands between two blocks of a description.
const GAP: &str = "\n\n";

/// An embed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Embed {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<Footer>,
}

/// A field of an embed: a name, and what it says below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Field {
    name: String,
    value: String,
    inline: bool,
}

/// Small text at the end. Nothing acts in it, so it is not escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Footer {
    text: String,
}

/// The embeds of a message, as they come together.
#[derive(Debug, Default)]
pub(super) struct Page {
    embeds: Vec<Embed>,
    colour: Option<u32>,
    used: usize,
}

/// Characters of a text as they are counted: <https://docs.discord.com/developers/resources/message> does not say how, so
/// as the larger of both ways.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

impl Page {
    /// In this colour.
    pub(super) fn coloured(colour: u32) -> Self {
        Self { colour: Some(colour), ..Self::default() }
    }

    /// The title of the first embed, in markup; false when it does not fit.
    pub(super) fn title(&mut self, title: &str) -> bool {
        let title = title.trim();
        let fits = length(title) <= NAME_CAP && self.takes(length(title));
        if fits {
            self.used += length(title);
            title.clone_into(&mut self.first().title);
        }
        fits
    }

    /// Adds a block of text, in markup; false when it does not fit, and then nothing is added. Nothing for an empty one.
    pub(super) fn add(&mut self, block: &str) -> bool {
        let block = block.trim();
        if block.is_empty() {
            return true;
        }
        let last = self.embeds.last().filter(|last| last.fields.is_empty());
        let gap = last.filter(|last| !last.description.is_empty()).map_or(0, |_| GAP.len());
        let joined = last.map_or(0, |last| length(&last.description)) + gap + length(block);
        if last.is_some() && joined <= DESCRIPTION_CAP {
            let fits = self.takes(gap + length(block));
            if fits {
                self.push(&GAP[..gap], block);
            }
            return fits;
        }
        let fits = self.embeds.len() < EMBEDS_CAP && length(block) <= DESCRIPTION_CAP && self.takes(length(block));
        if fits {
            self.open();
            self.push("", block);
        }
        fits
    }

    /// Adds a field, in markup; false when it does not fit. Discord takes no empty one, so then nothing is added.
    pub(super) fn field(&mut self, name: &str, value: &str) -> bool {
        let (name, value) = (name.trim(), value.trim());
        let size = length(name) + length(value);
        let fits = length(name) <= NAME_CAP
            && length(value) <= VALUE_CAP
            && !name.is_empty()
            && !value.is_empty()
            && self.embeds.last().is_none_or(|last| last.fields.len() < FIELDS_CAP)
            && self.takes(size);
        if fits {
            self.used += size;
            let (name, value) = (name.to_owned(), value.to_owned());
            self.last().fields.push(Field { name, value, inline: false });
        }
        fits
    }

    /// What is still free for a block, its gap counted.
    pub(super) fn room(&self) -> usize {
        (MESSAGE_CAP - FOOTER_CAP).saturating_sub(self.used + GAP.len())
    }

    /// The embeds. The footer is plain text, ours, and short; the tag ends it.
    pub(super) fn finish(mut self, footer: &str, tag: Option<&str>) -> Vec<Embed> {
        let text = match (footer, tag) {
            (footer, None) => footer.to_owned(),
            ("", Some(tag)) => format!("{SIGNED} · {tag}"),
            (footer, Some(tag)) => format!("{footer} · {tag}"),
        };
        if self.used == 0 {
            self.add(NOTHING);
        }
        if !text.is_empty() {
            self.last().footer = Some(Footer { text });
        }
        self.embeds
    }

    fn takes(&self, more: usize) -> bool {
        self.used + more <= MESSAGE_CAP - FOOTER_CAP
    }

    fn push(&mut self, gap: &str, block: &str) {
        self.used += gap.len() + length(block);
        let last = self.last();
        last.description.push_str(gap);
        last.description.push_str(block);
    }

    fn open(&mut self) {
        self.embeds.push(Embed { color: self.colour, ..Embed::default() });
    }

    fn first(&mut self) -> &mut Embed {
        self.last();
        &mut self.embeds[0]
    }

    fn last(&mut self) -> &mut Embed {
        if self.embeds.is_empty() {
            self.open();
        }
        let at = self.embeds.len() - 1;
        &mut self.embeds[at]
    }
}
