//! The `midwatch` binary.
fn main() {}
