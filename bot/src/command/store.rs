//! `midwatch store`.

use std::path::Path;
use std::process::ExitCode;

use midwatch_sqlite::{BackupError, OpenError, backup};

use crate::cli::{Common, Store};
use crate::failure::Failure;
use crate::{output, settings, store};

/// Copies the store.
pub(crate) fn run(args: &Store, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    let directory = store::directory(&settings).map_err(Failure::usage)?;
    if settings.store.url.is_some() {
        let fix = "copy its append-only file or its snapshot (BGSAVE), as for every Redis: store.url is set";
        return Err(Failure::usage(format!("the store is a Redis that is backed up as a Redis\n  {fix}")));
    }
    match args {
        Store::Backup { file } => copy(&directory, file),
    }
}

fn copy(directory: &Path, file: &Path) -> Result<ExitCode, Failure> {
    let copied = backup(directory, file).map_err(|error| match error {
        BackupError::Exists { .. } | BackupError::Open(OpenError::Missing { .. }) => Failure::usage(error),
        other => Failure::no_report(other),
    })?;
    let size = copied.bytes.div_ceil(1024);
    output::print_own(&format!(
        "{}: {size} KiB copied and checked\nto restore: stop the server, put it at {}, remove the -wal and -shm beside it\n\
         keep a copy of audit.key, too: it is not in the backup, and the server will not start on a store without its key\n",
        file.display(),
        directory.join(midwatch_sqlite::FILE).display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
