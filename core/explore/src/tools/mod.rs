//! Tools of the evidence sources. (Being written.)

pub mod arguments;
