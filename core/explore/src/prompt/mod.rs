//! What a model is told. (Being written.)

pub mod mark;
