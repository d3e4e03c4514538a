//! Where a configuration file is looked for, and which variables of the process matter.
//!
//! Never reads the environment or the disk itself. Start at [`search_paths`].

use std::ffi::OsString;
use std::path::PathBuf;

/// Files that are tried in this order when none is named: `./midwatch.yaml`, then
/// `$XDG_CONFIG_HOME/midwatch/config.yaml`, or `~/.config/midwatch/config.yaml` without that
/// variable.
pub fn search_paths(env: &[(String, String)]) -> Vec<PathBuf> {
    let value = |name: &str| {
        env.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| PathBuf::from(value))
    };
    // The XDG specification has relative paths ignored.
    let xdg = value("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let base = xdg.or_else(|| value("HOME").map(|home| home.join(".config")));
    let mut paths = vec![PathBuf::from("midwatch.yaml")];
    paths.extend(base.map(|base| base.join("midwatch").join("config.yaml")));
    paths
}

/// Where a program keeps what must survive, when no setting says so: what systemd gives a service
/// (`STATE_DIRECTORY`, usually /var/lib/midwatch), else `$XDG_STATE_HOME/midwatch`, else
/// `~/.local/state/midwatch`. None without any of these.
pub fn state_directory(env: &[(String, String)]) -> Option<PathBuf> {
    let value = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let absolute = |text: &str| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
    // systemd separates several directories with colons.
    let given = value("STATE_DIRECTORY").and_then(|all| all.split(':').next()).and_then(absolute);
    let xdg = || value("XDG_STATE_HOME").and_then(absolute);
    let home = || value("HOME").and_then(absolute).map(|home| home.join(".local/state"));
    given.or_else(|| xdg().or_else(home).map(|base| base.join("midwatch")))
}

/// The variables that matter here, from `std::env::vars_os()`: everything that starts with
/// `MIDWATCH` and those that say where configuration and state live. `std::env::vars()` would
/// panic on a stranger's variable that is not UTF-8.
pub fn environment_of(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<(String, String)> {
    vars.into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| {
            ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"].contains(&name.as_str())
                || name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("MIDWATCH"))
        })
        .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        .collect()
}
