//! The `midwatch` binary: reads the command line, wires the engine to its adapters, ends with an exit code.
//!
//! Holds no logic of its own: what is said about a cluster is the engine's, how it looks is the adapters'. Must never
//! do work before the command is known, so that `--version` and completion are instant. Start at [`command::run`].

mod cli;
mod client;
mod command;
mod demo;
mod failure;
mod help;
mod input;
mod live;
mod model;
mod offline;
mod output;
mod serve;
mod settings;
mod store;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
