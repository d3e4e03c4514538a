//! How it looks: width, colour, whether a message can be edited in place.

/// What the terminal, or the file, can show. Decided by whoever opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns; text is wrapped to them, commands are not.
    pub width: usize,
    /// Whether colour is used.
    pub colour: bool,
    /// What becomes of the living message.
    pub motion: Motion,
}

/// What becomes of the living message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Edited in place: a terminal that can move its cursor.
    Edit,
    /// Each step as a line when it is done.
    Append,
    /// The final state only.
    Final,
    /// Not shown.
    Hidden,
}

impl Look {
    /// For files and pipes.
    pub const PLAIN: Look = Look { width: 100, colour: false, motion: Motion::Final };

    /// Narrow and absurd widths are read as the least that can be shown.
    pub(crate) fn columns(self) -> usize {
        self.width.clamp(24, 200)
    }
}
