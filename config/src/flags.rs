//! The layer of flags: what the command line sets, which wins over everything.
//!
//! Never knows which flags there are: the binary passes the key that each stands for. Start at
//! [`layer`].

use crate::environment;
use crate::error::{ConfigError, Place, Problem};
use crate::field;
use crate::load::Assignment;
use crate::node::{self, Located};
use crate::quote::quote;
use crate::suggest::{self, Meant};

/// Dotted key, value, and the flag's name with its dashes.
type Flag = (&'static str, String, &'static str);

/// Everything the flags set, and all their mistakes; of two flags for one key the later wins.
pub(crate) fn layer(flags: &[Flag], errors: &mut Vec<ConfigError>) -> Vec<Assignment> {
    let mut found = Vec::new();
    for (key, value, flag) in flags {
        let place = Place::Flag(flag);
        let Some(field) = field::find(key) else {
            errors.push(unknown_flag_key(key).at(place));
            continue;
        };
        match node::from_text(value, &field.slot) {
            Ok(value) => {
                let value = Located { value, line: 0, column: 0 };
                found.push(Assignment { field, value, place, base: None });
            }
            Err(problem) => errors.push(environment::named(field, problem).at(place)),
        }
    }
    found
}

fn unknown_flag_key(key: &str) -> Problem {
    let fix = match suggest::for_key(key) {
        Some(Meant::Key(near) | Meant::Section(near)) => format!("did you mean {}?", quote(near)),
        None => suggest::valid_near(key),
    };
    Problem::new(format!("unknown key {}", quote(key)), fix)
}
