//! What is tested across crates: the invariants of the architecture, the incident corpus, the ways out of the redactor.
//!
//! The tests are one binary, `tests/it`; the corpus is `corpus/`; `cargo bench -p midwatch-tests` compares the program
//! with `jq` and `grep` in one run.
