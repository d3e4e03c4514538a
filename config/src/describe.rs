//! Every setting with its value and where the value came from, for `config check`.
//!
//! Never shows a secret: only that one is set. Start at [`describe`].

use crate::Settings;
use crate::field::{self, Field, Slot};
use crate::load::{Loaded, Origin};
use crate::units::{show_duration, show_size, show_usd};

/// One setting as loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Dotted key.
    pub key: &'static str,
    /// The value as it would be written in the file; `(set)` for a secret.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
}

/// Every setting, its value and its origin, in the order of `default.yaml`.
pub fn describe(loaded: &Loaded) -> Vec<Described> {
    // Fields are reached by `&mut`; a copy keeps the caller's value untouched.
    let mut settings = loaded.settings.clone();
    let row = |field: &'static Field| Described {
        key: field.key,
        value: shown(field, &mut settings),
        origin: loaded.origin.get(field.key).cloned().unwrap_or(Origin::Default),
    };
    field::all().map(row).collect()
}

/// The value of one setting as it would be written in the file.
pub(crate) fn shown(field: &Field, settings: &mut Settings) -> String {
    match &field.slot {
        Slot::Flag(at) => at(settings).to_string(),
        Slot::Count { at, .. } => at(settings).to_string(),
        Slot::Duration { at, .. } => show_duration(*at(settings)),
        Slot::Size { at, .. } => show_size(*at(settings)),
        Slot::Interval { at, .. } => at(settings).map_or_else(|| "off".to_owned(), show_duration),
        Slot::Usd(at) => at(settings).map_or_else(null, show_usd),
        Slot::Percent { at, .. } => format!("{}%", at(settings)),
        Slot::Choice(at) => at(settings).name().to_owned(),
        Slot::Name(at) | Slot::Id(at) => at(settings).clone().unwrap_or_else(null),
        Slot::Url(at) | Slot::RedisUrl(at) => at(settings).as_ref().map_or_else(null, ToString::to_string),
        Slot::Listen(at) => at(settings).to_string(),
        Slot::Headers(at) => at(settings).to_string(),
        Slot::Records(at) => at(settings).show(),
        Slot::Texts(at) | Slot::Names(at) => list(at(settings)),
        Slot::Text(at) | Slot::Directive(at) => at(settings).clone(),
        Slot::Secrets { at, .. } if at(settings).is_empty() => "[]".to_owned(),
        Slot::Secret { at, .. } if at(settings).is_none() => null(),
        Slot::Secrets { .. } | Slot::Secret { .. } => "(set)".to_owned(),
        Slot::SecretFile(at) | Slot::Path(at) => {
            at(settings).as_ref().map_or_else(null, |path| path.display().to_string())
        }
    }
}

fn null() -> String {
    "null".to_owned()
}

/// A YAML list on one line; items in double quotes, whose escapes Rust and YAML share for this use.
pub(crate) fn list(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|item| format!("{item:?}")).collect();
    format!("[{}]", items.join(", "))
}
