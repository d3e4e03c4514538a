//! Block Kit and metadata, checked as Slack checks them, and a little stricter: fields that Slack does not know are refused.
//!
//! Schemas and limits are those of <https://docs.slack.dev/reference/block-kit>; each block and element has one row of fields.
//! Start at [`message`].

mod blocks;
mod check;
mod elements;
mod metadata;
mod rich;
mod table;
mod text;

use std::collections::BTreeSet;

use serde_json::{Value, json};

pub use check::Problem;
pub use metadata::metadata;

use check::Check;

/// Blocks of a message.
pub const MESSAGE_BLOCKS: usize = 50;
/// Blocks of a view.
const VIEW_BLOCKS: usize = 100;
/// Attachments of a message; Slack allows 100 and advises 20.
const ATTACHMENTS: usize = 100;
/// Characters of all `markdown` blocks of a message together.
pub const MARKDOWN: usize = 12_000;
/// Characters that all blocks of a message show, and what each block counts beside its text. Slack documents no sum;
/// people met one at about this size (slackapi/bolt-js, issues 2509 and 2867), and it grows with the number of blocks.
pub const SHOWN: usize = 12_000;
const BLOCK_COUNTS: usize = 20;

/// What is wrong with the blocks of a message; nothing when it is empty.
pub fn message(blocks: &Value) -> Vec<Problem> {
    let mut check = Check::default();
    let Some(all) = blocks.as_array() else {
        check.problem("/blocks", "must be an array");
        return check.problems;
    };
    list(&mut check, "/blocks", all, MESSAGE_BLOCKS, false);
    let of = |kind: &str| all.iter().filter(|b| b["type"] == kind).count();
    if of("table") > 1 {
        check.problem("/blocks", "only_one_table_allowed");
    }
    if of("data_visualization") > 2 {
        check.problem("/blocks", "no more than 2 data_visualization blocks allowed");
    }
    let markdown = all.iter().filter(|b| b["type"] == "markdown").filter_map(|b| b["text"].as_str());
    if markdown.map(|t| t.chars().count()).sum::<usize>() > MARKDOWN {
        check.problem("/blocks", &format!("must be less than {} characters of markdown in all", MARKDOWN + 1));
    }
    check.problems
}

/// What is wrong with attachments.
pub fn attachments(all: &[Value]) -> Vec<Problem> {
    const FIELDS: &[&str] = &[
        "color",
        "fallback",
        "pretext",
        "author_name",
        "author_link",
        "author_icon",
        "title",
        "title_link",
        "text",
        "fields",
        "image_url",
        "thumb_url",
        "footer",
        "footer_icon",
        "ts",
        "mrkdwn_in",
        "blocks",
        "callback_id",
        "actions",
        "id",
    ];
    let mut check = Check::default();
    if all.len() > ATTACHMENTS {
        check.problem("/attachments", &format!("no more than {ATTACHMENTS} items allowed"));
    }
    for (at, attachment) in all.iter().enumerate() {
        let at = format!("/attachments/{at}");
        check.fields(attachment, &at, &[], FIELDS);
        if let Some(blocks) = attachment["blocks"].as_array() {
            list(&mut check, &format!("{at}/blocks"), blocks, MESSAGE_BLOCKS, false);
        }
    }
    check.problems
}

/// What is wrong with a modal view.
pub fn view(view: &Value) -> Vec<Problem> {
    const FIELDS: &[&str] = &[
        "close",
        "submit",
        "private_metadata",
        "callback_id",
        "clear_on_close",
        "notify_on_close",
        "external_id",
        "submit_disabled",
    ];
    let mut check = Check::default();
    let Some(map) = check.fields(view, "/view", &["type", "title", "blocks"], FIELDS) else { return check.problems };
    check.one_of(map, "type", "/view", &["modal"]);
    for name in ["title", "close", "submit"] {
        text::plain(&mut check, map, name, "/view", 24);
    }
    check.string(map, "private_metadata", "/view", 3_000);
    check.string(map, "callback_id", "/view", 255);
    let blocks = map["blocks"].as_array().cloned().unwrap_or_default();
    list(&mut check, "/view/blocks", &blocks, VIEW_BLOCKS, true);
    check.problems
}

/// Whether blocks show more than Slack takes: `msg_blocks_too_long`.
pub fn is_too_long(blocks: &[Value]) -> bool {
    let shown: usize = blocks.iter().map(shown).sum();
    shown + blocks.len() * BLOCK_COUNTS > SHOWN
}

/// Characters of every text in a value.
fn shown(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.iter().map(shown).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(name, inner)| match inner {
                Value::String(text) if ["text", "title"].contains(&name.as_str()) => text.chars().count(),
                Value::String(_) => 0,
                inner => shown(inner),
            })
            .sum(),
        _ => 0,
    }
}

/// A list of blocks: so many, each good, no id and no action twice.
fn list(check: &mut Check, at: &str, all: &[Value], most: usize, in_view: bool) {
    if all.len() > most {
        check.problem(at, &format!("no more than {most} items allowed"));
    }
    let (mut ids, mut actions) = (BTreeSet::new(), BTreeSet::new());
    for (index, block) in all.iter().enumerate() {
        let at = format!("{at}/{index}");
        blocks::block(check, block, &at, in_view);
        if let Some(id) = block["block_id"].as_str().filter(|id| !ids.insert(id.to_owned())) {
            check.problem(&format!("{at}/block_id"), &format!("`block_id` {id} already exists"));
        }
        for element in block["elements"].as_array().into_iter().flatten() {
            let key = json!([block["block_id"], index, element["action_id"]]).to_string();
            if element["action_id"].is_string() && !actions.insert(key) {
                check.problem(&at, &format!("`action_id` {} already exists", element["action_id"]));
            }
        }
    }
}
