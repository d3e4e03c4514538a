//! Typed settings: defaults, then one file, then environment, then flags.
//!
//! For: turning everything a person can configure into one checked [`Settings`] value, and saying
//! all mistakes at once, each with its place and a way out of it.
//!
//! Never: reads the process environment (it is passed in), prints, shows a secret, or ignores a key
//! it does not know.
//!
//! Start at [`load`]; the settings themselves are one file per component (`investigation.rs`,
//! `redaction.rs`, `output.rs`, `log.rs`), each with its struct and its table of fields. A new
//! setting is one struct member, one row in that table, one documented line in `default.yaml`.

mod choice;
mod describe;
mod document;
mod environment;
mod error;
mod field;
mod file;
mod flags;
mod investigation;
mod list;
mod load;
mod log;
mod node;
mod output;
mod packs;
mod quote;
mod redaction;
mod search;
mod secret;
mod settings;
mod suggest;
mod units;
mod value;
mod walk;

pub use describe::{Described, describe};
pub use error::{ConfigError, ConfigErrors, Place};
pub use field::{Key, keys};
pub use investigation::{Depth, Investigation};
pub use load::{Loaded, Origin, Sources, load};
pub use log::{Log, LogFormat};
pub use output::{Output, OutputFormat, When};
pub use packs::builtin_packs;
pub use redaction::RedactionSettings;
pub use search::{environment_of, search_paths};
pub use secret::{SECRET_FILE_LIMIT, SecretFileError, read_secret, read_secret_lines};
pub use settings::Settings;

/// The documented defaults as a file: a copy of it is a valid configuration that changes nothing.
pub fn default_yaml() -> &'static str {
    include_str!("../default.yaml")
}
