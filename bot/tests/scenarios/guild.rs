//! A server of ours in a guild of Discord, as its people see it.

use midwatch_doubles::discord::{Call, Discord, Message, Options};
use serde_json::{Value, json};

use crate::chat::{By, POD, permissions};
use crate::support::{CASE, Place};

/// The channel where people talk.
pub(crate) const OPS: &str = "800000000000000001";
/// The channel where Alertmanager posts.
pub(crate) const ALERTS: &str = "800000000000000002";
/// A channel that Midwatch does not see.
pub(crate) const AWAY: &str = "800000000000000003";
/// A forum.
pub(crate) const FORUM: &str = "800000000000000004";
/// May do everything.
pub(crate) const ANN: &str = "700000000000000001";
/// May do everything as well.
pub(crate) const BOB: &str = "700000000000000002";
/// May do nothing.
pub(crate) const EVE: &str = "700000000000000003";
/// The role that Ann and Bob have.
pub(crate) const SRE: &str = "600000000000000001";

/// A guild, a cluster, and where the server's files are.
pub(crate) struct Guild {
    pub(crate) discord: Discord,
    pub(crate) place: Place,
}

impl Guild {
    /// Ann and Bob may do everything; alerts are posted in one channel.
    pub(crate) async fn new(by: By) -> Guild {
        let alerts = [ALERTS.to_owned()];
        let discord = guild(Options::default(), &alerts).await;
        let rules = permissions(&[("discord", ANN), ("discord", BOB)]);
        let place = Place::new(CASE, &format!("{}{rules}", section(&discord, by, &[OPS.to_owned()], &alerts))).await;
        Guild { discord, place }
    }

    /// Waits for an own message in this thread that reads like this.
    pub(crate) async fn reply(&self, channel: &str, root: &str, like: impl Fn(&Message) -> bool) -> Message {
        let look = |discord: &Discord| thread(discord, channel, root).into_iter().find(|m| m.is_own() && like(m));
        self.discord.wait_for("a reply", look).await
    }

    /// Waits for the report in this thread.
    pub(crate) async fn report(&self, channel: &str, root: &str) -> Message {
        self.reply(channel, root, is_report).await
    }
}

/// What stands in a thread, which may not be there yet; without the message that it was made from.
pub(crate) fn thread(discord: &Discord, channel: &str, root: &str) -> Vec<Message> {
    discord.messages(channel).into_iter().filter(|message| message.channel == root).collect()
}

/// Calls that the guild refused for what they asked. Whether a thread is there is asked too, and often it is not yet.
pub(crate) fn refused(discord: &Discord) -> Vec<Call> {
    let asks = |call: &Call| call.route == "GET /channels/{channel}";
    discord.refusals().into_iter().filter(|call| !asks(call)).collect()
}

/// A guild with its people and channels, and alerts in these.
pub(crate) async fn guild(options: Options, alerts: &[String]) -> Discord {
    let discord = Discord::start(options).await;
    for (id, name) in [(ANN, "ann"), (BOB, "bob"), (EVE, "eve")] {
        discord.add_user(id, name);
    }
    discord.add_role(SRE, "sre", &[ANN, BOB]);
    discord.add_channel(OPS, "ops");
    discord.add_channel(AWAY, "away");
    discord.kick(AWAY);
    discord.add_forum(FORUM, "incidents");
    for (number, id) in alerts.iter().enumerate() {
        discord.add_channel(id, &format!("alerts-{number}"));
    }
    discord
}

/// The guild in the server's configuration: where people talk, and where alerts are posted.
pub(crate) fn section(discord: &Discord, by: By, talk: &[String], alerts: &[String]) -> String {
    let events = match by {
        By::Sockets => String::new(),
        By::SignedHttp => format!("public_key: \"{}\", ", discord.public_key()),
    };
    let talk = talk.iter().map(|id| format!("{{id: \"{id}\"}}"));
    let bound = alerts.iter().map(|id| format!("{{id: \"{id}\", alerts: true}}"));
    let (token, guild, url) = (discord.bot_token(), discord.guild(), discord.api_url());
    let channels = talk.chain(bound).collect::<Vec<_>>().join(", ");
    format!(
        "discord: {{bot_token: \"{token}\", guild: \"{guild}\", {events}api_url: \"{url}\", channels: [{channels}]}}\n"
    )
}

/// Whether it is the report: it has the button that shows its evidence.
pub(crate) fn is_report(message: &Message) -> bool {
    message.buttons().iter().any(|button| button.contains(":evidence:"))
}

/// The tag of its key that a message carries: the end of its last embed's footer.
pub(crate) fn tag(message: &Message) -> Option<String> {
    let footer = message.look.embeds.last()?["footer"]["text"].as_str()?;
    let tag = footer.rsplit(" · ").next()?.trim();
    (tag.len() == 12 && tag.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| tag.to_owned())
}

/// What Alertmanager's default template posts about the case's pod.
pub(crate) fn posted(state: &str, alert: &str) -> Value {
    let labels = [("container", "api"), ("namespace", "inc-crashloop"), ("pod", POD), ("severity", "critical")];
    post(state, alert, &labels)
}

/// What it posts about a service; each name of an alert is an incident of its own.
pub(crate) fn posted_about(alert: &str, service: &str) -> Value {
    post("FIRING:1", alert, &[("namespace", "inc-crashloop"), ("service", service), ("severity", "warning")])
}

fn post(state: &str, alert: &str, labels: &[(&str, &str)]) -> Value {
    let values: Vec<&str> = labels.iter().map(|(_, value)| *value).collect();
    let lines: Vec<String> = labels.iter().map(|(name, value)| format!(" - {name} = {value}\n")).collect();
    let lines = lines.concat();
    let (firing, word) = if state.starts_with("FIRING") { (10_038_562, "Firing") } else { (3_066_993, "Resolved") };
    let text = format!(
        "\n\nAlerts {word}:\nLabels:\n - alertname = {alert}\n{lines}Annotations:\n - summary = It is said in short\nSource: \n\n\n\n"
    );
    let title = format!("[{state}] {alert} ({})", values.join(" "));
    json!({"content": "", "username": "Alertmanager", "embeds": [{"title": title, "description": text, "color": firing}]})
}
