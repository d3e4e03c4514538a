//! What a terminal sees.
