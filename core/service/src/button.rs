//! Buttons: what they do, and what they carry. An id, never a payload: whoever presses says nothing that is believed.
//!
//! Pure. Start at [`Button`].

use serde::{Deserialize, Serialize};

use crate::id::JobId;

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stop the job.
    Stop,
    /// Investigate the same more thoroughly.
    Deeper,
    /// Investigate the same again.
    Again,
    /// Show the evidence, to who pressed.
    Evidence,
    /// Mute the incident's alerts for a while.
    Mute,
    /// The report helped.
    Helpful,
    /// It did not.
    Unhelpful,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 7] = [
        Action::Stop,
        Action::Deeper,
        Action::Again,
        Action::Evidence,
        Action::Mute,
        Action::Helpful,
        Action::Unhelpful,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Stop => "stop",
            Action::Deeper => "deeper",
            Action::Again => "again",
            Action::Evidence => "evidence",
            Action::Mute => "mute",
            Action::Helpful => "helpful",
            Action::Unhelpful => "unhelpful",
        }
    }

    /// What stands on it.
    pub fn label(self) -> &'static str {
        match self {
            Action::Stop => "Stop",
            Action::Deeper => "Go deeper",
            Action::Again => "Re-run",
            Action::Evidence => "Show evidence",
            Action::Mute => "Mute 1 h",
            Action::Helpful => "👍",
            Action::Unhelpful => "👎",
        }
    }
}

/// A button below a message about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it does.
    pub action: Action,
    /// About which job.
    pub job: JobId,
}

impl Button {
    /// Buttons of a message while its job has not ended.
    pub const UNDER_WAY: [Action; 1] = [Action::Stop];

    /// Buttons of a report.
    pub const REPORTED: [Action; 6] =
        [Action::Evidence, Action::Deeper, Action::Again, Action::Mute, Action::Helpful, Action::Unhelpful];
}

/// What a platform carries: at most 100 characters, the least that any gives (Discord's `custom_id`).
impl std::fmt::Display for Button {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mw1:{}:{}", self.action.as_str(), self.job)
    }
}

impl std::str::FromStr for Button {
    type Err = NotAButton;

    fn from_str(text: &str) -> Result<Self, NotAButton> {
        let mut parts = text.strip_prefix("mw1:").ok_or(NotAButton)?.splitn(2, ':');
        let (Some(action), Some(job)) = (parts.next(), parts.next()) else { return Err(NotAButton) };
        let action = Action::ALL.into_iter().find(|known| known.as_str() == action).ok_or(NotAButton)?;
        Ok(Self { action, job: job.parse().map_err(|_| NotAButton)? })
    }
}

/// It is not one of ours, or of a version that is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this button is not known any more")]
pub struct NotAButton;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_reads_back_what_it_carries() {
        let job = JobId::new();
        for action in Action::ALL {
            let button = Button { action, job };
            assert_eq!(button.to_string().parse(), Ok(button));
            assert!(button.to_string().len() <= 100, "{button}");
        }
        for odd in ["", "mw1:", "mw1:stop", "mw1:stop:x", "mw2:stop:", "mw1:rm:0", "stop"] {
            assert_eq!(odd.parse::<Button>(), Err(NotAButton), "{odd}");
        }
    }
}
