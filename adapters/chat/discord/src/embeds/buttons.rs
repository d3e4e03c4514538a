//! Buttons below a message, in rows.
//!
//! Must never carry more than what is done and to which job: `custom_id` takes 100 characters. Pure. Start at [`rows`].
//! <https://docs.discord.com/developers/components/reference#button>

use midwatch_service::button::{Action, Button};
use midwatch_service::id::JobId;
use serde::Serialize;

/// What the id of the button that asks for words begins with; the job follows. Only Discord has it, because only there a
/// button can open a form, so it is no [`Action`].
pub(crate) const ASK: &str = "mw1:ask:";

/// Buttons of one row.
const ROW_CAP: usize = 5;

/// Kinds of components.
const ACTION_ROW: u8 = 1;
const BUTTON: u8 = 2;

/// Looks of a button.
const SECONDARY: u8 = 2;
const DANGER: u8 = 4;

/// A row of buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    r#type: u8,
    components: Vec<Pressed>,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Pressed {
    r#type: u8,
    style: u8,
    label: &'static str,
    custom_id: String,
}

/// Buttons while the job has not ended.
pub(super) fn under_way(job: JobId) -> Vec<Row> {
    rows(Button::UNDER_WAY.iter().map(|action| button(*action, job)).collect())
}

/// Buttons of a report: what can be done with it, then whether it helped.
pub(super) fn reported(job: JobId) -> Vec<Row> {
    let ask = Pressed { r#type: BUTTON, style: SECONDARY, label: "Ask", custom_id: format!("{ASK}{job}") };
    let votes = |action: &&Action| matches!(action, Action::Helpful | Action::Unhelpful);
    let (votes, others): (Vec<&Action>, Vec<&Action>) = Button::REPORTED.iter().partition(votes);
    let others = others.into_iter().map(|action| button(*action, job)).chain([ask]);
    rows(others.chain(votes.into_iter().map(|action| button(*action, job))).collect())
}

fn rows(buttons: Vec<Pressed>) -> Vec<Row> {
    buttons.chunks(ROW_CAP).map(|some| Row { r#type: ACTION_ROW, components: some.to_vec() }).collect()
}

fn button(action: Action, job: JobId) -> Pressed {
    let style = if action == Action::Stop { DANGER } else { SECONDARY };
    Pressed { r#type: BUTTON, style, label: action.label(), custom_id: Button { action, job }.to_string() }
}
