//! The application's commands in the guild.

use serde_json::{Value, json};

use super::guild;
use crate::discord::options::{APPLICATION, GUILD};
use crate::discord::refusal::{Answer, Refusal};
use crate::discord::request::Request;
use crate::discord::state::State;
use crate::discord::validate::{self, check::Check};

fn own(request: &Request) -> Result<(), Refusal> {
    guild::own(request)?;
    if request.named("application") == APPLICATION { Ok(()) } else { Err(Refusal::unknown_application()) }
}

pub(crate) fn list(state: &mut State, request: &Request) -> Answer {
    own(request)?;
    Ok(json!(state.world.commands))
}

/// What is not among them is removed; what has the name of an old one keeps its id.
pub(crate) fn overwrite(state: &mut State, request: &Request) -> Answer {
    own(request)?;
    let mut check = Check::default();
    validate::commands(&request.body, &mut check);
    check.end()?;
    let mut kept = Vec::new();
    for asked in request.body.as_array().into_iter().flatten() {
        let before = state.world.commands.iter().find(|known| known["name"] == asked["name"]).cloned();
        let fresh = state.snowflake();
        let id = before.map_or_else(|| json!(fresh), |known| known["id"].clone());
        let mut command = json!({
            "type": 1, "dm_permission": true, "contexts": null, "integration_types": [0], "nsfw": false,
            "default_member_permissions": null, "name_localizations": null, "description_localizations": null,
        });
        if let (Some(command), Some(asked)) = (command.as_object_mut(), asked.as_object()) {
            command.extend(asked.clone());
        }
        command["id"] = id;
        command["application_id"] = json!(APPLICATION);
        command["guild_id"] = json!(GUILD);
        command["version"] = json!(fresh);
        without_defaults(&mut command);
        kept.push(command);
    }
    state.world.commands.clone_from(&kept);
    Ok(Value::Array(kept))
}

/// Discord does not tell an option's `required` and `autocomplete` when they are false, nor lists that are empty.
fn without_defaults(command: &mut Value) {
    let Some(map) = command.as_object_mut() else { return };
    if map.get("options").is_some_and(|options| options.as_array().is_none_or(Vec::is_empty)) {
        map.remove("options");
    }
    for option in map.get_mut("options").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(map) = option.as_object_mut() {
            map.retain(|name, value| !(["required", "autocomplete"].contains(&name.as_str()) && value == false));
            map.retain(|name, value| !(name == "choices" && value.as_array().is_none_or(Vec::is_empty)));
        }
        without_defaults(option);
    }
}
