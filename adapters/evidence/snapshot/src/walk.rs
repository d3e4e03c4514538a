//! Lists the files of a directory, in the order of their names.
//!
//! Must never leave the directory (links that point out of it are ignored), open a pipe or device, or run without
//! bound. Hidden entries are left out: editors, version control and mounted ConfigMaps keep copies there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::limits::Limits;

/// One regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Names of the directories between the root and it.
    pub(crate) dirs: Vec<String>,
    /// Its own name.
    pub(crate) name: String,
    /// Its size in bytes.
    pub(crate) size: u64,
}

impl Entry {
    /// Its path below the root, for a person.
    pub(crate) fn rel(&self) -> String {
        let mut rel = self.dirs.join("/");
        if !rel.is_empty() {
            rel.push('/');
        }
        rel + &self.name
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The files, in order.
    pub(crate) files: Vec<Entry>,
    /// What was not looked at, for a person.
    pub(crate) notes: Vec<String>,
    /// Entries of any sort.
    pub(crate) seen: usize,
}

/// Walks a directory.
///
/// # Errors
/// When the directory itself cannot be read; what cannot be read below it is noted.
pub(crate) fn walk(root: &Path, limits: &Limits) -> io::Result<Tree> {
    let mut tree = Tree::default();
    let inside = fs::canonicalize(root)?;
    let first = sorted(root, limits.entries)?;
    let mut walker = Walker { limits, inside, tree: &mut tree };
    walker.take(root, &mut Vec::new(), first);
    Ok(tree)
}

struct Walker<'a> {
    limits: &'a Limits,
    inside: PathBuf,
    tree: &'a mut Tree,
}

impl Walker<'_> {
    fn take(&mut self, dir: &Path, dirs: &mut Vec<String>, names: Vec<String>) {
        for name in names {
            if self.tree.seen >= self.limits.entries {
                self.note(format!("only the first {} entries of the directory were looked at", self.limits.entries));
                return;
            }
            self.tree.seen += 1;
            let path = dir.join(&name);
            let Some(meta) = self.metadata(&path) else { continue };
            if meta.is_dir() {
                self.descend(&path, dirs, name);
            } else if meta.is_file() {
                self.tree.files.push(Entry { path, dirs: dirs.clone(), name, size: meta.len() });
            }
        }
    }

    fn descend(&mut self, path: &Path, dirs: &mut Vec<String>, name: String) {
        if dirs.len() >= self.limits.depth {
            return;
        }
        dirs.push(name);
        match sorted(path, self.limits.entries - self.tree.seen) {
            Ok(names) => self.take(path, dirs, names),
            Err(error) => self.note(format!("{}: not readable: {error}", dirs.join("/"))),
        }
        dirs.pop();
    }

    /// Metadata of the entry, or of what a link points to when that lies inside; depth bounds links in circles.
    fn metadata(&mut self, path: &Path) -> Option<fs::Metadata> {
        let meta = fs::symlink_metadata(path).ok()?;
        if !meta.file_type().is_symlink() {
            return Some(meta);
        }
        let target = fs::canonicalize(path).ok()?;
        if target.starts_with(&self.inside) {
            fs::metadata(target).ok()
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.note(format!("{name}: a link out of the directory, not followed"));
            None
        }
    }

    fn note(&mut self, text: String) {
        if self.tree.notes.len() < 10 && !self.tree.notes.contains(&text) {
            self.tree.notes.push(text);
        }
    }
}

/// Names in a directory, sorted, without hidden ones and those that are no text.
fn sorted(dir: &Path, cap: usize) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(dir)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .take(cap.saturating_add(1))
        .collect();
    names.sort_unstable();
    Ok(names)
}
