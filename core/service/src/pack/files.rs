//! The files of a directory of packs, and whether they are as they were.
//!
//! Must never read more than [`FILES_CAP`] files, nor more of one than a pack may have. Start at [`files`].

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{FILE_CAP, PackErrors};

/// Files that are read from one directory.
const FILES_CAP: usize = 500;

/// What can be told of files without reading them: name, size and time of the last change, of each, or that they cannot be
/// listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(Option<Vec<(PathBuf, u64, Option<SystemTime>)>>);

/// Looks at the pack files of a directory.
pub(super) fn stamp(directory: &Path) -> Stamp {
    let Ok(mut paths) = listed(directory) else { return Stamp(None) };
    paths.truncate(FILES_CAP + 1);
    let told = paths.into_iter().map(|path| {
        // What a link leads to: that is how Kubernetes puts a new ConfigMap in the place of the old one.
        let known = std::fs::metadata(&path).ok();
        let size = known.as_ref().map_or(0, std::fs::Metadata::len);
        (path, size, known.and_then(|known| known.modified().ok()))
    });
    Stamp(Some(told.collect()))
}

/// The pack files of a directory, in order of their names.
fn listed(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory)?.take(10 * FILES_CAP);
    let mut paths = entries.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "yaml" || e == "yml") && path.is_file());
    paths.sort();
    Ok(paths)
}

/// The pack files of a directory with their texts, in order of their names.
pub(super) fn files(directory: &Path, errors: &mut Vec<PackErrors>) -> Vec<(String, String)> {
    let paths = match listed(directory) {
        Ok(paths) => paths,
        Err(error) => {
            errors.push(PackErrors::whole(&directory.to_string_lossy(), format!("cannot be listed: {error}")));
            return Vec::new();
        }
    };
    if paths.len() > FILES_CAP {
        let what = format!("holds {} packs; at most {FILES_CAP} are read", paths.len());
        errors.push(PackErrors::whole(&directory.to_string_lossy(), what));
        return Vec::new();
    }
    let mut texts = Vec::new();
    for path in paths {
        let file = path.to_string_lossy().into_owned();
        match text(&path) {
            Ok(text) => texts.push((file, text)),
            Err(error) => errors.push(PackErrors::whole(&file, format!("cannot be read: {error}"))),
        }
    }
    texts
}

/// A file's text; one byte more than a pack may have is enough to be told that it is too large.
fn text(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let cap = u64::try_from(FILE_CAP).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(cap).read_to_string(&mut text)?;
    Ok(text)
}
