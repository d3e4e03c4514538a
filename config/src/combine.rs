//! Settings that make sense only together, or never together.
//!
//! Never repeats what one setting's own type can check. Start at [`check`].

use std::collections::BTreeMap;

use crate::Settings;
use crate::error::{ConfigError, Problem};
use crate::load::Origin;
use crate::quote::quote;
use crate::secret_files::set_at;

/// How one side of the program logs in somewhere, as configured.
struct Login {
    /// The three settings.
    keys: [&'static str; 3],
    /// Which of them are set.
    set: [bool; 3],
}

/// Adds what is wrong with the settings as a whole.
pub(crate) fn check(settings: &Settings, origin: &BTreeMap<String, Origin>, errors: &mut Vec<ConfigError>) {
    for login in logins(settings) {
        let Some((key, problem)) = wrong(&login) else { continue };
        errors.extend(set_at(origin, key).map(|place| problem.at(place)));
    }
}

fn logins(settings: &Settings) -> [Login; 3] {
    let Settings { prometheus: p, alertmanager: a, server: s, .. } = settings;
    [
        Login {
            keys: ["prometheus.token", "prometheus.user", "prometheus.password"],
            set: [p.token.is_some(), p.user.is_some(), p.password.is_some()],
        },
        Login {
            keys: ["alertmanager.token", "alertmanager.user", "alertmanager.password"],
            set: [a.token.is_some(), a.user.is_some(), a.password.is_some()],
        },
        Login {
            // The webhook takes either: a sender can do one or the other.
            keys: ["", "server.webhook_user", "server.webhook_password"],
            set: [false, s.webhook_user.is_some(), s.webhook_password.is_some()],
        },
    ]
}

fn wrong(login: &Login) -> Option<(&'static str, Problem)> {
    let [token, user, password] = login.keys;
    match login.set {
        [true, true, _] => Some((user, exclusive(token, user))),
        [true, _, true] => Some((password, exclusive(token, password))),
        [_, true, false] => Some((user, alone(user, password))),
        [_, false, true] => Some((password, alone(password, user))),
        _ => None,
    }
}

fn exclusive(one: &str, other: &str) -> Problem {
    Problem::new(
        format!("{} and {} are both set", quote(one), quote(other)),
        "a request logs in one way: keep one of them",
    )
}

fn alone(key: &str, missing: &str) -> Problem {
    Problem::new(format!("{} is set and {} is not", quote(key), quote(missing)), "set both or neither")
}
