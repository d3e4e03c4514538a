//! Stable error codes: what a person can look up and a program can match.
//!
//! Must never change meaning; a new trouble gets a new code. Start at [`ErrorCode`].

use serde::{Deserialize, Serialize};

/// Why a job did not end in a report as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorCode {
    /// Pack not found, or disabled.
    E001,
    /// Invalid input.
    E002,
    /// The deadline passed.
    E003,
    /// A resource limit or a budget.
    E004,
    /// Authentication or permission.
    E005,
    /// An external API failed.
    E006,
    /// Storage failed.
    E007,
    /// The queue refused, or lost the lease.
    E008,
    /// The program itself failed: a bug, to be reported.
    E009,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [ErrorCode; 9] = [
        ErrorCode::E001,
        ErrorCode::E002,
        ErrorCode::E003,
        ErrorCode::E004,
        ErrorCode::E005,
        ErrorCode::E006,
        ErrorCode::E007,
        ErrorCode::E008,
        ErrorCode::E009,
    ];

    /// As it is written: `E003`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::E001 => "E001",
            ErrorCode::E002 => "E002",
            ErrorCode::E003 => "E003",
            ErrorCode::E004 => "E004",
            ErrorCode::E005 => "E005",
            ErrorCode::E006 => "E006",
            ErrorCode::E007 => "E007",
            ErrorCode::E008 => "E008",
            ErrorCode::E009 => "E009",
        }
    }

    /// What it stands for.
    pub fn meaning(self) -> &'static str {
        match self {
            ErrorCode::E001 => "pack not found",
            ErrorCode::E002 => "invalid input",
            ErrorCode::E003 => "timeout",
            ErrorCode::E004 => "resource limit or budget",
            ErrorCode::E005 => "authentication or permission",
            ErrorCode::E006 => "external API",
            ErrorCode::E007 => "storage",
            ErrorCode::E008 => "queue",
            ErrorCode::E009 => "internal error",
        }
    }

    /// Whether trying again can help. A wrong question stays wrong; a source that was down comes back; what the program
    /// stumbled over in one state of a cluster may be gone in the next.
    pub fn is_retryable(self) -> bool {
        matches!(self, ErrorCode::E006 | ErrorCode::E007 | ErrorCode::E008 | ErrorCode::E009)
    }
}
