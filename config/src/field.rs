//! The table of all settings: key, one line of documentation, type with its range, and where the
//! value lives in [`Settings`].
//!
//! Never knows where values come from. Start at [`Slot`]; the rows stand in the components' files.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::choice::Choice;
use crate::headers::Headers;
use crate::quote::alternatives;
use crate::record::RecordList;
use crate::units::{show_duration, show_size};
use crate::{Settings, describe};
use crate::{
    alertmanager, audit, console, conversation, discord, incidents, investigation, jobs, kubernetes, log, mcp, model,
    output, packs, permissions, prometheus, redaction, server, slack, store,
};

/// One setting.
pub(crate) struct Field {
    /// `section.leaf`.
    pub(crate) key: &'static str,
    /// One sentence; the text in `default.yaml` starts with it.
    pub(crate) doc: &'static str,
    pub(crate) slot: Slot,
}

/// Where a value of type `T` lives in the settings.
type At<T> = fn(&mut Settings) -> &mut T;

/// The type of a setting, its range, and where it lives.
pub(crate) enum Slot {
    Flag(At<bool>),
    Count {
        at: At<u32>,
        min: u32,
        max: u32,
    },
    Duration {
        at: At<Duration>,
        min: Duration,
        max: Duration,
    },
    /// In bytes.
    Size {
        at: At<u64>,
        min: u64,
        max: u64,
    },
    /// A duration, or none when it is switched off.
    Interval {
        at: At<Option<Duration>>,
        min: Duration,
        max: Duration,
    },
    /// An amount of US dollars in millionths, or none.
    Usd(At<Option<u64>>),
    /// A share in percent.
    Percent {
        at: At<u32>,
        min: u32,
        max: u32,
    },
    Choice(fn(&mut Settings) -> &mut dyn Choice),
    /// One text that is not empty.
    Text(At<String>),
    /// One text, or none.
    Name(At<Option<String>>),
    /// One id of another program, which may be a number, or none.
    Id(At<Option<String>>),
    /// A file or a folder that holds no secret.
    Path(At<Option<PathBuf>>),
    Url(At<Option<Url>>),
    /// The address of a Redis server, or none.
    RedisUrl(At<Option<Url>>),
    Listen(At<SocketAddr>),
    Texts(At<Vec<String>>),
    /// Patterns over names of environment variables.
    Names(At<Vec<String>>),
    /// A filter for the log.
    Directive(At<String>),
    /// Secret values; `file` is the setting of the same name with `_file` behind it.
    Secrets {
        at: At<Vec<SecretString>>,
        file: At<Option<PathBuf>>,
    },
    /// One secret value; `file` as above.
    Secret {
        at: At<Option<SecretString>>,
        file: At<Option<PathBuf>>,
    },
    SecretFile(At<Option<PathBuf>>),
    /// Names and values of HTTP headers; values are secret.
    Headers(At<Headers>),
    /// A list of things with keys of their own.
    Records(fn(&mut Settings) -> &mut dyn RecordList),
}

/// A setting as a person is told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Dotted key: `investigation.lookback`.
    pub key: &'static str,
    /// What it is for, in one sentence.
    pub doc: &'static str,
    /// The default as it would be written in the file.
    pub default: String,
    /// What values are allowed, with range and unit: `a duration from 1m to 24h`.
    pub expects: String,
    /// The environment variable that sets it.
    pub variable: String,
    /// Whether its value is secret and never shown.
    pub secret: bool,
}

/// All valid keys, in the order of `default.yaml`.
pub fn keys() -> Vec<Key> {
    all().map(Field::describe).collect()
}

/// All settings, in the order of `default.yaml`.
pub(crate) fn all() -> impl Iterator<Item = &'static Field> {
    [
        investigation::FIELDS,
        kubernetes::FIELDS,
        prometheus::FIELDS,
        alertmanager::FIELDS,
        server::FIELDS,
        store::FIELDS,
        jobs::FIELDS,
        incidents::FIELDS,
        packs::FIELDS,
        model::FIELDS,
        mcp::FIELDS,
        permissions::FIELDS,
        conversation::FIELDS,
        slack::FIELDS,
        discord::FIELDS,
        audit::FIELDS,
        console::FIELDS,
        redaction::FIELDS,
        output::FIELDS,
        log::FIELDS,
    ]
    .into_iter()
    .flatten()
}

/// The setting with this dotted key.
pub(crate) fn find(key: &str) -> Option<&'static Field> {
    all().find(|field| field.key == key)
}

/// Names of the sections, each once, in order.
pub(crate) fn sections() -> Vec<&'static str> {
    let mut names: Vec<_> = all().map(Field::section).collect();
    names.dedup();
    names
}

impl Field {
    pub(crate) fn section(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(section, _)| section)
    }

    pub(crate) fn leaf(&self) -> &'static str {
        self.key.rsplit_once('.').map_or(self.key, |(_, leaf)| leaf)
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("{}{}", crate::environment::PREFIX, self.key.replace('.', "__").to_uppercase())
    }

    /// Whether the value must never be shown.
    pub(crate) fn secret(&self) -> bool {
        matches!(self.slot, Slot::Secrets { .. } | Slot::Secret { .. })
    }

    /// Whether `null` is a value: there is none of it.
    pub(crate) fn optional(&self) -> bool {
        matches!(
            self.slot,
            Slot::Name(_)
                | Slot::Id(_)
                | Slot::Path(_)
                | Slot::Url(_)
                | Slot::RedisUrl(_)
                | Slot::Usd(_)
                | Slot::Secret { .. }
                | Slot::SecretFile(_)
        )
    }

    /// What values are allowed, as the end of "expected ...".
    pub(crate) fn expects(&self) -> String {
        match &self.slot {
            Slot::Flag(_) => "`true` or `false`".to_owned(),
            Slot::Count { min, max, .. } => format!("a whole number from {min} to {max}"),
            Slot::Duration { min, max, .. } => {
                format!("a duration from {} to {}", show_duration(*min), show_duration(*max))
            }
            Slot::Size { min, max, .. } => {
                format!("a size from {} to {}", show_size(*min), show_size(*max))
            }
            Slot::Interval { min, max, .. } => {
                format!("`off` or a duration from {} to {}", show_duration(*min), show_duration(*max))
            }
            Slot::Usd(_) => "an amount of US dollars such as `0.25`".to_owned(),
            Slot::Percent { min, max, .. } => format!("a share from {min}% to {max}%"),
            Slot::Text(_) | Slot::Name(_) | Slot::Secret { .. } => "a text".to_owned(),
            Slot::Id(_) => "an id".to_owned(),
            Slot::Path(_) => "a path".to_owned(),
            Slot::Url(_) => "an address such as `https://host:port`".to_owned(),
            Slot::RedisUrl(_) => "an address such as `redis://host:6379` or `rediss://host:6379`".to_owned(),
            Slot::Listen(_) => "an IP address and a port such as `127.0.0.1:8080` or `[::]:8080`".to_owned(),
            Slot::Headers(_) => "names of HTTP headers and their values".to_owned(),
            Slot::Records(at) => at(&mut Settings::default()).shape().to_owned(),
            Slot::Choice(at) => alternatives(at(&mut Settings::default()).names()),
            Slot::Texts(_) | Slot::Secrets { .. } => "a list of texts".to_owned(),
            Slot::Names(_) => "a list of name patterns".to_owned(),
            Slot::Directive(_) => "a log filter such as `warn` or `info,midwatch=debug`".to_owned(),
            Slot::SecretFile(_) => "the path of a file".to_owned(),
        }
    }

    fn describe(&self) -> Key {
        Key {
            key: self.key,
            doc: self.doc,
            default: describe::shown(self, &mut Settings::default()),
            expects: self.expects(),
            variable: self.variable(),
            secret: self.secret(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_are_unique_and_two_levels_deep() {
        let keys: BTreeSet<_> = all().map(|field| field.key).collect();
        assert_eq!(keys.len(), all().count());
        assert!(keys.iter().all(|key| key.split('.').count() == 2));
        let sections: BTreeSet<_> = sections().into_iter().collect();
        assert_eq!(sections.len(), super::sections().len(), "a section is in two places");
    }

    #[test]
    fn every_secret_has_its_file_and_the_other_way_round() {
        for field in all() {
            match field.slot {
                Slot::Secrets { .. } | Slot::Secret { .. } => {
                    let file = find(&format!("{}_file", field.key)).map(|file| &file.slot);
                    assert!(matches!(file, Some(Slot::SecretFile(_))), "{}", field.key);
                }
                Slot::SecretFile(_) => {
                    let of = field.key.strip_suffix("_file").and_then(find);
                    assert!(of.is_some_and(Field::secret), "{}", field.key);
                }
                _ => {}
            }
        }
    }
}
