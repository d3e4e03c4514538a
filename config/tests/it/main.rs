//! What a person gets from the configuration: values, origins, and the exact text of mistakes.

mod defaults;
mod files;
mod garbage;
mod layers;
mod mistakes;
mod secrets;
mod support;
