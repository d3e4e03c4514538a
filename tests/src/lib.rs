//! Scenarios, corpus and benchmarks.
