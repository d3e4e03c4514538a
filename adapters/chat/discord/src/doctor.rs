//! A look at everything that Discord needs: the token, the intent, the guild, the channels, where commands go; each failure
//! with its fix.
//!
//! Must never post, nor show a token. Start at [`DiscordPlatform::doctor`].

use serde_json::Value;

use midwatch_service::check::{Check, Outcome};

use crate::commands::Changes;
use crate::directory::Standing;
use crate::fault::{Fault, code};
use crate::http;
use crate::permissions;
use crate::platform::{Application, DiscordPlatform};
use crate::route::Route;

/// The intent for the content of messages is granted, for apps in many guilds and for those in few:
/// <https://docs.discord.com/developers/resources/application#application-object-application-flags>.
const MESSAGE_CONTENT: u64 = (1 << 18) | (1 << 19);

/// Sessions that may be begun: fewer than this, and something begins them over and over.
const FEW_SESSIONS: u64 = 50;

/// Where the settings of an application are, for people.
const PORTAL: &str = "https://discord.com/developers/applications";

impl DiscordPlatform {
    /// Looks at the application, the guild, and the channels with these ids. `public_key` is the one that is configured here,
    /// where interactions come by signed HTTP. What comes after a token or a guild that is refused is not asked.
    pub async fn doctor(&self, channels: &[String], public_key: Option<&str>) -> Vec<Check> {
        let application = match self.inner.ask_for_application().await {
            Ok(application) => application,
            Err(fault) => return vec![Check::fail("discord", fault.words(), token_fix(&fault))],
        };
        let mut checks = vec![
            Check::ok("discord", format!("application {} ({})", application.name, application.id)),
            content(&application),
            interactions(&application, public_key),
            self.gateway().await,
        ];
        let guild = self.guild().await;
        let reached = guild.result == Outcome::Ok;
        checks.push(guild);
        if reached {
            checks.push(self.commands().await);
            for channel in channels {
                checks.push(self.channel(channel).await);
            }
        }
        checks
    }

    async fn guild(&self) -> Check {
        const NAME: &str = "discord: guild";
        let guild = &self.inner.guild;
        match self.client().read_patiently(Route::Guild(guild), &[]).await {
            Ok(told) => Check::ok(NAME, format!("{} ({guild})", told["name"].as_str().unwrap_or("?"))),
            Err(fault) if matches!(fault.code(), Some(code::UNKNOWN_GUILD | code::MISSING_ACCESS)) => {
                let fix = "open the link that `midwatch discord invite` prints, or set discord.guild to the right id";
                Check::fail(NAME, format!("the bot is not in guild {guild}"), fix)
            }
            Err(fault @ Fault::Refused { .. }) => {
                Check::fail(NAME, fault.words(), "set discord.guild to the guild's id")
            }
            Err(fault) => Check::warn(NAME, fault.words(), "nothing is known of it until it can be asked"),
        }
    }

    async fn commands(&self) -> Check {
        const NAME: &str = "discord: registered commands";
        let changes = match self.outdated().await {
            Ok(changes) if changes == Changes::default() => {
                return Check::ok(NAME, "they say what this program understands");
            }
            Ok(changes) => changes,
            Err(error) => {
                return Check::warn(NAME, error.to_string(), "nothing is known of them until they can be asked");
            }
        };
        let Changes { added, changed, removed } = changes;
        let parts = [("missing", added), ("different", changed), ("not ours", removed)];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let what: Vec<String> = parts.map(|(word, names)| format!("{word}: {}", names.join(", "))).collect();
        Check::fail(NAME, what.join("; "), "run `midwatch discord register`")
    }

    async fn channel(&self, channel: &str) -> Check {
        let name = format!("discord: channel {channel}");
        match self.inner.standing(channel).await {
            Ok(Standing::Unseen) => {
                let what = "it is not in this guild, or the bot does not see it";
                let names = permissions::names(permissions::used());
                Check::fail(name, what, format!("check its id, or give the bot's role in this channel: {names}"))
            }
            Ok(Standing::Lacks(missing)) if missing.is_empty() => {
                Check::ok(name, "the bot may do there what it has to")
            }
            Ok(Standing::Lacks(missing)) => {
                let names = permissions::names(missing);
                let why: Vec<&str> =
                    permissions::USED.iter().filter(|(one, _)| missing.contains(*one)).map(|(_, why)| *why).collect();
                let fix = format!("give the bot's role in this channel: {names} ({})", why.join("; "));
                Check::fail(name, format!("missing: {names}"), fix)
            }
            Err(fault) => Check::warn(name, fault.words(), "nothing is known of it until it can be asked"),
        }
    }

    async fn gateway(&self) -> Check {
        const NAME: &str = "discord: gateway";
        match self.client().read_patiently(Route::Gateway, &[]).await {
            Ok(told) if told["url"].is_string() => sessions(NAME, &told["session_start_limit"]),
            Ok(_) => Check::warn(NAME, "the answer names no gateway", "try again; Discord may have an outage"),
            Err(fault) => Check::fail(NAME, fault.words(), "check the network between, and Discord's status page"),
        }
    }
}

fn token_fix(fault: &Fault) -> &'static str {
    match fault {
        Fault::Refused { status: 401, .. } => {
            "set discord.bot_token to the token that the application's Bot page shows once"
        }
        _ => "check discord.api_url, and the network between",
    }
}

/// Without the intent, the gateway refuses the session (close code 4014).
fn content(application: &Application) -> Check {
    const NAME: &str = "discord: message content";
    match application.flags {
        Some(flags) if flags & MESSAGE_CONTENT != 0 => return Check::ok(NAME, "the bot may read what messages say"),
        Some(_) => {}
        None => return Check::warn(NAME, "Discord does not say whether it is granted", "look whether it is on"),
    }
    let page = format!("{PORTAL}/{}/bot", application.id);
    let fix =
        format!("switch on Message Content Intent on the application's Bot page, {page}, and start Midwatch again");
    Check::fail(NAME, "the intent for the content of messages is off: alerts that are posted come without a word", fix)
}

/// Where interactions go at Discord, against where they are waited for here.
fn interactions(application: &Application, public_key: Option<&str>) -> Check {
    const NAME: &str = "discord: commands and buttons";
    let page = format!("{PORTAL}/{}/information", application.id);
    match (public_key, &application.endpoint) {
        (None, None) => Check::ok(NAME, "they come by the gateway"),
        (None, Some(url)) => Check::fail(
            NAME,
            format!("Discord sends them to {url}, and nothing here takes them"),
            format!(
                "set discord.public_key to {}, or empty Interactions Endpoint URL on {page}",
                application.verify_key
            ),
        ),
        (Some(_), None) => Check::fail(
            NAME,
            "discord.public_key is set, so they are waited for by HTTP, and Discord sends them by the gateway",
            format!(
                "set Interactions Endpoint URL on {page} to https://...{}, or remove discord.public_key",
                http::PATH
            ),
        ),
        (Some(key), Some(_)) if !key.eq_ignore_ascii_case(&application.verify_key) => Check::fail(
            NAME,
            "discord.public_key is not this application's: every request is refused",
            format!("set discord.public_key to {}", application.verify_key),
        ),
        (Some(_), Some(url)) if !url.ends_with(http::PATH) => Check::warn(
            NAME,
            format!("Discord sends them to {url}"),
            format!("make sure that this leads to {} here", http::PATH),
        ),
        (Some(_), Some(url)) => Check::ok(NAME, format!("they come by signed HTTP to {url}")),
    }
}

/// Sessions that may be begun until the count starts again; without any, nothing is heard until then.
fn sessions(name: &str, limit: &Value) -> Check {
    let number = |field: &str| limit[field].as_u64();
    match (number("remaining"), number("total")) {
        (Some(left), Some(all)) if left < FEW_SESSIONS => {
            let hours = number("reset_after").unwrap_or_default().div_ceil(3_600_000);
            let fix = format!("find out what begins them over and over; in {hours} h the count starts again");
            Check::warn(name, format!("only {left} of {all} sessions may be begun"), fix)
        }
        (Some(left), Some(all)) => Check::ok(name, format!("{left} of {all} sessions may be begun")),
        _ => Check::ok(name, "Discord gives its address"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn application(endpoint: Option<&str>) -> Application {
        Application {
            id: "11".to_owned(),
            name: "midwatch".to_owned(),
            bot: "12".to_owned(),
            flags: Some(1 << 19),
            verify_key: "ab12".to_owned(),
            endpoint: endpoint.map(str::to_owned),
        }
    }

    #[test]
    fn interactions_have_to_go_where_they_are_waited_for() {
        let ours = format!("https://midwatch.example.com{}", http::PATH);
        for (key, endpoint, expected, word) in [
            (None, None, Outcome::Ok, ""),
            (Some("AB12"), Some(ours.as_str()), Outcome::Ok, ""),
            (None, Some(ours.as_str()), Outcome::Fail, "set discord.public_key to ab12"),
            (Some("ab12"), None, Outcome::Fail, http::PATH),
            (Some("cd34"), Some(ours.as_str()), Outcome::Fail, "set discord.public_key to ab12"),
            (Some("ab12"), Some("https://other.example.com/x"), Outcome::Warn, http::PATH),
        ] {
            let met = interactions(&application(endpoint), key);
            assert_eq!(met.result, expected, "{met:?}");
            assert!(met.fix.unwrap_or_default().contains(word), "{}", met.what);
        }
    }

    #[test]
    fn the_intent_is_either_flag() {
        for (flags, expected) in [(1 << 18, Outcome::Ok), (1 << 19, Outcome::Ok), (1 << 15, Outcome::Fail)] {
            assert_eq!(content(&Application { flags: Some(flags), ..application(None) }).result, expected);
        }
    }

    #[test]
    fn sessions_that_run_out_are_told() {
        let limit = |left: u64| json!({"total": 1_000, "remaining": left, "reset_after": 7_200_001});
        assert_eq!(sessions("x", &limit(999)).result, Outcome::Ok);
        let met = sessions("x", &limit(3));
        assert!(met.result == Outcome::Warn && met.fix.unwrap().contains("in 3 h"));
        assert_eq!(sessions("x", &Value::Null).result, Outcome::Ok);
    }
}
