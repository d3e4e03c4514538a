//! Long texts in pieces, as platforms take them: cut at paragraphs, then lines, then words, and never inside a code block.
//!
//! Must never lose or repeat anything but the blanks at a cut. Start at [`split`].
