//! What is sent, checked as Discord checks it, and a little stricter: fields that Discord does not know are refused.
//!
//! Start at [`message`]; commands are in [`commands`], answers to interactions in [`modal`] and [`choices`].

pub(super) mod check;
mod commands;
mod components;
mod embeds;

use serde_json::Value;

pub(super) use commands::commands;

use check::Check;

/// Characters of a message's text: <https://docs.discord.com/developers/resources/message#create-message>.
const CONTENT: usize = 2_000;
/// Characters of a nonce.
const NONCE: usize = 25;
/// Choices of an autocomplete.
const CHOICES: usize = 25;

const FIELDS: &[&str] = &[
    "content",
    "nonce",
    "enforce_nonce",
    "tts",
    "embeds",
    "allowed_mentions",
    "message_reference",
    "components",
    "sticker_ids",
    "attachments",
    "flags",
    "poll",
];

/// The body of a message: new, edited, or an answer.
pub(super) fn message(body: &Value, check: &mut Check, at: &str) {
    let Some(map) = check.object(body, at, FIELDS) else { return };
    check.string(map, "content", at, (0, CONTENT));
    check.string(map, "nonce", at, (0, NONCE));
    embeds::all(check, map, at);
    components::rows(check, map, at);
    if let Some(mentions) = map.get("allowed_mentions") {
        let at = check::below(at, "allowed_mentions");
        let known = ["parse", "users", "roles", "replied_user"];
        if let Some(mentions) = check.object(mentions, &at, &known) {
            let words = mentions.get("parse").and_then(Value::as_array).into_iter().flatten();
            for word in words.filter(|word| !["users", "roles", "everyone"].iter().any(|known| word == known)) {
                check.problem(&at, "BASE_TYPE_CHOICES", &format!("{word} is none of ('users', 'roles', 'everyone')."));
            }
            for (kind, list) in [("users", mentions.get("users")), ("roles", mentions.get("roles"))] {
                let parsed =
                    mentions.get("parse").and_then(Value::as_array).is_some_and(|all| all.iter().any(|w| w == kind));
                if parsed && list.and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
                    check.problem(
                        &at,
                        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                        "parse and a list exclude each other.",
                    );
                }
            }
        }
    }
}

/// A modal: <https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal>.
pub(super) fn modal(data: &Value, check: &mut Check) {
    let Some(map) = check.object(data, "data", &["custom_id", "title", "components"]) else { return };
    check.must(map, &["custom_id", "title", "components"], "data");
    check.string(map, "custom_id", "data", (1, components::CUSTOM_ID));
    check.string(map, "title", "data", (1, 45));
    components::inputs(check, map, "data");
}

/// What an autocomplete offers.
pub(super) fn choices(data: &Value, check: &mut Check) {
    let Some(map) = check.object(data, "data", &["choices"]) else { return };
    check.must(map, &["choices"], "data");
    for (at, choice) in check.list(map, "choices", "data", CHOICES).iter().enumerate() {
        let at = format!("data/choices/{at}");
        let Some(map) = check.object(choice, &at, &["name", "name_localizations", "value"]) else { continue };
        check.must(map, &["name", "value"], &at);
        check.string(map, "name", &at, (1, 100));
        if map.get("value").is_some_and(Value::is_string) {
            check.string(map, "value", &at, (1, 100));
        }
    }
}

/// The name of a thread, and when it is archived.
pub(super) fn thread(body: &Value, check: &mut Check) {
    let known =
        ["name", "auto_archive_duration", "rate_limit_per_user", "type", "invitable", "message", "applied_tags"];
    let Some(map) = check.object(body, "", &known) else { return };
    check.must(map, &["name"], "");
    check.string(map, "name", "", (1, 100));
    let minutes = map.get("auto_archive_duration").filter(|minutes| !minutes.is_null());
    if minutes.is_some_and(|given| ![60, 1_440, 4_320, 10_080].iter().any(|known| given == known)) {
        check.problem("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of (60, 1440, 4320, 10080).");
    }
}
