//! What each kind of message looks like on Slack.
//!
//! Must never let text of the outside act (it goes through [`rich`] and plain text only), nor send what Slack would refuse for
//! its size ([`page`]). Pure: the same message gives the same bytes. Start at [`render`].

use midwatch_agent::render::clean;
use midwatch_conversation::answer::File;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::post::PostBody;
use serde_json::Value;
use slack_morphism::prelude::SlackBlock;

mod answer;
mod living;
mod opening;
pub(crate) mod page;
mod report;
pub(crate) mod rich;
mod storm;
#[cfg(test)]
mod tests;

pub(crate) use page::Look;

use page::{Page, context};
use rich::Rich;

/// Characters of the line that notifications show, and clients that know no blocks.
const FALLBACK_CAP: usize = 600;

/// A message as Slack takes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message {
    /// For notifications, and for clients that know no blocks. In Slack's markup, so escaped.
    pub(crate) text: String,
    /// What is shown.
    pub(crate) blocks: Vec<SlackBlock>,
    /// Files beside it.
    pub(crate) files: Vec<File>,
    /// Not all of a report fits: its page has to go beside it.
    pub(crate) wants_page: bool,
}

impl Message {
    fn new(text: &str, blocks: Vec<SlackBlock>) -> Self {
        Self { text: fallback(text), blocks, files: Vec::new(), wants_page: false }
    }

    /// The blocks as they are sent. A task of a plan is a block and says so, which the library leaves out:
    /// <https://docs.slack.dev/reference/block-kit/blocks/plan-block/>.
    pub(crate) fn wire(&self) -> Value {
        let mut blocks = serde_json::to_value(&self.blocks).unwrap_or_default();
        let tasks =
            blocks.as_array_mut().into_iter().flatten().filter_map(|block| block.get_mut("tasks")?.as_array_mut());
        for task in tasks.flatten().filter_map(Value::as_object_mut) {
            task.insert("type".to_owned(), Value::from("task_card"));
        }
        blocks
    }

    /// Whether it holds what not every workspace takes, and which.
    pub(crate) fn uses(&self) -> Look {
        Look {
            plan: self.blocks.iter().any(|block| matches!(block, SlackBlock::Plan(_))),
            table: self.blocks.iter().any(|block| matches!(block, SlackBlock::Table(_))),
        }
    }
}

/// The whole message.
pub(crate) fn render(look: Look, body: &PostBody) -> Message {
    match body {
        PostBody::Opening(opening) => opening::render(opening),
        PostBody::Living(living) => living::render(look, living),
        PostBody::Report { job, report, run, may_be_repeated } => {
            report::render(look, *job, report, *run, *may_be_repeated)
        }
        PostBody::Storm(table) => storm::render(look, table),
        PostBody::Notice { text } => notice(text),
        PostBody::Answer { answer, may_be_repeated } => answer::public(look, answer, *may_be_repeated),
        PostBody::Private(private) => answer::private(look, &private.answer),
    }
}

/// A line of the program itself.
fn notice(text: &str) -> Message {
    let mut page = Page::default();
    page.add(vec![rich::line_block(Rich::plain(text))]);
    Message::new(text, page.finish([]))
}

/// That it may have been sent before.
fn repeated(may_be_repeated: bool) -> Option<SlackBlock> {
    may_be_repeated.then(|| context("This may be a repetition: whether it was sent before could not be told."))
}

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

/// Escaped as <https://docs.slack.dev/messaging/formatting-message-text#escaping> has it, so that nothing in it is a mention or
/// a link; cut before it is escaped.
fn fallback(text: &str) -> String {
    let text = clean::line(text.trim());
    let text = clean::shorten(&text, FALLBACK_CAP);
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    // Slack takes no message without text.
    if out.is_empty() {
        "Midwatch".clone_into(&mut out);
    }
    out
}
