//! A server of ours on a workspace of Slack, as its people see it.

use midwatch_doubles::slack::{Message, Options, Slack};
use serde_json::{Value, json};

use crate::support::{CASE, Place};

/// The channel where people talk.
pub(crate) const OPS: &str = "C0OPS";
/// The channel where Alertmanager posts.
pub(crate) const ALERTS: &str = "C0ALERTS";
/// A channel that Midwatch is not in.
pub(crate) const AWAY: &str = "C0AWAY";
/// May do everything.
pub(crate) const ANN: &str = "U0ANN";
/// May do everything as well.
pub(crate) const BOB: &str = "U0BOB";
/// May do nothing.
pub(crate) const EVE: &str = "U0EVE";
/// The case's workload, as it is asked about.
pub(crate) const ASK: &str = "investigate payments-api -n inc-crashloop";
/// The same by one of its pods, as alerts name it.
pub(crate) const POD: &str = "payments-api-768fcbbc49-t6lgw";

/// A workspace, a cluster, and where the server's files are.
pub(crate) struct Team {
    pub(crate) slack: Slack,
    pub(crate) place: Place,
}

/// How events come to the server.
#[derive(Clone, Copy)]
pub(crate) enum By {
    Sockets,
    SignedHttp,
}

impl Team {
    /// Ann and Bob may do everything; alerts are posted in one channel.
    pub(crate) async fn new(by: By) -> Team {
        Team::with_alerts_in(by, Options::default(), "", &[ALERTS.to_owned()]).await
    }

    /// The same with alerts in these channels; `extra` is more configuration.
    pub(crate) async fn with_alerts_in(by: By, options: Options, extra: &str, alerts: &[String]) -> Team {
        let slack = workspace(options, alerts).await;
        let rules = permissions(&[("slack", ANN), ("slack", BOB)]);
        let place = Place::new(CASE, &format!("{}{rules}{extra}", section(&slack, by, alerts))).await;
        Team { slack, place }
    }

    /// Waits for an own message in this thread that reads like this.
    pub(crate) async fn reply(&self, channel: &str, root: &str, like: impl Fn(&Message) -> bool) -> Message {
        let look =
            |slack: &Slack| slack.thread(channel, root).into_iter().find(|m| m.is_own() && m.ts != root && like(m));
        self.slack.wait_for("a reply", look).await
    }

    /// Waits for the report in this thread.
    pub(crate) async fn report(&self, channel: &str, root: &str) -> Message {
        self.reply(channel, root, is_report).await
    }

    /// Waits for something that only this person is shown, after the first so many.
    pub(crate) async fn privately(&self, user: &str, after: usize) -> String {
        let look = |slack: &Slack| slack.ephemerals(user).get(after).map(midwatch_doubles::slack::Ephemeral::reads);
        self.slack.wait_for(&format!("a private answer to {user}"), look).await
    }
}

/// A workspace with its people, two channels, and alerts in these.
pub(crate) async fn workspace(options: Options, alerts: &[String]) -> Slack {
    let slack = Slack::start(options).await;
    for (id, name) in [(ANN, "ann"), (BOB, "bob"), (EVE, "eve")] {
        slack.add_user(id, name);
    }
    for (id, name) in [(OPS, "ops"), (AWAY, "away")] {
        slack.add_channel(id, name, &[ANN, BOB, EVE]);
    }
    slack.kick(AWAY);
    for (number, id) in alerts.iter().enumerate() {
        slack.add_channel(id, &format!("alerts-{number}"), &[ANN, BOB, EVE]);
    }
    slack
}

/// The workspace in the server's configuration.
pub(crate) fn section(slack: &Slack, by: By, alerts: &[String]) -> String {
    let events = match by {
        By::Sockets => format!("app_token: {}", slack.app_token()),
        By::SignedHttp => format!("signing_secret: {}", slack.signing_secret()),
    };
    let bound: Vec<String> = alerts.iter().map(|id| format!("{{id: {id}, alerts: true}}")).collect();
    let (token, url, bound) = (slack.bot_token(), slack.api_url(), bound.join(", "));
    format!("slack: {{bot_token: {token}, {events}, api_url: \"{url}\", channels: [{bound}]}}\n")
}

/// These people, by platform and id, may do everything; alerts are investigated.
pub(crate) fn permissions(people: &[(&str, &str)]) -> String {
    let people = people.iter().map(|(platform, user)| format!(", {{who: {{platform: {platform}, user: \"{user}\"}}}}"));
    let people: String = people.collect();
    format!(
        "permissions: {{rules: [{{who: {{platform: webhook}}, verbs: [investigate]}}, {{who: {{platform: api}}}}{people}]}}\n"
    )
}

/// Whether it is the report: it has the button that shows its evidence.
pub(crate) fn is_report(message: &Message) -> bool {
    message.buttons().iter().any(|(action, ..)| action == "midwatch:evidence")
}

/// What Alertmanager's default template posts about the case's pod.
pub(crate) fn posted(state: &str, alert: &str) -> Value {
    let title =
        format!("[{state}] {alert} for kube-state-metrics (namespace=\"inc-crashloop\", severity=\"critical\")");
    let text = format!(
        "*Alert:* Pod is crash looping. - `critical`\n\n*Details:*\n   • *alertname:* `{alert}`\n   • *container:* `api`\n   \
         • *namespace:* `inc-crashloop`\n   • *pod:* `{POD}`\n   • *severity:* `critical`\n "
    );
    json!({"username": "Alertmanager", "attachments": [{"title": title, "text": text, "color": "danger",
        "title_link": "http://alertmanager:9093/#/alerts?receiver=chat", "fallback": title}]})
}

/// What it posts about a service; each name of an alert is an incident of its own.
pub(crate) fn posted_about(alert: &str, service: &str) -> Value {
    let title = format!("[FIRING:1] {alert} for prometheus (namespace=\"inc-crashloop\", severity=\"warning\")");
    let text = format!(
        "*Alert:* It is slow. - `warning`\n\n*Details:*\n   • *alertname:* `{alert}`\n   • *namespace:* `inc-crashloop`\n   \
         • *service:* `{service}`\n   • *severity:* `warning`\n "
    );
    json!({"username": "Alertmanager", "attachments": [{"title": title, "text": text, "color": "danger", "fallback": title}]})
}
