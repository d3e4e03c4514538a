//! One file for each command. Start at [`run`].

use std::process::ExitCode;

use midwatch_redact::Redacted;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::{live, output};

mod again;
mod audit;
mod case;
mod completions;
mod config;
mod demo;
#[cfg(feature = "discord")]
mod discord;
mod doctor;
mod eval;
mod explore;
mod investigate;
mod mcp;
mod operate;
mod pack;
mod plan;
mod redact;
mod replay;
mod said;
mod score;
mod serve;
mod slack;
mod snapshot;
mod store;

pub(crate) use pack::load as load_packs;

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let common = &cli.common;
    match cli.command {
        Command::Investigate(args) => investigate::run(&args, common),
        Command::Plan(args) => plan::run(&args, common),
        Command::Demo(args) => demo::run(&args, common),
        Command::Snapshot(args) => snapshot::run(&args, common),
        Command::Serve(args) => serve::run(&args, common),
        Command::Said(said) => said::run(said, common),
        Command::Operate(operate) => operate::run(operate, common),
        Command::Doctor(args) => doctor::run(&args, common),
        Command::Mcp(args) => mcp::run(&args, common),
        Command::Pack(args) => pack::run(&args, common),
        Command::Slack(args) => slack::run(args, common),
        #[cfg(feature = "discord")]
        Command::Discord(args) => discord::run(&args, common),
        Command::Store(args) => store::run(&args, common),
        Command::Audit(args) => audit::run(&args, common),
        Command::Score(args) => score::run(&args, common),
        Command::Eval(args) => eval::run(&args, common),
        Command::Replay(args) => replay::run(&args, common),
        Command::Case(args) => case::run(&args),
        Command::Redact(args) => redact::run(&args, common),
        Command::Config(args) => config::run(&args, common),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Runs a future to its end, or to Ctrl-C: what is dropped then cleans up behind itself.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    live::tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::no_report(format!("no threads to work with: {error}")))?;
    let result = runtime.block_on(async {
        tokio::select! {
            done = future => done,
            Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    });
    // A read that hangs must not hold the program back.
    runtime.shutdown_background();
    result
}

/// Prints a text that may leave; success.
fn printed(text: &Redacted<String>) -> Result<ExitCode, Failure> {
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}
