//! What each kind of message looks like on Discord.
//!
//! Must never let text of the outside act (it goes through [`escape`]), nor send what Discord would refuse for its size
//! ([`page`]). Pure: the same message gives the same bytes. Start at [`render`].

use midwatch_agent::render::clean;
use midwatch_conversation::answer::{Answer, File};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::post::PostBody;
use serde_json::{Value, json};

mod answer;
mod buttons;
mod colour;
mod escape;
mod living;
mod opening;
mod page;
mod report;
mod section;
mod storm;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use buttons::{ASK, Row};
pub(crate) use page::Embed;

use page::Page;

/// A message as Discord takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// A short line for notifications, which show no embeds. In Discord's markup, so escaped; mostly empty.
    pub(crate) content: String,
    /// What is shown.
    pub(crate) embeds: Vec<Embed>,
    /// Rows of buttons.
    pub(crate) components: Vec<Row>,
    /// Files beside it.
    pub(crate) files: Vec<File>,
    /// Not all of a report fits: its page has to go beside it.
    pub(crate) wants_page: bool,
}

impl Message {
    /// As it is sent, for a new message and for an edit: what is empty is said to be so, because an edit keeps what it is not
    /// told. Nobody is ever notified by what a message mentions:
    /// <https://docs.discord.com/developers/resources/message#allowed-mentions-object>.
    pub(crate) fn body(&self) -> Value {
        json!({
            "content": self.content,
            "embeds": self.embeds,
            "components": self.components,
            "allowed_mentions": { "parse": [] },
        })
    }
}

/// The whole message. `tag` stands at the end of its last footer, where it is found again.
pub(crate) fn render(body: &PostBody, tag: &str) -> Message {
    match body {
        PostBody::Opening(opening) => opening::render(opening, tag),
        PostBody::Living(living) => living::render(living, tag),
        PostBody::Report { job, report, run, may_be_repeated } => {
            report::render(*job, report, *run, *may_be_repeated, tag)
        }
        PostBody::Storm(table) => storm::render(table, tag),
        PostBody::Notice { text } => notice(text, tag),
        PostBody::Answer { answer, may_be_repeated } => answer::public(answer, *may_be_repeated, tag),
        PostBody::Private(private) => answer::private(&private.answer, Some(tag)),
    }
}

/// An answer for one person, said on the spot: nobody looks for it later.
pub(crate) fn words(answer: &Answer) -> Message {
    answer::private(answer, None)
}

/// A line of the program itself.
fn notice(text: &str, tag: &str) -> Message {
    let mut page = Page::default();
    page.add(&escape::with_ticks(clean::shorten(&clean::block(text), NOTICE_CAP).trim()));
    Message { embeds: page.finish("", Some(tag)), ..Message::default() }
}

/// Characters of a notice.
const NOTICE_CAP: usize = 1_900;

/// That it may have been sent before.
const REPEATED: &str = "-# This may be a repetition: whether it was sent before could not be told.";

/// A verdict as it begins a line, with its colour.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Cause => "🔴 CAUSE",
        Verdict::Healthy => "🟢 HEALTHY",
        Verdict::Recovered => "🟢 RECOVERED",
        Verdict::Expected => "🔵 EXPECTED",
        Verdict::Blind => "🟠 BLIND",
        Verdict::Inconclusive => "🟡 INCONCLUSIVE",
    }
}

/// The end of something, in green.
fn resolved(after: &str) -> String {
    format!("🟢 RESOLVED after {after}")
}
