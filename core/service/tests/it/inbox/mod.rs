//! What is said: heard once, handled once, answered where it was asked.

mod commands;
mod free;
mod hearing;
mod posts;
mod presses;
mod threads;
mod town;
mod waits;
