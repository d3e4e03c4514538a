//! What must not leave: finds and hides secrets, and the witness type of text that may leave.
