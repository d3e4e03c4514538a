//! The layer of environment variables: `MIDWATCH__INVESTIGATION__LOOKBACK=2h`.
//!
//! Never reads the process environment: it is passed in. Start at [`layer`].

use std::collections::HashMap;

use crate::error::{ConfigError, Place, Problem};
use crate::field::{self, Field};
use crate::load::Assignment;
use crate::node::{self, Located};
use crate::quote::{plain, quote};
use crate::suggest::{self, Meant};

/// How every variable that is a setting starts.
pub(crate) const PREFIX: &str = "MIDWATCH__";
/// How one looks that forgot an underscore.
const SINGLE: &str = "MIDWATCH_";

/// Everything the environment sets, and all its mistakes. Names are sorted first, so that the same
/// environment gives the same errors.
pub(crate) fn layer(env: &[(String, String)], errors: &mut Vec<ConfigError>) -> Vec<Assignment> {
    let mut env: Vec<_> = env.iter().collect();
    env.sort();
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut found = Vec::new();
    for (name, value) in env {
        match assignment(name, value) {
            None => {}
            Some(Err(problem)) => errors.push(problem.at(Place::Env(name.clone()))),
            Some(Ok(assignment)) => match seen.insert(assignment.field.key, name) {
                None => found.push(assignment),
                Some(other) => errors.push(twice(other).at(Place::Env(name.clone()))),
            },
        }
    }
    found
}

/// None when the variable is not ours.
fn assignment(name: &str, value: &str) -> Option<Result<Assignment, Problem>> {
    let Some(rest) = after(PREFIX, name) else {
        return missing_underscore(name).map(Err);
    };
    let key = rest.to_ascii_lowercase().replace("__", ".");
    let Some(field) = field::find(&key) else {
        return Some(Err(unknown(&key)));
    };
    let assign = |value| Assignment {
        field,
        value: Located { value, line: 0, column: 0 },
        place: Place::Env(name.to_owned()),
        base: None,
    };
    Some(node::from_text(value, &field.slot).map(assign).map_err(|problem| named(field, problem)))
}

fn after<'a>(prefix: &str, name: &'a str) -> Option<&'a str> {
    let start = name.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| name.get(prefix.len()..)).flatten()
}

fn unknown(key: &str) -> Problem {
    let fix = match suggest::for_key(key) {
        _ if field::sections().contains(&key) => {
            format!("{} is a section: add `__` and the name of a setting", quote(key))
        }
        Some(Meant::Key(near)) => field::find(near).map_or_else(String::new, did_you_mean),
        Some(Meant::Section(near)) => format!("did you mean {PREFIX}{}__...?", near.to_uppercase()),
        None => suggest::valid_near(key),
    };
    Problem::new(format!("unknown key {}", quote(key)), fix)
}

/// `MIDWATCH_LOG_LEVEL` would be ignored in silence. Only exact matches are mistakes: Kubernetes
/// itself makes variables such as `MIDWATCH_SERVICE_HOST` for a Service of that name.
fn missing_underscore(name: &str) -> Option<Problem> {
    let rest = after(SINGLE, name)?;
    let field = field::all().find(|field| suggest::same_letters(field.key, rest))?;
    let what = "two underscores stand before and between the parts of a setting's name";
    Some(Problem::new(what, did_you_mean(field)))
}

fn did_you_mean(field: &Field) -> String {
    format!("did you mean {}?", field.variable())
}

fn twice(other: &str) -> Problem {
    let what = format!("the same setting is also set by {}", plain(other));
    Problem::new(what, "case does not matter in these names: keep one of them")
}

/// The problem with the setting's key in front, as it has no file and line to be found by.
pub(crate) fn named(field: &Field, problem: Problem) -> Problem {
    Problem::new(format!("{}: {}", quote(field.key), problem.what), problem.fix)
}
