//! `midwatch serve` as its users have it: the real binary, real Prometheus and Alertmanager, real crashes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test starts programs, and fails when one does not start"
)]

mod accounts;
mod chat;
mod crowd;
mod disk;
mod drain;
mod figures;
mod guild;
mod guild_talk;
mod guild_ways;
mod hostile;
mod kill;
mod model;
mod operate;
mod parts;
mod reload;
mod replicas;
mod rights;
mod storm;
mod support;
mod switch;
mod talk;
mod talk_kill;
mod talk_load;
mod watch;
