//! Why a directory cannot be used, said so that the reader can fix the command.

use std::io;
use std::path::{Path, PathBuf};

/// What a recording looks like, for someone who gave something else.
const EXPECTED: &str = "expected is what `kubectl cluster-info dump --output-directory DIR` or \
                        `kubectl get KIND -o json > DIR/KIND.json` write";

/// Why a directory is no recording.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read at all.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was given.
        path: PathBuf,
        /// The operating system's words.
        source: io::Error,
    },
    /// It is a file, or something stranger.
    #[error("{}: not a directory; {EXPECTED}{}", path.display(), suggest(nearest.as_deref()))]
    NotADirectory {
        /// What was given.
        path: PathBuf,
        /// A directory close by that would do.
        nearest: Option<PathBuf>,
    },
    /// There is nothing in it.
    #[error("{}: the directory is empty; {EXPECTED}", path.display())]
    Empty {
        /// What was given.
        path: PathBuf,
    },
    /// There are files, but none that kubectl wrote.
    #[error("{}: no Kubernetes objects in it; {EXPECTED}{}", path.display(), suggest(nearest.as_deref()))]
    NothingFound {
        /// What was given.
        path: PathBuf,
        /// A directory close by that would do.
        nearest: Option<PathBuf>,
    },
    /// It holds more than one recording, and mixing clusters would make up incidents.
    #[error("{}: it holds {count} recordings; give one of them, for example {}", path.display(), first.display())]
    Several {
        /// What was given.
        path: PathBuf,
        /// The first of them.
        first: PathBuf,
        /// How many.
        count: usize,
    },
}

fn suggest(nearest: Option<&Path>) -> String {
    nearest.map(|near| format!(". Did you mean {}?", near.display())).unwrap_or_default()
}
