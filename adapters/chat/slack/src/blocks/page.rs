//! A message's blocks within what Slack takes of one message.
//!
//! Slack's documents bound each block and their number; besides, it refuses (`msg_blocks_too_long`) messages whose blocks are
//! longer than about 13,200 characters together, whatever they are: <https://github.com/slackapi/bolt-js/issues/2509>.
//! Must never hold more. Pure. Start at [`Page::add`].

use midwatch_agent::render::clean;
use midwatch_service::button::{Action, Button};
use slack_morphism::prelude::{
    SlackActionBlockElement, SlackActionId, SlackActionsBlock, SlackBlock, SlackBlockButtonElement,
    SlackBlockButtonStyle, SlackBlockPlainText, SlackBlockPlainTextOnly, SlackContextBlock, SlackContextBlockElement,
    SlackTableBlock, SlackTableCell, SlackTableColumnSetting,
};

/// Blocks of a message: <https://docs.slack.dev/block-kit>.
const BLOCKS_CAP: usize = 50;

/// Weight of a message: characters of its blocks as JSON, with room below what was seen to be refused.
const WEIGHT_CAP: usize = 12_000;

/// Blocks kept for what stands below: the footer, a note of what is left out, buttons.
const TAIL_BLOCKS: usize = 4;

/// Weight kept for it.
const TAIL_WEIGHT: usize = 2_200;

/// Characters of a line of context; Slack takes 2,000.
const CONTEXT_CAP: usize = 500;

/// Rows of a table, its head included: <https://docs.slack.dev/reference/block-kit/blocks/table-block>.
const ROWS_CAP: usize = 100;

/// Columns of one.
const COLUMNS_CAP: usize = 20;

/// What of a table's look the workspace takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Plans, with a task for each step.
    pub(crate) plan: bool,
    /// Tables.
    pub(crate) table: bool,
}

impl Look {
    /// All that Slack has.
    pub(crate) const FULL: Look = Look { plan: true, table: true };
}

/// Blocks of a message.
#[derive(Debug, Default)]
pub(crate) struct Page {
    blocks: Vec<SlackBlock>,
    weight: usize,
    has_table: bool,
}

impl Page {
    /// Adds blocks that belong together; false when they do not fit, and then nothing is added.
    pub(crate) fn add(&mut self, blocks: Vec<SlackBlock>) -> bool {
        let weight = weight(&blocks);
        let tables = blocks.iter().filter(|block| matches!(block, SlackBlock::Table(_))).count();
        let fits = self.blocks.len() + blocks.len() <= BLOCKS_CAP - TAIL_BLOCKS
            && self.weight + weight <= WEIGHT_CAP - TAIL_WEIGHT
            && usize::from(self.has_table) + tables <= 1;
        if fits {
            self.has_table |= tables > 0;
            self.weight += weight;
            self.blocks.extend(blocks);
        }
        fits
    }

    /// Whether a table may still be added: Slack takes one in a message.
    pub(crate) fn takes_table(&self) -> bool {
        !self.has_table
    }

    /// The blocks, with a tail that always fits.
    pub(crate) fn finish(mut self, tail: impl IntoIterator<Item = SlackBlock>) -> Vec<SlackBlock> {
        self.blocks.extend(tail.into_iter().take(TAIL_BLOCKS));
        self.blocks
    }
}

/// Characters as JSON; those beyond ASCII count as the escape that some writers make of them.
pub(crate) fn weight(blocks: &[SlackBlock]) -> usize {
    let json = serde_json::to_string(blocks).unwrap_or_default();
    json.chars().map(|c| if c.is_ascii() { 1 } else { 6 * c.len_utf16() }).sum()
}

/// Small text below a message.
pub(crate) fn context(text: &str) -> SlackBlock {
    let text = clean::line(text);
    let text = SlackBlockPlainText::new(clean::shorten(&text, CONTEXT_CAP).into_owned()).with_emoji(false);
    SlackContextBlock::new(vec![SlackContextBlockElement::Plain(text)]).into()
}

/// Buttons of a job.
pub(crate) fn buttons(actions: &[Action], job: midwatch_service::id::JobId) -> SlackBlock {
    let elements = actions.iter().map(|action| button(Button { action: *action, job })).collect();
    SlackActionsBlock::new(elements).into()
}

fn button(button: Button) -> SlackActionBlockElement {
    let label =
        SlackBlockPlainTextOnly::from(SlackBlockPlainText::new(button.action.label().to_owned()).with_emoji(true));
    let element = SlackBlockButtonElement::new(label)
        .with_action_id(SlackActionId(format!("{ACTION}{}", button.action.as_str())))
        .with_value(button.to_string());
    match button.action {
        Action::Stop => element.with_style(SlackBlockButtonStyle::Danger).into(),
        _ => element.into(),
    }
}

/// What the id of each of our actions begins with.
pub(crate) const ACTION: &str = "midwatch:";

/// A table; none where it has more rows or columns than Slack takes.
pub(crate) fn table(head: &[String], rows: &[Vec<String>]) -> Option<SlackBlock> {
    if rows.is_empty() || head.is_empty() || rows.len() >= ROWS_CAP || head.len() > COLUMNS_CAP {
        return None;
    }
    let all = std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let cells = |row: &[String]| (0..head.len()).map(|at| cell(row.get(at).map_or("", String::as_str))).collect();
    let wrapped = head.iter().map(|_| SlackTableColumnSetting::new().with_is_wrapped(true)).collect();
    Some(SlackTableBlock::new(all.map(cells).collect()).with_column_settings(wrapped).into())
}

/// Slack takes no empty cell.
fn cell(text: &str) -> SlackTableCell {
    let text = clean::line(text);
    if text.trim().is_empty() { "-".into() } else { text.into_owned().into() }
}
