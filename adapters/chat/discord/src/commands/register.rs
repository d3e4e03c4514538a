//! Brings what is registered with the guild in line with what this program understands.
//!
//! Commands of a guild are there at once, and a guild is what the configuration names, so nothing is registered globally.
//! Must never write what is there already: an application may make 200 commands a day
//! (<https://docs.discord.com/developers/interactions/application-commands#registering-a-command>). Start at
//! [`DiscordPlatform::register`].

use serde_json::Value;

use super::{definitions, meaning};
use crate::fault::{Fault, code};
use crate::platform::DiscordPlatform;
use crate::route::Route;

/// What became of the guild's commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// They say the same already; nothing was written.
    Kept,
    /// They were replaced.
    Changed(Changes),
}

/// What is different now, each as it is written (`/midwatch pack enable`), sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// They were not there.
    pub added: Vec<String>,
    /// They were there and said something else.
    pub changed: Vec<String>,
    /// They are no more, whoever registered them: Discord replaces all commands of the application in the guild.
    pub removed: Vec<String>,
}

/// The commands could not be registered: what happened, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RegisterError(String);

impl DiscordPlatform {
    /// Registers the commands with the guild, if those that are there do not say the same.
    ///
    /// # Errors
    /// Discord does not answer, or does not take it; what was there is there still, unless the answer was lost.
    pub async fn register(&self) -> Result<Registered, RegisterError> {
        let changes = self.outdated().await?;
        if changes == Changes::default() {
            return Ok(Registered::Kept);
        }
        let guild = &self.inner.guild;
        let told = |fault: Fault| RegisterError(words(&fault, guild));
        let application = self.application().await.map_err(told)?;
        let commands = Route::Commands { application: &application.id, guild };
        self.client().call(commands, Some(&Value::Array(definitions()))).await.map_err(told)?;
        Ok(Registered::Changed(changes))
    }

    /// What registering would change.
    pub(crate) async fn outdated(&self) -> Result<Changes, RegisterError> {
        let guild = &self.inner.guild;
        let told = |fault: Fault| RegisterError(words(&fault, guild));
        let application = self.application().await.map_err(told)?;
        let commands = Route::Commands { application: &application.id, guild };
        let there = self.client().read_patiently(commands, &[]).await.map_err(told)?;
        let Value::Array(there) = there else {
            return Err(RegisterError("what Discord answered is no list of commands; try again".to_owned()));
        };
        Ok(changes(&there, &definitions()))
    }
}

fn changes(before: &[Value], after: &[Value]) -> Changes {
    let (before, after) = (meaning::parts(before), meaning::parts(after));
    let written = |path: &String| format!("/{path}");
    Changes {
        added: after.keys().filter(|path| !before.contains_key(*path)).map(written).collect(),
        changed: after
            .iter()
            .filter(|(path, said)| before.get(*path).is_some_and(|was| was != *said))
            .map(|(path, _)| written(path))
            .collect(),
        removed: before.keys().filter(|path| !after.contains_key(*path)).map(written).collect(),
    }
}

fn words(fault: &Fault, guild: &str) -> String {
    match fault.code() {
        Some(code::MISSING_ACCESS | code::UNKNOWN_GUILD) => format!(
            "Discord does not let the application have commands in guild {guild}: it is not in there, or was brought there \
             without `applications.commands`; open the link that `midwatch discord invite` prints, or set discord.guild to \
             the right id"
        ),
        _ => fault.words(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_changes_is_told_by_how_it_is_written() {
        let mut before = definitions();
        before[0]["options"][0]["description"] = json!("x");
        before[0]["options"][1]["name"] = json!("query");
        before.push(json!({"type": 1, "name": "deploy", "description": "of another program"}));
        let changes = changes(&before, &definitions());
        assert_eq!(changes.added, ["/midwatch ask"]);
        assert_eq!(changes.changed, ["/midwatch investigate"]);
        assert_eq!(changes.removed, ["/deploy", "/midwatch query"]);
    }

    #[test]
    fn at_first_everything_is_new_and_then_nothing() {
        let first = changes(&[], &definitions());
        assert!(first.added.contains(&"/midwatch pack enable".to_owned()), "{first:?}");
        assert_eq!(changes(&definitions(), &definitions()), Changes::default());
    }
}
