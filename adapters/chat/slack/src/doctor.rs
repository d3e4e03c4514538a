//! A look at everything that Slack needs: the token, its scopes, the channels, the socket; each failure with its fix.
//!
//! Must never post, nor show a token or a socket's address. Start at [`SlackPlatform::doctor`].

use midwatch_service::check::Check;
use midwatch_service::port::chat::Membership;

use crate::fault::Fault;
use crate::method::{self, Method};
use crate::platform::SlackPlatform;

impl SlackPlatform {
    /// Looks at the workspace, and at the channels with these ids. What comes after a token that is refused is not asked.
    pub async fn doctor(&self, channels: &[String]) -> Vec<Check> {
        let answer = match self.inner.client.read(Method::AuthTest, &[]).await {
            Ok(answer) => answer,
            Err(fault) => return vec![Check::fail("slack", fault.words(), token_fix(&fault))],
        };
        let said = |pointer| answer.text(pointer).unwrap_or("?");
        let mut checks = vec![Check::ok("slack", format!("workspace {}, bot @{}", said("/team"), said("/user")))];
        checks.push(scopes(answer.scopes.as_deref(), self.inner.user_groups));
        for channel in channels {
            checks.push(self.channel(channel, said("/user")).await);
        }
        checks.push(self.socket().await);
        checks
    }

    async fn channel(&self, channel: &str, bot: &str) -> Check {
        let name = format!("slack: channel {channel}");
        match self.inner.membership(channel).await {
            Ok(Membership::Member) => Check::ok(name, "the bot is in it"),
            Ok(Membership::NotMember) => {
                Check::fail(name, "the bot is not in it", format!("write `/invite @{bot}` there, or check its id"))
            }
            Err(fault) => Check::warn(name, fault.words(), "nothing is known of it until it can be asked"),
        }
    }

    async fn socket(&self) -> Check {
        const NAME: &str = "slack: socket";
        if !self.inner.client.has_app_token() {
            let fix = "set slack.app_token for Socket Mode; with slack.signing_secret, signed HTTP does without";
            return Check::warn(NAME, "no app token is configured", fix);
        }
        match self.inner.client.write(Method::AppsConnectionsOpen, &serde_json::json!({})).await {
            Ok(answer) if answer.text("/url").is_some() => Check::ok(NAME, "Slack gives a socket"),
            Ok(_) => Check::fail(NAME, "the answer names no socket", "switch Socket Mode on in the app's settings"),
            Err(fault) => {
                let fix =
                    "make an app-level token (xapp-...) with the scope `connections:write`, and switch Socket Mode on";
                Check::fail(NAME, fault.words(), fix)
            }
        }
    }
}

fn token_fix(fault: &Fault) -> &'static str {
    match fault {
        Fault::Refused { .. } => "set slack.bot_token to the bot's token (xoxb-...) of the installed app",
        _ => "check slack.api_url, and the network between",
    }
}

/// Against what the code uses; more than that is no failure, but no use either.
fn scopes(given: Option<&str>, user_groups: bool) -> Check {
    const NAME: &str = "slack: scopes";
    let Some(given) = given else {
        return Check::warn(NAME, "Slack does not tell them", "nothing to do; a proxy may hide the header");
    };
    let given: Vec<&str> = given.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
    let needed = method::bot_scopes(user_groups);
    let missing: Vec<&str> = needed.iter().copied().filter(|scope| !given.contains(scope)).collect();
    let idle: Vec<&str> = given.iter().copied().filter(|scope| !needed.contains(scope)).collect();
    if !missing.is_empty() {
        let fix = "take them from `midwatch slack manifest` into the app's settings, and install the app again";
        return Check::fail(NAME, format!("missing: {}", missing.join(", ")), fix);
    }
    if !idle.is_empty() {
        let what = format!("all {} that are needed, and without use: {}", needed.len(), idle.join(", "));
        return Check::warn(NAME, what, "remove those that nothing else needs");
    }
    Check::ok(NAME, format!("all {} that are needed", needed.len()))
}

#[cfg(test)]
mod tests {
    use midwatch_service::check::Outcome;

    use super::*;

    #[test]
    fn scopes_are_compared_with_what_is_used() {
        let all: Vec<&str> = method::bot_scopes(false).into_iter().collect();
        assert_eq!(scopes(Some(&all.join(",")), false).result, Outcome::Ok);
        let more = scopes(Some(&format!("{},admin", all.join(", "))), false);
        assert_eq!((more.result, more.what.contains("admin")), (Outcome::Warn, true));
        let less = scopes(Some("commands,chat:write"), false);
        assert!(less.result == Outcome::Fail && less.what.contains("files:write"), "{less:?}");
        assert_eq!(scopes(Some(&all.join(",")), true).result, Outcome::Fail);
        assert_eq!(scopes(None, false).result, Outcome::Warn);
    }
}
