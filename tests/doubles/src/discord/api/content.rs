//! What a message shows, from the body of a call: new, or on top of what it showed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::discord::message::{File, Look, Message};
use crate::discord::refusal::Refusal;
use crate::discord::state::State;
use crate::discord::validate::{self, check::Check};

/// Refuses a body that Discord would refuse.
pub(in crate::discord) fn check(body: &Value, at: &str) -> Result<(), Refusal> {
    let mut check = Check::default();
    validate::message(body, &mut check, at);
    check.end()
}

/// What the body says, over what there was; what it does not name stays.
pub(in crate::discord) fn look(body: &Value, before: &Look) -> Look {
    let list = |name: &str, old: &Vec<Value>| match body.get(name) {
        None => old.clone(),
        Some(given) => given.as_array().cloned().unwrap_or_default(),
    };
    let content = match body.get("content") {
        None => before.content.clone(),
        Some(given) => given.as_str().unwrap_or_default().trim().to_owned(),
    };
    let components = list("components", &before.components);
    Look { content, embeds: list("embeds", &before.embeds).into_iter().map(embed).collect(), components }
}

/// An embed as Discord keeps it: with its type, and no spaces around texts.
fn embed(mut embed: Value) -> Value {
    embed["type"] = json!("rich");
    trim(&mut embed);
    if let Some(map) = embed.as_object_mut() {
        map.retain(|_, value| !value.is_null() && *value != "");
    }
    embed
}

fn trim(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.trim().to_owned(),
        Value::Array(all) => all.iter_mut().for_each(trim),
        Value::Object(map) => map.values_mut().for_each(trim),
        _ => {}
    }
}

/// The files that stay, and those that came.
pub(in crate::discord) fn files(
    state: &mut State,
    body: &Value,
    before: &[File],
    new: &BTreeMap<usize, File>,
) -> Vec<File> {
    let kept = body.get("attachments").and_then(Value::as_array);
    let stays = |file: &&File| kept.is_none_or(|kept| kept.iter().any(|one| one["id"] == file.id.as_str()));
    let mut files: Vec<File> = before.iter().filter(stays).cloned().collect();
    files.extend(new.values().map(|file| File { id: state.snowflake(), ..file.clone() }));
    files
}

/// Whom a text notifies: what it names, and `allowed_mentions` lets it.
pub(in crate::discord) fn mention(message: &mut Message, allowed: Option<&Value>) {
    let content = message.look.content.clone();
    let parses = |word: &str| {
        allowed.is_none_or(|allowed| allowed["parse"].as_array().is_some_and(|all| all.iter().any(|w| w == word)))
    };
    let listed = |list: &str, id: &str| {
        allowed.is_some_and(|allowed| allowed[list].as_array().is_some_and(|all| all.iter().any(|one| one == id)))
    };
    message.mentions = named(&content, "<@").into_iter().filter(|id| parses("users") || listed("users", id)).collect();
    let roles = named(&content, "<@&").into_iter();
    message.mentioned_roles = roles.filter(|id| parses("roles") || listed("roles", id)).collect();
    message.mentions_everyone = parses("everyone") && (content.contains("@everyone") || content.contains("@here"));
}

/// The ids that stand between this and `>`, each once.
fn named(content: &str, mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in content.split(mark).skip(1) {
        let Some((id, _)) = rest.split_once('>') else { continue };
        let id = id.strip_prefix('!').unwrap_or(id);
        if !id.is_empty() && id.chars().all(|c| c.is_ascii_digit()) && !found.iter().any(|known| known == id) {
            found.push(id.to_owned());
        }
    }
    found
}

/// Refuses a message that shows nothing.
pub(in crate::discord) fn not_empty(look: &Look, files: usize) -> Result<(), Refusal> {
    let empty = look.content.is_empty() && look.embeds.is_empty() && look.components.is_empty() && files == 0;
    if empty { Err(Refusal::empty_message()) } else { Ok(()) }
}
