//! One place that writes a file and loads it.

use std::path::{Path, PathBuf};

use midwatch_config::{ConfigErrors, Loaded, Sources, load};
use tempfile::TempDir;

/// A folder with a configuration file, and what else is given to `load`.
pub(crate) struct World {
    dir: TempDir,
    file: Option<PathBuf>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) flags: Vec<(&'static str, String, &'static str)>,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Self { dir, file: None, env: Vec::new(), flags: Vec::new() }
    }

    pub(crate) fn with_file(text: impl AsRef<[u8]>) -> Self {
        let mut world = Self::new();
        world.file = Some(world.write("m.yaml", text));
        world
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("a written file");
        path
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn flag(mut self, key: &'static str, value: &str, flag: &'static str) -> Self {
        self.flags.push((key, value.to_owned(), flag));
        self
    }

    pub(crate) fn load(&self) -> Result<Loaded, ConfigErrors> {
        load(&Sources {
            file: self.file.as_deref(),
            env: self.env.clone(),
            flags: self.flags.clone(),
            search: Vec::new(),
        })
    }

    /// The errors as shown, with the temporary folder taken out of paths.
    pub(crate) fn errors(&self) -> String {
        let shown = self.load().expect_err("a mistake").to_string();
        shown.replace(&format!("{}/", self.dir.path().display()), "")
    }
}
