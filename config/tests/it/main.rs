//! What a person gets from the configuration: values, origins, and the exact text of mistakes.

#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

mod defaults;
mod files;
mod garbage;
mod layers;
mod mistakes;
mod records;
mod secrets;
mod shared;
mod support;
