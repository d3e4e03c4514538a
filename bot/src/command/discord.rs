//! `midwatch discord`.

use std::fmt::Write as _;
use std::process::ExitCode;

use midwatch_config::{DiscordSettings, Settings};
use midwatch_discord::{Changes, Registered};

use super::{block_on, printed};
use crate::cli::{Common, Discord};
use crate::failure::Failure;
use crate::serve;
use crate::settings;

/// Asks Discord, and says what to do next.
pub(crate) fn run(args: &Discord, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    let text = block_on(done(args, &settings))?;
    printed(&settings::redactor(&settings).redact_text(&text))
}

async fn done(args: &Discord, settings: &Settings) -> Result<String, Failure> {
    let configured = serve::Discord::new(&settings.discord).map_err(Failure::usage)?;
    let Some(discord) = configured else { return Err(Failure::usage(missing(&settings.discord))) };
    let guild = settings.discord.guild.as_deref().unwrap_or_default();
    match args {
        Discord::Invite => {
            let link = discord.guild().invite().await.map_err(Failure::no_report)?;
            Ok(invited(link.as_str(), guild))
        }
        Discord::Register => {
            let registered = discord.guild().register().await.map_err(Failure::no_report)?;
            Ok(told(&registered, guild))
        }
    }
}

fn missing(settings: &DiscordSettings) -> String {
    let (setting, place) = match settings.bot_token {
        None => (
            "bot_token",
            "the token is on the Bot page of the application at discord.com/developers/applications (Reset Token)",
        ),
        Some(_) => (
            "guild",
            "switch Developer Mode on (User Settings, Advanced), then right-click the server's name, Copy Server ID",
        ),
    };
    format!("discord.{setting} is not set\n  {place}")
}

fn invited(link: &str, guild: &str) -> String {
    format!(
        "{link}\n\nOpen this link as someone with the permission Manage Server in the server (guild) {guild}, and click Authorize.\n\
         Then run: midwatch discord register\n"
    )
}

fn told(registered: &Registered, guild: &str) -> String {
    let Registered::Changed(changes) = registered else {
        return format!("/midwatch is registered with guild {guild} as it should be; nothing was changed.\n");
    };
    let Changes { added, changed, removed } = changes;
    let mut text = format!("/midwatch is registered with guild {guild}:\n");
    for (what, which) in [("added", added), ("changed", changed), ("removed", removed)] {
        for command in which {
            let _ = writeln!(text, "  {what:<8} {command}");
        }
    }
    if removed.iter().any(|command| !command.starts_with("/midwatch")) {
        text.push_str("Discord replaces all commands of an application at once: give another program an application of its own.\n");
    }
    text.push_str(
        "Next: type /midwatch in a channel of the guild. Where it is not offered, reload Discord (Ctrl+R).\n",
    );
    text
}
