//! `midwatch config`.

use std::process::ExitCode;

use midwatch_config::{Loaded, Origin};

use crate::cli::{Common, Config};
use crate::failure::Failure;
use crate::{output, settings};

/// Checks or shows.
pub(crate) fn run(args: &Config, common: &Common) -> Result<ExitCode, Failure> {
    match args {
        Config::Default => output::print_own(midwatch_config::default_yaml())?,
        Config::Check => output::print_own(&checked(&load(common)?))?,
        Config::Show => output::print_own(&shown(&load(common)?))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Here a mistake is the answer to the question and not wrong usage, so the code is 1.
fn load(common: &Common) -> Result<Loaded, Failure> {
    settings::loaded(common, &[]).map_err(Failure::no_report)
}

fn checked(loaded: &Loaded) -> String {
    let place = match &loaded.file {
        Some(path) => path.display().to_string(),
        None => "no configuration file, so the defaults apply".to_owned(),
    };
    let set: Vec<String> = midwatch_config::describe(loaded)
        .into_iter()
        .filter(|one| one.origin != Origin::Default)
        .map(|one| format!("  {}: {}  ({})\n", one.key, one.value, one.origin))
        .collect();
    let changed = if set.is_empty() { "  nothing differs from the defaults\n".to_owned() } else { set.concat() };
    format!("configuration is valid: {place}\n{changed}")
}

fn shown(loaded: &Loaded) -> String {
    let rows = midwatch_config::describe(loaded);
    let key = rows.iter().map(|row| row.key.len()).max().unwrap_or(0);
    let value = rows.iter().map(|row| row.value.chars().count()).max().unwrap_or(0).min(40);
    rows.iter()
        .map(|row| format!("{:<key$}  {:<value$}  {}\n", row.key, row.value, row.origin))
        .collect::<Vec<_>>()
        .concat()
}
