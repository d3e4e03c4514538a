//! An interaction that leaves out what serenity demands and nobody here needs.
//!
//! Pure. Discord sends these fields today; it did not always, and what stands in for it does not. Must never make up who did
//! something, nor where: only what says nothing is filled in. Start at [`whole`].

use serde_json::{Map, Value, json};
use serenity::model::application::Interaction;

/// Reads an interaction.
///
/// # Errors
/// It lacks more than can be filled in, or is none. What the error says may hold words of the interaction.
pub(crate) fn whole(body: &[u8]) -> serde_json::Result<Interaction> {
    let mut told: Value = serde_json::from_slice(body)?;
    if let Value::Object(interaction) = &mut told {
        complete(interaction);
    }
    serde_json::from_value(told)
}

fn complete(interaction: &mut Map<String, Value>) {
    // Nothing is done with the application's id: who it was signed for is known by the key.
    fill(
        interaction,
        json!({"application_id": "1", "version": 1, "locale": "", "entitlements": [], "attachment_size_limit": 0}),
    );
    if let Some(member) = object(interaction, "member") {
        fill(member, json!({"roles": [], "deaf": false, "mute": false, "flags": 0}));
    }
    if let Some(message) = object(interaction, "message") {
        let nothing = json!({
            "content": "", "type": 0, "tts": false, "pinned": false, "mention_everyone": false, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": []
        });
        fill(message, nothing);
    }
    // A channel of no kind tells nothing; it is asked for.
    if object(interaction, "channel").is_some_and(|channel| lacks(channel, "type")) {
        interaction.remove("channel");
    }
    if let Some(data) = object(interaction, "data") {
        options(data);
    }
}

/// Subcommands and groups of them hold options, be it none.
fn options(holder: &mut Map<String, Value>) {
    let options = holder.get_mut("options").and_then(Value::as_array_mut);
    for option in options.into_iter().flatten().filter_map(Value::as_object_mut) {
        if matches!(option.get("type").and_then(Value::as_u64), Some(1 | 2)) {
            fill(option, json!({"options": []}));
            self::options(option);
        }
    }
}

fn object<'a>(of: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    of.get_mut(name)?.as_object_mut()
}

fn lacks(of: &Map<String, Value>, name: &str) -> bool {
    of.get(name).is_none_or(Value::is_null)
}

/// What is there stays.
fn fill(into: &mut Map<String, Value>, with: Value) {
    let Value::Object(with) = with else { return };
    for (name, value) in with {
        if lacks(into, &name) {
            into.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(told: &Value) -> serde_json::Result<Interaction> {
        whole(told.to_string().as_bytes())
    }

    #[test]
    fn a_command_is_read_with_the_least_that_tells_anything() {
        let told = json!({
            "id": "77", "type": 2, "token": "tok", "guild_id": "5", "channel_id": "44", "channel": {"id": "44"},
            "member": {"user": {"id": "30", "username": "alice"}},
            "data": {"id": "9", "name": "midwatch", "type": 1, "options": [
                {"type": 2, "name": "pack", "options": [{"type": 1, "name": "list"}]}
            ]}
        });
        let Interaction::Command(done) = read(&told).unwrap() else { panic!("no command") };
        assert_eq!(
            (done.user.id.get(), done.channel_id.get(), done.guild_id.map(serenity::model::id::GuildId::get)),
            (30, 44, Some(5))
        );
        assert!(done.channel.is_none(), "of no kind");
        assert_eq!(crate::commands::words(&done.data), "pack list");
    }

    #[test]
    fn a_button_is_read_with_the_least_of_its_message() {
        let told = json!({
            "id": "77", "type": 3, "token": "tok", "guild_id": "5", "channel_id": "44",
            "member": {"user": {"id": "30", "username": "alice"}, "roles": ["81"]},
            "message": {"id": "72", "channel_id": "44", "author": {"id": "9", "username": "m"}, "timestamp": "2026-11-22T10:00:00Z"},
            "data": {"custom_id": "mw1:stop:0", "component_type": 2}
        });
        let Interaction::Component(done) = read(&told).unwrap() else { panic!("no button") };
        assert_eq!((done.message.id.get(), done.member.unwrap().roles.len()), (72, 1));
    }

    #[test]
    fn nobody_is_made_up() {
        for odd in [json!(null), json!([]), json!({}), json!({"type": 2, "id": "1", "token": "t"})] {
            assert!(read(&odd).is_err(), "{odd}");
        }
        let nobody =
            json!({"id": "77", "type": 3, "token": "t", "channel_id": "4", "member": {"roles": []}, "data": {}});
        assert!(read(&nobody).is_err());
        assert!(whole(b"\xff").is_err());
    }
}
