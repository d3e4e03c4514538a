//! The app's manifest: what Slack is asked to make, with the least scopes.
//!
//! Derived from the table of what is used ([`crate::method`]); written nowhere by hand. The form:
//! <https://docs.slack.dev/reference/app-manifest>. Pure. Start at [`manifest`].

use serde_json::{Value, json};
use url::Url;

use crate::method::{self, Event};

/// How events come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Over a socket that the program opens: nothing has to be reachable.
    SocketMode,
    /// To this address, signed.
    Http(Url),
}

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestOptions {
    /// The app's and the bot's name.
    pub name: String,
    /// How events come.
    pub delivery: Delivery,
    /// User groups are looked up, so that permissions may name them.
    pub user_groups: bool,
}

impl Default for ManifestOptions {
    fn default() -> Self {
        Self { name: "midwatch".to_owned(), delivery: Delivery::SocketMode, user_groups: false }
    }
}

/// Paths below the address at which signed requests come in.
pub mod paths {
    /// Events.
    pub const EVENTS: &str = "slack/events";
    /// Slash commands.
    pub const COMMANDS: &str = "slack/commands";
    /// Buttons.
    pub const INTERACTIVITY: &str = "slack/interactivity";
}

/// The manifest as JSON, ready to be pasted where Slack asks for it.
pub fn manifest(options: &ManifestOptions) -> String {
    let mut manifest = value(options);
    // In one order, whichever features of the library other crates turn on.
    manifest.sort_all_objects();
    format!("{manifest:#}\n")
}

fn value(options: &ManifestOptions) -> Value {
    let address = |path: &str| match &options.delivery {
        Delivery::SocketMode => None,
        Delivery::Http(base) => Some(format!("{}/{path}", base.as_str().trim_end_matches('/'))),
    };
    let scopes: Vec<&str> = method::bot_scopes(options.user_groups).into_iter().collect();
    let events: Vec<&str> = Event::ALL.into_iter().map(Event::name).collect();
    let mut command = json!({
        "command": "/midwatch",
        "description": "Investigate what is wrong, and why",
        "usage_hint": "investigate checkout -n shop | status | help",
        "should_escape": false,
    });
    let mut subscriptions = json!({"bot_events": events});
    let mut interactivity = json!({"is_enabled": true});
    for (part, key, path) in [
        (&mut command, "url", paths::COMMANDS),
        (&mut subscriptions, "request_url", paths::EVENTS),
        (&mut interactivity, "request_url", paths::INTERACTIVITY),
    ] {
        if let Some(url) = address(path) {
            part[key] = Value::from(url);
        }
    }
    json!({
        "display_information": {
            "name": options.name,
            "description": "The watch from midnight to four: investigates incidents in their thread",
            "background_color": "#1b2a41",
        },
        "features": {
            "app_home": {"home_tab_enabled": false, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
            "bot_user": {"display_name": options.name, "always_online": true},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {
            "event_subscriptions": subscriptions,
            "interactivity": interactivity,
            "org_deploy_enabled": false,
            "socket_mode_enabled": options.delivery == Delivery::SocketMode,
            "token_rotation_enabled": false,
        },
    })
}

#[cfg(test)]
mod tests {
    use slack_morphism::prelude::SlackAppManifest;

    use super::*;

    #[test]
    fn the_manifest_is_one_to_the_library_too() {
        let http = Delivery::Http(Url::parse("https://midwatch.example.com/").unwrap());
        for delivery in [Delivery::SocketMode, http] {
            let text = manifest(&ManifestOptions { delivery, ..ManifestOptions::default() });
            let known: SlackAppManifest = serde_json::from_str(&text).unwrap();
            assert_eq!(known.display_information.name, "midwatch");
        }
    }

    #[test]
    fn what_the_manifest_asks_for() {
        insta::assert_snapshot!("socket_mode", manifest(&ManifestOptions::default()));
        let delivery = Delivery::Http(Url::parse("https://midwatch.example.com/").unwrap());
        let options = ManifestOptions { delivery, user_groups: true, ..ManifestOptions::default() };
        insta::assert_snapshot!("signed_http", manifest(&options));
    }

    #[test]
    fn its_scopes_are_those_that_the_code_uses() {
        let scopes = |user_groups| {
            let options = ManifestOptions { user_groups, ..ManifestOptions::default() };
            let value = value(&options);
            let scopes = value["oauth_config"]["scopes"]["bot"].as_array().unwrap().clone();
            scopes.iter().map(|scope| scope.as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        let used = |user_groups| method::bot_scopes(user_groups).into_iter().map(str::to_owned).collect();
        assert_eq!(scopes(false), used(false));
        assert_eq!(scopes(true), used(true));
        assert!(!scopes(false).contains("usergroups:read") && scopes(true).contains("usergroups:read"));
        // The scope of the app's token is given with the token, not by the manifest.
        assert!(!scopes(true).contains("connections:write"));
    }
}
