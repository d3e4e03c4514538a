//! Typed settings: defaults, then one file, then environment, then flags.
//!
//! For: turning everything a person can configure into one checked [`Settings`] value, and saying
//! all mistakes at once, each with its place and a way out of it.
//!
//! Never: reads the process environment (it is passed in), prints, shows a secret, or ignores a key
//! it does not know.
//!
//! Start at [`load`]; the settings themselves are one file per component (`investigation.rs`,
//! `server.rs`, `redaction.rs` and their like), each with its struct and its table of fields. A new
//! setting is one struct member, one row in that table, one documented line in `default.yaml`.

mod alertmanager;
mod audit;
mod channel;
mod choice;
mod combine;
mod console;
mod conversation;
mod describe;
mod discord;
mod document;
mod environment;
mod error;
mod field;
mod file;
mod flags;
mod headers;
mod incidents;
mod investigation;
mod jobs;
mod kubernetes;
mod list;
mod load;
mod log;
mod mcp;
mod model;
mod node;
mod output;
mod packs;
mod permissions;
mod prometheus;
mod quote;
mod record;
mod redaction;
mod scalar;
mod search;
mod secret;
mod secret_files;
mod server;
mod settings;
mod slack;
mod store;
mod suggest;
mod units;
mod value;
mod walk;

pub use alertmanager::AlertmanagerSettings;
pub use audit::AuditSettings;
pub use channel::Channel;
pub use console::ConsoleSettings;
pub use conversation::ConversationSettings;
pub use describe::{Described, describe};
pub use discord::{DiscordChannel, DiscordIds, DiscordSettings};
pub use error::{ConfigError, ConfigErrors, Place};
pub use field::{Key, keys};
pub use headers::Headers;
pub use incidents::IncidentSettings;
pub use investigation::{Depth, Investigation};
pub use jobs::JobSettings;
pub use kubernetes::KubernetesSettings;
pub use load::{Loaded, Origin, Sources, load};
pub use log::{LEVEL_AUTO, Log, LogFormat};
pub use mcp::{McpServer, McpSettings};
pub use model::{DayBudget, ModelBudget, ModelProvider, ModelSettings, OtherModel, TokenPrices};
pub use output::{Output, OutputFormat, When};
pub use packs::{PackSettings, builtin_packs};
pub use permissions::{PermissionRule, PermissionSettings, PermissionWho, VERBS};
pub use prometheus::PrometheusSettings;
pub use redaction::RedactionSettings;
pub use search::{environment_of, search_paths, state_directory};
pub use secret::{SECRET_FILE_LIMIT, SecretFileError, read_secret, read_secret_lines};
pub use server::{ApiKey, ApiKeySecret, ServerSettings};
pub use settings::Settings;
pub use slack::{SlackChannel, SlackIds, SlackSettings};
pub use store::{StoreMode, StoreSettings};

/// The documented defaults as a file: a copy of it is a valid configuration that changes nothing.
pub fn default_yaml() -> &'static str {
    include_str!("../default.yaml")
}
