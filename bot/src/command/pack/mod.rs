//! `midwatch pack`.

mod shown;
mod switch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use midwatch_agent::render::clean;
use midwatch_config::Settings;
use midwatch_service::pack::{FILE_CAP, LoadErrors, Packs, check};

use crate::cli::{Common, Pack};
use crate::failure::Failure;
use crate::{input, output, settings, store};

use super::block_on;

/// Shows, checks or switches.
pub(crate) fn run(args: &Pack, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    match args {
        Pack::List { output } => list(&settings, output),
        Pack::Show { name, output } => show(&settings, name, output),
        Pack::Check { files } => return checked(&settings, files),
        Pack::Enable(wanted) => switch::run(&settings, &known(&settings)?, wanted, true),
        Pack::Disable(wanted) => switch::run(&settings, &known(&settings)?, wanted, false),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// All packs: the built-in ones and those of the configured directory.
pub(crate) fn load(settings: &Settings) -> Result<Packs, LoadErrors> {
    Packs::load(midwatch_config::builtin_packs(), settings.packs.directory.as_deref())
}

/// The same for a command that needs them.
fn known(settings: &Settings) -> Result<Packs, Failure> {
    load(settings).map_err(|errors| Failure::usage(format!("packs cannot be used:\n{errors}")))
}

fn list(settings: &Settings, form: &str) -> Result<(), Failure> {
    let (packs, switched) = (known(settings)?, switched(settings)?);
    let rows: Vec<_> =
        packs.all().map(|(pack, own)| shown::Row::new(&pack, own, is_on(&switched, &pack.id.name))).collect();
    let text = if form == "json" { shown::json(&rows) } else { shown::table(&rows) };
    output::print_own(&text)
}

fn show(settings: &Settings, name: &str, form: &str) -> Result<(), Failure> {
    let (packs, switched) = (known(settings)?, switched(settings)?);
    let Some((pack, own)) = packs.all().find(|(pack, _)| pack.id.name == name) else {
        return Err(unknown(&packs, name));
    };
    let whole = shown::Whole::new(&pack, own, is_on(&switched, name));
    output::print_own(&if form == "json" { shown::json(&whole) } else { whole.to_string() })
}

fn is_on(switched: &BTreeMap<String, bool>, name: &str) -> bool {
    switched.get(name).copied().unwrap_or(true)
}

fn unknown(packs: &Packs, name: &str) -> Failure {
    let names: Vec<_> = packs.all().map(|(pack, _)| pack.id.name.clone()).collect();
    Failure::usage(format!("there is no pack `{}`\n  there are: {}", clean::block(name), names.join(", ")))
}

/// What was switched, as the store has it; without a store nothing was.
fn switched(settings: &Settings) -> Result<BTreeMap<String, bool>, Failure> {
    block_on(async {
        let store = match store::reader(settings).await {
            Ok(reading) => reading.store,
            Err(error) if error.is_missing() => return Ok(BTreeMap::new()),
            Err(error) => return Err(Failure::no_report(error)),
        };
        Ok(store.packs().await.map_err(Failure::no_report)?.into_iter().collect())
    })
}

/// Here a mistake is the answer to the question, so the code is 1.
fn checked(settings: &Settings, files: &[PathBuf]) -> Result<ExitCode, Failure> {
    if files.is_empty() {
        let packs = load(settings).map_err(Failure::no_report)?;
        let own = packs.all().filter(|(_, own)| *own).count();
        let place = match &settings.packs.directory {
            Some(directory) => format!("{own} packs in {}", directory.display()),
            None => "no packs.directory is set, so there are the built-in ones only".to_owned(),
        };
        output::print_own(&format!("packs are valid: {place}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut wrong = Vec::new();
    for file in files {
        match check_file(file)? {
            Ok(told) => output::print_own(&told)?,
            Err(mistakes) => wrong.push(mistakes),
        }
    }
    if wrong.is_empty() {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure::NoReport(format!("packs with mistakes\n{}", wrong.join("\n"))))
    }
}

fn check_file(file: &Path) -> Result<Result<String, String>, Failure> {
    let name = file.display().to_string();
    let bytes = input::bounded(file, FILE_CAP + 1)?;
    Ok(match std::str::from_utf8(&bytes) {
        Ok(text) => match check(text, &name) {
            Ok(pack) => Ok(format!("{name}: pack {} {} is valid\n", pack.id.name, pack.id.version)),
            Err(errors) => Err(errors.to_string()),
        },
        Err(_) => Err(format!("{name}: this is not UTF-8 text")),
    })
}
