//! Settings that make sense only together, or never together.
//!
//! Never repeats what one setting's own type can check. Start at [`check`].

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use crate::discord::is_snowflake;
use crate::error::{ConfigError, Problem};
use crate::load::Origin;
use crate::quote::quote;
use crate::secret_files::set_at;
use crate::server::ROLES;
use crate::{DiscordSettings, ModelProvider, ModelSettings, Settings, SlackSettings, StoreMode};

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
    let chats = slack(&settings.slack)
        .into_iter()
        .chain(discord(&settings.discord))
        .chain(one_place(settings))
        .chain(model(&settings.model))
        .chain(roles(settings))
        .chain(shared(settings));
    for (key, problem) in chats {
        errors.extend(set_at(origin, key).map(|place| problem.at(place)));
    }
}

/// What is wrong with how Midwatch is on Slack.
fn slack(slack: &SlackSettings) -> Vec<(&'static str, Problem)> {
    let mut wrong = Vec::new();
    let events = slack.app_token.is_some() || slack.signing_secret.is_some();
    let key = if slack.bot_token_file.is_some() { "slack.bot_token_file" } else { "slack.bot_token" };
    if slack.bot_token.is_some() && !events {
        let what = format!("{} is set, but no event of Slack can come in", quote("slack.bot_token"));
        wrong.push((
            key,
            Problem::new(what, "set `slack.app_token` (Socket Mode) or `slack.signing_secret` (signed HTTP)"),
        ));
    }
    let needs = [
        ("slack.app_token", slack.app_token.is_some()),
        ("slack.signing_secret", slack.signing_secret.is_some()),
        ("slack.channel", slack.channel.is_some()),
        ("slack.channels", !slack.channels.is_empty()),
    ];
    for (key, _) in needs.into_iter().filter(|(_, set)| *set && slack.bot_token.is_none()) {
        wrong.push((
            key,
            Problem::new(
                format!("{} is set and {} is not", quote(key), quote("slack.bot_token")),
                "set `slack.bot_token`, or remove it",
            ),
        ));
    }
    for (key, token, prefix) in [(key, &slack.bot_token, "xoxb-"), ("slack.app_token", &slack.app_token, "xapp-")] {
        // Without the value: whatever it is, it may be a secret.
        if token.as_ref().is_some_and(|token| !token.expose_secret().starts_with(prefix)) {
            let what = format!("{} does not begin with {prefix}", quote(key.trim_end_matches("_file")));
            wrong
                .push((key, Problem::new(what, "copy it again from the app's pages; the two tokens are not the same")));
        }
    }
    wrong
}

/// What is wrong with how Midwatch is on Discord.
fn discord(discord: &DiscordSettings) -> Vec<(&'static str, Problem)> {
    let mut wrong = Vec::new();
    if discord.bot_token.is_some() && discord.guild.is_none() {
        let key = if discord.bot_token_file.is_some() { "discord.bot_token_file" } else { "discord.bot_token" };
        let what = format!("{} is set and {} is not", quote("discord.bot_token"), quote("discord.guild"));
        let fix = "set `discord.guild`: with Developer Mode on, right-click the server's name and Copy Server ID";
        wrong.push((key, Problem::new(what, fix)));
    }
    let needs = [
        ("discord.guild", discord.guild.is_some()),
        ("discord.public_key", discord.public_key.is_some()),
        ("discord.channel", discord.channel.is_some()),
        ("discord.channels", !discord.channels.is_empty()),
    ];
    for (key, _) in needs.into_iter().filter(|(_, set)| *set && discord.bot_token.is_none()) {
        let what = format!("{} is set and {} is not", quote(key), quote("discord.bot_token"));
        wrong.push((key, Problem::new(what, "set `discord.bot_token`, or remove it")));
    }
    for (key, id) in [("discord.guild", &discord.guild), ("discord.channel", &discord.channel)] {
        if id.as_ref().is_some_and(|id| !is_snowflake(id)) {
            let what = format!("{} is no id", quote(key));
            wrong.push((
                key,
                Problem::new(what, "an id is a number of about 19 digits; copy it with Developer Mode on"),
            ));
        }
    }
    let is_key = |key: &String| key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit());
    if discord.public_key.as_ref().is_some_and(|key| !is_key(key)) {
        let what = format!("{} is not 64 hexadecimal digits", quote("discord.public_key"));
        let fix =
            "copy it from the application's General Information page; it is neither the token nor the client secret";
        wrong.push(("discord.public_key", Problem::new(what, fix)));
    }
    wrong
}

/// What is wrong with the language model.
fn model(model: &ModelSettings) -> Vec<(&'static str, Problem)> {
    let mut wrong = Vec::new();
    if model.provider == ModelProvider::Off {
        let key = if model.key_file.is_some() { "model.key_file" } else { "model.key" };
        let needs = [
            ("model.name", model.name.is_some()),
            ("model.url", model.url.is_some()),
            (key, model.key.is_some()),
            ("model.fallback", !model.fallback.is_empty()),
        ];
        for (key, _) in needs.into_iter().filter(|(_, set)| *set) {
            let what = format!("{} is set and {} is off", quote(key), quote("model.provider"));
            let fix = "say which protocol the model is asked by: anthropic, openai, azure or gemini";
            wrong.push((key, Problem::new(what, fix)));
        }
        return wrong;
    }
    let missing = |key: &'static str, fix: &str| {
        let what = format!("{} is {} and {} is not set", quote("model.provider"), model.provider, quote(key));
        ("model.provider", Problem::new(what, fix))
    };
    if model.name.is_none() {
        wrong.push(missing("model.name", "name the model as its provider calls it"));
    }
    if model.provider == ModelProvider::Azure && model.url.is_none() {
        wrong.push(missing("model.url", "write the address of the resource: `https://NAME.openai.azure.com`"));
    }
    // A server of one's own may want none; the providers' own always do.
    if model.key.is_none() && (model.url.is_none() || model.provider == ModelProvider::Azure) {
        wrong.push(missing("model.key", "set `model.key_file`, or MIDWATCH__MODEL__KEY in the environment"));
    }
    let (usd, prices) = ([model.budget.usd, model.day.usd, model.user_day.usd], &model.prices);
    for (key, _) in
        ["model.usd", "model.day_usd", "model.user_day_usd"].into_iter().zip(usd).filter(|(_, usd)| usd.is_some())
    {
        if prices.input.is_none() || prices.output.is_none() {
            let what = format!("{} is set, but what tokens cost is not known", quote(key));
            wrong.push((key, Problem::new(what, "set `model.input_price` and `model.output_price`")));
        }
    }
    wrong
}

/// What is wrong with what this process is to do.
fn roles(settings: &Settings) -> Option<(&'static str, Problem)> {
    let key = "server.roles";
    let roles = &settings.server.roles;
    let known = ROLES.map(|role| format!("`{role}`")).join(", ");
    let problem = if let Some(role) = roles.iter().find(|role| !ROLES.contains(&role.as_str())) {
        Problem::new(format!("{} names {}, which is no role", quote(key), quote(role)), format!("there are: {known}"))
    } else if roles.is_empty() {
        Problem::new(format!("{} is empty: the process would do nothing", quote(key)), format!("there are: {known}"))
    } else if settings.store.url.is_none() && ROLES.iter().any(|role| !roles.iter().any(|ours| ours == role)) {
        let what = format!("{} leaves work to others, and the embedded store is for one process", quote(key));
        Problem::new(what, "set `store.url` to a Redis that all of them share, or give this process every role")
    } else {
        return None;
    };
    Some((key, problem))
}

/// What is wrong with the store that replicas share.
fn shared(settings: &Settings) -> Vec<(&'static str, Problem)> {
    let (store, mut wrong) = (&settings.store, Vec::new());
    if store.url.is_some() && settings.audit.key.is_none() {
        let what = format!("{} is set and {} is not", quote("store.url"), quote("audit.key"));
        let fix = "every replica seals the same trail: make a key with `openssl rand -hex 32` and set `audit.key_file`";
        wrong.push(("store.url", Problem::new(what, fix)));
    }
    let hash = store.prefix.contains(['{', '}']) || store.prefix.chars().any(|c| c.is_whitespace() || c.is_control());
    if hash {
        let what = format!("{} holds a brace or a blank", quote("store.prefix"));
        wrong.push(("store.prefix", Problem::new(what, "write letters, digits, `-`, `:` and `_`")));
    }
    if store.mode == StoreMode::Cluster && store.database != 0 {
        let what = format!("{} is {}, and a Cluster has only 0", quote("store.database"), store.database);
        wrong.push(("store.database", Problem::new(what, "remove it")));
    }
    if store.mode == StoreMode::Single && !store.nodes.is_empty() {
        let what = format!("{} is set, and one server has no further nodes", quote("store.nodes"));
        wrong.push(("store.nodes", Problem::new(what, "set `store.mode` to `sentinel` or `cluster`, or remove it")));
    }
    for node in &store.nodes {
        let port =
            node.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            let what = format!("{} holds {}, which is no host and port", quote("store.nodes"), quote(node));
            wrong.push(("store.nodes", Problem::new(what, "write it like `sentinel-1:26379`")));
        }
    }
    if store.url.is_none() {
        let alone = [
            ("store.mode", store.mode != StoreMode::Single),
            ("store.nodes", !store.nodes.is_empty()),
            ("store.username", store.username.is_some()),
            ("store.password", store.password.is_some()),
            ("store.ca_file", store.ca_file.is_some()),
        ];
        for (key, _) in alone.into_iter().filter(|(_, set)| *set) {
            let what = format!("{} is set and {} is not: the store is embedded", quote(key), quote("store.url"));
            wrong.push((key, Problem::new(what, "set `store.url`, or remove it")));
        }
    }
    wrong
}

/// Incidents that nobody posted in a chat are shown in one place.
fn one_place(settings: &Settings) -> Option<(&'static str, Problem)> {
    let both = settings.slack.channel.is_some() && settings.discord.channel.is_some();
    both.then(|| ("discord.channel", exclusive_places("slack.channel", "discord.channel")))
}

fn exclusive_places(one: &str, other: &str) -> Problem {
    Problem::new(
        format!("{} and {} are both set", quote(one), quote(other)),
        "an incident that begins with a webhook or a poll has one thread: keep one of them",
    )
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
