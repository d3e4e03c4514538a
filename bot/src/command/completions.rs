//! `midwatch completions`.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output;

/// Prints the script of a shell. Made in memory first: the generator would panic on a closed pipe.
pub(crate) fn run(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "midwatch", &mut script);
    output::print_own(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
