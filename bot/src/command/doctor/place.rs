//! The store's place: there, writable, local, with room; or the Redis that replicas share.

use std::path::{Path, PathBuf};

use midwatch_config::Settings;
use midwatch_sqlite::{FILE, OpenError, SqliteStore};

use super::shared;
use crate::store;

use midwatch_service::check::Check;

const NAME: &str = "store";

/// Room below which it is time to look.
const ROOM_WARN: u64 = 1 << 30;

/// Room below which the store soon refuses work.
const ROOM_FAIL: u64 = 64 << 20;

/// Looks at the directory; makes nothing that stays.
pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    match store::shared::options(settings) {
        Ok(Some(options)) => return shared::checks(settings, options).await,
        Ok(None) => {}
        Err(error) => return vec![Check::fail(NAME, "it cannot be used", error.to_string())],
    }
    let directory = match store::directory(settings) {
        Ok(directory) => directory,
        Err(error) => return vec![Check::fail(NAME, "it has no place", error.to_string())],
    };
    let looking = tokio::task::spawn_blocking(move || look(&directory));
    looking.await.unwrap_or_else(|_| vec![Check::fail(NAME, "the look at it broke off", "report this as a defect")])
}

fn look(directory: &Path) -> Vec<Check> {
    let place = nearest(directory);
    let mut checks = vec![if directory.join(FILE).exists() { stored(directory) } else { empty(directory, &place) }];
    checks.extend(room(&place));
    checks
}

/// The directory, or where it would be made.
fn nearest(directory: &Path) -> PathBuf {
    directory.ancestors().find(|path| path.is_dir()).map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

/// A store that exists is opened for reading only: a server may be using it.
fn stored(directory: &Path) -> Check {
    let shown = directory.display();
    match SqliteStore::open_reader(directory) {
        Ok(_) => match writable(directory) {
            Ok(()) => Check::ok(NAME, format!("{shown}: readable, the directory can be written")),
            Err(check) => check,
        },
        Err(error @ OpenError::Network { .. }) => {
            Check::fail(NAME, error.to_string(), "set store.directory to a local disk")
        }
        Err(error) => Check::fail(NAME, error.to_string(), "restore a backup, or set store.directory elsewhere"),
    }
}

fn empty(directory: &Path, place: &Path) -> Check {
    let shown = directory.display();
    match writable(place) {
        Ok(()) if place == directory => Check::ok(NAME, format!("{shown}: empty, can be written")),
        Ok(()) => Check::ok(NAME, format!("{shown}: will be made at the first start")),
        Err(check) => check,
    }
}

/// Writes a file that goes away by itself.
fn writable(place: &Path) -> Result<(), Check> {
    let tried = tempfile::Builder::new().prefix(".midwatch-doctor-").tempfile_in(place);
    tried.map(drop).map_err(|error| {
        let fix = "let this user write there, or set store.directory";
        Check::fail(NAME, format!("{} cannot be written: {error}", place.display()), fix)
    })
}

fn room(place: &Path) -> Option<Check> {
    let there = rustix::fs::statvfs(place).ok()?;
    let free = there.f_bavail.saturating_mul(there.f_frsize);
    let (name, what) = (format!("{NAME}: room"), format!("{} MiB free", free >> 20));
    let fix = "make room, or set store.directory to a larger disk";
    Some(match free {
        ..ROOM_FAIL => Check::fail(name, what, fix),
        ROOM_FAIL..ROOM_WARN => Check::warn(name, what, fix),
        _ => Check::ok(name, what),
    })
}
