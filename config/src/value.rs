//! From a value as it was written to the typed setting, or to a message that says what was
//! expected and what was found.
//!
//! Never corrects a value silently, never quotes a secret. Start at [`Field::set`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::Problem;
use crate::field::{Field, Slot};
use crate::node::{Located, Node};
use crate::quote::quote;
use crate::scalar::{HTTP, REDIS};
use crate::units::{parse_duration, parse_size};
use crate::{LEVEL_AUTO, Settings, describe, list, suggest};

/// A mistake and the node it belongs to: the whole value or one item of a list.
pub(crate) type Wrong = Located<Problem>;

impl Field {
    /// Puts the value where it belongs. `base` is the folder that relative paths start from.
    ///
    /// # Errors
    /// Every mistake in it: a list of records may hold several.
    pub(crate) fn set(
        &self,
        settings: &mut Settings,
        node: &Located<Node>,
        base: Option<&Path>,
    ) -> Result<(), Vec<Wrong>> {
        if let Slot::Records(at) = &self.slot {
            return at(settings).read(self, node, base);
        }
        self.set_one(settings, node, base).map_err(|wrong| vec![wrong])
    }

    fn set_one(&self, settings: &mut Settings, node: &Located<Node>, base: Option<&Path>) -> Result<(), Wrong> {
        if node.value == Node::Nothing && !self.optional() {
            return Err(self.wrong(node));
        }
        match &self.slot {
            Slot::Flag(at) => *at(settings) = self.flag(node)?,
            Slot::Count { at, min, max } => *at(settings) = self.count(node, *min, *max)?,
            Slot::Duration { at, min, max } => *at(settings) = self.duration(node, *min, *max)?,
            Slot::Size { at, min, max } => *at(settings) = self.size(node, *min, *max)?,
            Slot::Choice(at) => self.choose(settings, *at, node)?,
            Slot::Texts(at) => *at(settings) = self.texts(node, |_| None)?,
            Slot::Names(at) => *at(settings) = self.texts(node, list::bad_pattern)?,
            Slot::Directive(at) => *at(settings) = self.directive(node)?,
            Slot::Secrets { at, .. } => *at(settings) = self.secrets(node)?,
            Slot::SecretFile(at) | Slot::Path(at) => *at(settings) = self.path(node, base)?,
            Slot::Interval { at, min, max } => *at(settings) = self.interval(node, *min, *max)?,
            Slot::Usd(at) => *at(settings) = self.usd(node)?,
            Slot::Percent { at, min, max } => *at(settings) = self.percent(node, *min, *max)?,
            Slot::Text(at) => *at(settings) = self.text(node)?,
            Slot::Name(at) => *at(settings) = self.name(node)?,
            Slot::Id(at) => *at(settings) = self.id(node)?,
            Slot::Url(at) => *at(settings) = self.url(node, &HTTP)?,
            Slot::RedisUrl(at) => *at(settings) = self.url(node, &REDIS)?,
            Slot::Listen(at) => *at(settings) = self.listen(node)?,
            Slot::Secret { at, .. } => *at(settings) = self.secret_text(node)?,
            Slot::Headers(at) => *at(settings) = self.headers(node)?,
            // `set` has seen to it.
            Slot::Records(_) => {}
        }
        Ok(())
    }

    fn flag(&self, node: &Located<Node>) -> Result<bool, Wrong> {
        match &node.value {
            Node::Flag(value) => Ok(*value),
            Node::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(self.wrong(node)),
            },
            _ => Err(self.wrong(node)),
        }
    }

    fn count(&self, node: &Located<Node>, min: u32, max: u32) -> Result<u32, Wrong> {
        scalar(node)
            .and_then(|text| text.parse().ok())
            .filter(|value| (min..=max).contains(value))
            .ok_or_else(|| self.wrong(node))
    }

    pub(crate) fn duration(&self, node: &Located<Node>, min: Duration, max: Duration) -> Result<Duration, Wrong> {
        let text = scalar(node);
        if let Some(number) = text.and_then(|text| text.parse::<u64>().ok()) {
            let fix = format!("add the unit: `{number}s`, `{number}m` or `{number}h`");
            return Err(self.wrong_because(node, fix));
        }
        text.and_then(parse_duration).filter(|value| (min..=max).contains(value)).ok_or_else(|| self.wrong(node))
    }

    fn size(&self, node: &Located<Node>, min: u64, max: u64) -> Result<u64, Wrong> {
        scalar(node).and_then(parse_size).filter(|value| (min..=max).contains(value)).ok_or_else(|| self.wrong(node))
    }

    fn choose(
        &self,
        settings: &mut Settings,
        at: fn(&mut Settings) -> &mut dyn crate::choice::Choice,
        node: &Located<Node>,
    ) -> Result<(), Wrong> {
        let choice = at(settings);
        let Some(word) = scalar(node) else {
            return Err(self.wrong(node));
        };
        if choice.choose(&word.to_ascii_lowercase()) {
            return Ok(());
        }
        Err(match suggest::nearest_word(word, choice.names()) {
            Some(near) => self.wrong_because(node, format!("did you mean {}?", quote(near))),
            None => self.wrong(node),
        })
    }

    fn path(&self, node: &Located<Node>, base: Option<&Path>) -> Result<Option<PathBuf>, Wrong> {
        match &node.value {
            Node::Nothing => Ok(None),
            Node::Text(text) if !text.trim().is_empty() && !text.contains('\0') => {
                Ok(Some(base.map_or_else(|| PathBuf::from(text), |base| base.join(text))))
            }
            _ => Err(self.wrong(node)),
        }
    }

    fn directive(&self, node: &Located<Node>) -> Result<String, Wrong> {
        let Node::Text(text) = &node.value else {
            return Err(self.wrong(node));
        };
        match bad_directive(text) {
            None => Ok(text.trim().to_owned()),
            // A word for the whole filter, not for a part of it.
            Some(_) if text.trim() == LEVEL_AUTO => Ok(LEVEL_AUTO.to_owned()),
            Some(fix) => Err(self.wrong_because(node, fix)),
        }
    }

    pub(crate) fn wrong(&self, node: &Located<Node>) -> Wrong {
        let default = describe::shown(self, &mut Settings::default());
        let fix = match node.value {
            Node::Nothing => {
                format!("give a value, or remove the line to get the default, `{default}`")
            }
            _ => self.example(),
        };
        self.wrong_because(node, fix)
    }

    pub(crate) fn wrong_because(&self, node: &Located<Node>, fix: impl Into<String>) -> Wrong {
        let what = format!("`{}` is {}, expected {}", self.key, node.value.found(), self.expects());
        place(node, Problem::new(what, fix))
    }

    /// The default as an example of how the value is written.
    pub(crate) fn example(&self) -> String {
        let default = describe::shown(self, &mut Settings::default());
        match self.slot {
            Slot::Duration { .. } => {
                format!("write it like `90s`, `15m` or `1h30m`; the default is `{default}`")
            }
            Slot::Size { .. } => {
                format!("write it like `64KiB`, `10MiB` or `2GiB`; the default is `{default}`")
            }
            Slot::Texts(_) | Slot::Names(_) | Slot::Secrets { .. } => {
                "write it like `[first, second]`; `[]` is the empty list".to_owned()
            }
            Slot::Interval { .. } => {
                format!("write it like `30s` or `5m`; `off` switches it off; the default is `{default}`")
            }
            Slot::Percent { .. } => format!("write it like `{default}`, which is the default"),
            Slot::Name(_)
            | Slot::Id(_)
            | Slot::Path(_)
            | Slot::Url(_)
            | Slot::Usd(_)
            | Slot::Secret { .. }
            | Slot::SecretFile(_) => "`null` is none, which is the default".to_owned(),
            Slot::Headers(_) => "write it like `{X-Scope-OrgID: tenant-1}`; `{}` is none".to_owned(),
            Slot::Records(at) => at(&mut Settings::default()).example().to_owned(),
            _ => format!("the default is `{default}`"),
        }
    }
}

pub(crate) fn place(node: &Located<Node>, problem: Problem) -> Wrong {
    Located { value: problem, line: node.line, column: node.column }
}

/// The spelling of a number or a text, without the spaces around it.
pub(crate) fn scalar(node: &Located<Node>) -> Option<&str> {
    match &node.value {
        Node::Number(text) | Node::Text(text) => Some(text.trim()),
        _ => None,
    }
}

/// Why a log filter is wrong, for the first of its parts that is.
fn bad_directive(text: &str) -> Option<String> {
    text.split(',').map(str::trim).find_map(bad_part)
}

/// A bare word is a valid part (a target), so a misspelt level would pass unnoticed without this.
fn bad_part(part: &str) -> Option<String> {
    const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
    let (target, level) = part.rsplit_once('=').unwrap_or(("", part));
    if level.is_empty() {
        return Some("a part of it is empty: remove the extra comma or give a level".to_owned());
    }
    if LEVELS.iter().any(|name| name.eq_ignore_ascii_case(level)) {
        return None;
    }
    if let Some(near) = suggest::nearest_word(level, LEVELS) {
        return Some(format!("did you mean {}?", quote(near)));
    }
    let cannot_be_a_target = !target.is_empty() || level.contains(char::is_whitespace);
    let levels = "levels are `off`, `error`, `warn`, `info`, `debug` and `trace`";
    cannot_be_a_target.then(|| levels.to_owned())
}
