//! What a message says, checked as Slack checks it.

use serde_json::{Value, json};

use crate::slack::args::{Args, Refusal};
use crate::slack::state::State;
use crate::slack::validate::{self, Problem};

/// Characters of `text`; Slack cuts longer ones, a careful app does not send them.
/// <https://docs.slack.dev/reference/methods/chat.postMessage#truncating>
const TEXT_CAP: usize = 40_000;
/// Characters of `text` in an edit: <https://docs.slack.dev/reference/methods/chat.update>.
const EDIT_CAP: usize = 4_000;
/// Characters of `markdown_text`.
const MARKDOWN_CAP: usize = 12_000;

/// What a message is to say. None: not given.
pub(super) struct Content {
    pub(super) text: Option<String>,
    pub(super) blocks: Option<Vec<Value>>,
    pub(super) attachments: Option<Vec<Value>>,
    pub(super) metadata: Option<Value>,
}

impl Content {
    /// Reads and checks the arguments of a new message, or of an edit.
    pub(super) fn read(args: &Args, edit: bool) -> Result<Self, Refusal> {
        let list = |name: &str| match args.structured(name)? {
            None => Ok(None),
            Some(Value::Array(all)) => Ok(Some(all)),
            Some(_) => Err(Refusal::of(&format!("invalid_{name}_format"))),
        };
        let (blocks, attachments) = (list("blocks")?, list("attachments")?);
        let metadata = args.structured("metadata")?;
        let mut text = args.text("text").map(str::to_owned);
        if text.as_ref().is_some_and(|t| t.chars().count() > if edit { EDIT_CAP } else { TEXT_CAP }) {
            return Err(Refusal::of("msg_too_long"));
        }
        if let Some(markdown) = args.text("markdown_text") {
            if text.is_some() || blocks.is_some() {
                return Err(Refusal::of("markdown_text_conflict"));
            }
            if markdown.chars().count() > MARKDOWN_CAP {
                return Err(Refusal::of("msg_too_long"));
            }
            text = Some(markdown.to_owned());
        }
        if let Some(blocks) = &blocks {
            checked("invalid_blocks", validate::message(&json!(blocks)))?;
            if validate::is_too_long(blocks) {
                return Err(Refusal::of("msg_blocks_too_long"));
            }
        }
        checked("invalid_attachments", validate::attachments(attachments.as_deref().unwrap_or_default()))?;
        if let Some(metadata) = metadata.as_ref().filter(|m| !(edit && **m == json!({}))) {
            validate::metadata(metadata).map_err(|(error, told)| Refusal::told(error, &[told]))?;
        }
        let says = |list: &Option<Vec<Value>>| list.as_ref().is_some_and(|l| !l.is_empty());
        let empty = text.as_ref().is_none_or(String::is_empty) && !says(&blocks) && !says(&attachments);
        if empty && !(edit && metadata.is_some()) {
            return Err(Refusal::of("no_text"));
        }
        Ok(Self { text, blocks, attachments, metadata })
    }
}

/// Gives ids to blocks without one, as Slack does.
pub(crate) fn with_ids(state: &mut State, mut blocks: Vec<Value>) -> Vec<Value> {
    for block in &mut blocks {
        if block.get("block_id").is_none() {
            block["block_id"] = json!(state.id("block-"));
        }
    }
    blocks
}

/// Attachments as Slack gives them back: numbered, named colours as digits.
pub(crate) fn with_numbers(mut attachments: Vec<Value>) -> Vec<Value> {
    for (at, attachment) in attachments.iter_mut().enumerate() {
        attachment["id"] = json!(at + 1);
        let colour = match attachment["color"].as_str() {
            Some("danger") => "a30200",
            Some("good") => "2eb886",
            Some("warning") => "daa038",
            Some(other) => other.trim_start_matches('#'),
            None => continue,
        };
        attachment["color"] = json!(colour);
    }
    attachments
}

fn checked(error: &str, problems: Vec<Problem>) -> Result<(), Refusal> {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    if told.is_empty() { Ok(()) } else { Err(Refusal::told(error, &told)) }
}
