//! Causes that only logs tell.

use super::container::Case;

impl Case<'_> {
    /// Whether the log of the run that ended says why it ended.
    pub(super) fn explained_by_log(&self) -> bool {
        self.end_log().is_some_and(|(l, _)| l.fatal.is_some())
    }
}
