//! What one look at a part gave, as `doctor` shows it.
//!
//! Data only. Must never hold a secret: who looks has seen to that. Start at [`Check`].

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Good.
    Ok,
    /// It works, but somebody should know.
    Warn,
    /// It does not work.
    Fail,
}

/// One look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub result: Outcome,
    /// What was seen.
    pub what: String,
    /// What to do; none when nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Check {
    /// Good.
    pub fn ok(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self { name: name.into(), result: Outcome::Ok, what: what.into(), fix: None }
    }

    /// It works, but somebody should know.
    pub fn warn(name: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.into(), result: Outcome::Warn, what: what.into(), fix: Some(fix.into()) }
    }

    /// It does not work.
    pub fn fail(name: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.into(), result: Outcome::Fail, what: what.into(), fix: Some(fix.into()) }
    }
}
