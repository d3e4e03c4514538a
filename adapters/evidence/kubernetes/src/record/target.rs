//! The directory that a recording becomes: written beside its place, then renamed into it.
//!
//! Must never write into a directory that holds something, nor leave half a recording under the final name. What is
//! written is text that was redacted. Start at [`Target::begin`].

use std::path::{Path, PathBuf};

use midwatch_redact::Redacted;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::RecordError;

/// A recording under way; what was written goes away when it is dropped unfinished.
#[derive(Debug)]
pub(super) struct Target {
    partial: PathBuf,
    place: PathBuf,
    finished: bool,
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> RecordError {
    let path = path.to_owned();
    move |source| RecordError::Write { path, source }
}

impl Target {
    /// Begins beside the place. An empty directory may stand in the place.
    pub(super) fn begin(place: &Path) -> Result<Self, RecordError> {
        match std::fs::read_dir(place) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(RecordError::NotEmpty { path: place.to_owned() });
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(place)(error)),
        }
        let absolute = std::path::absolute(place).map_err(failed(place))?;
        let name = absolute.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let partial = absolute.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        std::fs::create_dir_all(&partial).map_err(failed(&partial))?;
        Ok(Self { partial, place: absolute, finished: false })
    }

    /// Writes one file of redacted text.
    pub(super) async fn write(&self, rel: &str, text: &Redacted<String>) -> Result<(), RecordError> {
        let mut file = self.create(rel).await?;
        file.push(text).await?;
        file.close().await
    }

    /// Begins one file.
    pub(super) async fn create(&self, rel: &str) -> Result<Writing, RecordError> {
        let path = self.partial.join(rel);
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(failed(parent))?;
        }
        let file = File::create(&path).await.map_err(failed(&path))?;
        Ok(Writing { path, file })
    }

    /// Puts the recording into its place.
    pub(super) fn finish(mut self) -> Result<PathBuf, RecordError> {
        if self.place.exists() {
            std::fs::remove_dir(&self.place).map_err(|_| RecordError::NotEmpty { path: self.place.clone() })?;
        }
        std::fs::rename(&self.partial, &self.place).map_err(failed(&self.place))?;
        self.finished = true;
        Ok(self.place.clone())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing is left to tell it to; the directory is hidden and ours.
            let _ = std::fs::remove_dir_all(&self.partial);
        }
    }
}

/// A file being written.
#[derive(Debug)]
pub(super) struct Writing {
    path: PathBuf,
    file: File,
}

impl Writing {
    /// Adds redacted text.
    pub(super) async fn push(&mut self, text: &Redacted<String>) -> Result<(), RecordError> {
        self.file.write_all(text.as_bytes()).await.map_err(failed(&self.path))
    }

    /// Makes sure that it is written.
    pub(super) async fn close(mut self) -> Result<(), RecordError> {
        self.file.flush().await.map_err(failed(&self.path))
    }
}
