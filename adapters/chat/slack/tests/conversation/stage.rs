//! The double of Slack as a stage.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_conformance::chat::{Fault, Person, Sample, Seen, Stage, Try, Which};
use midwatch_doubles::slack::{self, DeliveryFault, Message, Options, Outcome, Rule, Slack, Targets};
use midwatch_service::button::{Action, Button};
use midwatch_service::clock::SharedClock;
use midwatch_service::id::MessageId;
use midwatch_service::inbox::Ears;
use midwatch_service::port::chat::{ChatPlatform, Directory};
use midwatch_slack::socket::Sockets;
use midwatch_slack::{Listening, Reception, SlackOptions, SlackPlatform, http};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

const CHANNEL: &str = "C0ALERTS";

/// Messages of a thread that are looked through for one of ours.
const LOOKED_THROUGH: usize = 2_000;

/// How what is said comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Http,
    Sockets,
}

struct SlackStage {
    slack: Slack,
    platform: Arc<SlackPlatform>,
    clock: SharedClock,
    way: Way,
    listening: Mutex<Option<DropGuard>>,
}

/// A workspace with one channel and two people, and us in it.
pub(crate) async fn slack(way: Way, clock: SharedClock) -> Arc<dyn Stage> {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let slack = Slack::start(Options { clock: clock.clone(), ..Options::default() }).await;
    let people = [Person::Alice, Person::Bob].map(user);
    for id in people {
        slack.add_user(id, id);
    }
    slack.add_channel(CHANNEL, "alerts", &people);
    let mut options = SlackOptions::new(SecretString::from(slack.bot_token())).unwrap();
    options.api_url = Url::parse(&slack.api_url()).unwrap();
    options.timeout = Duration::from_secs(2);
    let platform = Arc::new(SlackPlatform::new(&options).unwrap());
    Arc::new(SlackStage { slack, platform, clock, way, listening: Mutex::default() })
}

fn user(person: Person) -> &'static str {
    match person {
        Person::Alice => "U0ALICE",
        Person::Bob => "U0BOB",
    }
}

#[async_trait]
impl Stage for SlackStage {
    fn platform(&self) -> Arc<dyn ChatPlatform> {
        self.platform.clone()
    }

    fn directory(&self) -> Arc<dyn Directory> {
        self.platform.clone()
    }

    fn channel(&self) -> String {
        CHANNEL.to_owned()
    }

    fn id(&self, person: Person) -> String {
        user(person).to_owned()
    }

    async fn listen(&self, ears: Arc<dyn Ears>) {
        drop(self.listening.lock().unwrap().take());
        let listening = Listening { alert_channels: [CHANNEL.to_owned()].into() };
        let reception = Reception { ears, clock: self.clock.clone(), health: Arc::default(), listening };
        let stop = CancellationToken::new();
        match self.way {
            Way::Http => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                self.slack.deliver_to(Targets::under(&format!("http://{}", listener.local_addr().unwrap())));
                let router = http::router(reception, &SecretString::from(self.slack.signing_secret()));
                let serving = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
                tokio::spawn(async move { serving.await.unwrap() });
            }
            Way::Sockets => {
                self.slack.wait_for("the end of the sockets", |slack| (slack.sockets() == 0).then_some(())).await;
                let api_url = Url::parse(&self.slack.api_url()).unwrap();
                let app_token = SecretString::from(self.slack.app_token());
                let sockets = Sockets { api_url, app_token, connections: 1, reception };
                tokio::spawn(sockets.run(stop.clone()));
                self.slack.wait_for("a socket", |slack| (slack.sockets() > 0).then_some(())).await;
            }
        }
        *self.listening.lock().unwrap() = Some(stop.drop_guard());
    }

    async fn command(&self, by: Person, text: &str) -> Option<String> {
        let acknowledged = self.slack.slash(user(by), CHANNEL, text).await.unwrap();
        acknowledged.payload?;
        let shown = self.slack.ephemerals(user(by)).into_iter().rev().find(|shown| shown.by == "acknowledgement");
        shown.map(|shown| shown.reads())
    }

    fn mention(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId {
        MessageId(self.slack.mention(user(by), CHANNEL, thread.map(|id| id.0.as_str()), text))
    }

    fn say(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId {
        MessageId(self.slack.say(user(by), CHANNEL, thread.map(|id| id.0.as_str()), text))
    }

    fn post(&self, sample: &Sample) -> MessageId {
        MessageId(self.slack.post_as_app(CHANNEL, &body(sample)))
    }

    fn edit(&self, message: &MessageId, sample: &Sample) {
        self.slack.edit_as_app(CHANNEL, &message.0, &body(sample));
    }

    async fn press(&self, by: Person, message: &MessageId, action: Action) {
        let now = self.slack.message(CHANNEL, &message.0).unwrap();
        let before = now.before.iter().rev().map(|(_, blocks)| Message { blocks: blocks.clone(), ..now.clone() });
        let mut looks = std::iter::once(now.clone()).chain(before);
        let (seen, id) = looks.find_map(|look| button(&look, action).map(|id| (look, id))).unwrap();
        self.slack.press_seen(user(by), &seen, &id).await.unwrap();
    }

    fn seen(&self) -> Vec<Seen> {
        let public = self.slack.messages(CHANNEL).into_iter().map(|message| Seen {
            thread: message.thread_ts.clone().filter(|_| message.is_reply()).map(MessageId),
            ours: message.is_own(),
            text: message.reads(),
            buttons: carried(&message).into_iter().map(|(_, button)| button.action).collect(),
            files: message.files.iter().map(|file| (file.name.clone(), text(&file.content))).collect(),
            private_to: None,
            edits: message.before.len(),
            id: MessageId(message.ts),
        });
        let private = [Person::Alice, Person::Bob].into_iter().flat_map(|person| {
            self.slack.ephemerals(user(person)).into_iter().map(move |shown| Seen {
                id: MessageId(String::new()),
                thread: shown.thread_ts.clone().map(MessageId),
                ours: true,
                text: shown.reads(),
                buttons: Vec::new(),
                files: Vec::new(),
                private_to: Some(person),
                edits: 0,
            })
        });
        public.chain(private).collect()
    }

    fn fail(&self, which: Which, fault: Fault) {
        let fault = match fault {
            Fault::TooMany(seconds) => slack::Fault::TooMany(seconds),
            Fault::ErrorBefore => slack::Fault::Status(503),
            Fault::ErrorAfter => slack::Fault::StatusAfter(502),
            Fault::AnswerLost => slack::Fault::ResetAfter,
            Fault::LandsLate => slack::Fault::LandsLate,
        };
        self.slack.fault(match which {
            Which::Message => Rule::on("chat.postMessage", fault),
            Which::Report => {
                Rule::on("chat.postMessage", fault).matching(|args| args.to_string().contains("mw1:evidence:"))
            }
            Which::Edit => Rule::on("chat.update", fault),
        });
    }

    fn twice(&self) {
        self.slack.delivery_fault(Rule::any(DeliveryFault::Twice).times(1_000));
    }

    async fn delivered(&self) {
        self.slack.wait_for("the last delivery", |slack| (slack.unsent() == 0).then_some(())).await;
    }

    fn remove_bot(&self) {
        self.slack.kick(CHANNEL);
    }

    fn bury(&self, thread: &MessageId) {
        // So that nobody has to hear it all.
        self.slack.kick(CHANNEL);
        for n in 0..=LOOKED_THROUGH {
            self.slack.say(user(Person::Bob), CHANNEL, Some(&thread.0), &format!("word {n}"));
        }
        self.slack.invite(CHANNEL);
    }

    fn hostile(&self) -> String {
        format!(
            "<!channel> <!here> <@{}> <https://evil.example|click> *bold* `tick` ```fence``` :tada: @here",
            user(Person::Bob)
        )
    }

    fn acting(&self) -> Vec<String> {
        let mut acting = Vec::new();
        for message in self.slack.own(CHANNEL) {
            // The line for notifications is shown as it is, and only what stands in angle brackets acts.
            let looks = message.before.iter().cloned().chain([(message.text.clone(), message.blocks.clone())]);
            for (text, blocks) in looks {
                acting.extend(Some(text).filter(|text| text.contains('<')));
                acts(&Value::from(blocks), &mut acting);
            }
        }
        for person in [Person::Alice, Person::Bob] {
            for shown in self.slack.ephemerals(user(person)) {
                acting.extend(Some(shown.text).filter(|text| text.contains('<')));
                acts(&Value::from(shown.blocks), &mut acting);
            }
        }
        acting
    }

    fn tries(&self) -> Vec<Try> {
        let of_ours = ["chat.postMessage", "chat.update"];
        let calls = self.slack.calls().into_iter().filter(|call| of_ours.contains(&call.method.as_str()));
        let too_many = |outcome: &Option<Outcome>| match outcome {
            Some(Outcome::Limited(..)) => true,
            Some(Outcome::Faulted { fault, .. }) => fault.starts_with("TooMany"),
            _ => false,
        };
        let one = |call: slack::Call| Try {
            at: call.at,
            edit: call.method == "chat.update",
            too_many: too_many(&call.outcome),
        };
        calls.map(one).collect()
    }

    fn offences(&self) -> Vec<String> {
        let refusals = self.slack.refusals().into_iter().map(|call| format!("{}: {:?}", call.method, call.outcome));
        let violations = self.slack.violations().into_iter().map(|early| format!("{early:?}"));
        let torn = self.slack.own(CHANNEL).into_iter().filter(|message| {
            let marked = marked(&Value::from(message.blocks.clone()));
            marked.iter().any(|text| text.matches("```").count() % 2 != 0)
        });
        refusals.chain(violations).chain(torn.map(|message| format!("a torn block of code: {}", message.ts))).collect()
    }
}

/// A post of Alertmanager: the title of its default template, and a text that lists the labels, as many have it.
fn body(sample: &Sample) -> Value {
    match sample {
        Sample::Chatter(text) => json!({"username": "Deployer", "text": text}),
        Sample::Alert { labels, firing } => {
            let title = title(labels, *firing);
            let listed = labels.iter().map(|(name, value)| format!(" \u{2022} *{name}:* `{value}`\n"));
            let listed = format!("*Details:*\n{}", listed.collect::<String>());
            let (link, colour) = ("http://alertmanager:9093/#/alerts", if *firing { "danger" } else { "good" });
            json!({"username": "Alertmanager", "attachments": [{
                "title": title, "title_link": link, "text": listed, "fallback": format!("{title} | {link}"), "color": colour,
            }]})
        }
    }
}

fn title(labels: &BTreeMap<&str, String>, firing: bool) -> String {
    let grouped = ["alertname", "namespace"];
    let group: Vec<&str> = grouped.iter().map(|name| labels[name].as_str()).collect();
    let others = labels.iter().filter(|(name, _)| !grouped.contains(name)).map(|(_, value)| value.as_str());
    let status = if firing { "FIRING:1" } else { "RESOLVED" };
    format!("[{status}] {} ({})", group.join(" "), others.collect::<Vec<_>>().join(" "))
}

/// The buttons of ours: their ids and what they carry.
fn carried(message: &Message) -> Vec<(String, Button)> {
    let buttons = message.buttons().into_iter();
    buttons.filter_map(|(id, _, value)| Some((id, value.parse().ok()?))).collect()
}

fn button(message: &Message, action: Action) -> Option<String> {
    carried(message).into_iter().find(|(_, button)| button.action == action).map(|(id, _)| id)
}

fn text(content: &[u8]) -> String {
    String::from_utf8_lossy(content).into_owned()
}

/// Texts in Slack's markup.
fn marked(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(marked).collect(),
        Value::Object(map) if map.get("type").is_some_and(|kind| kind == "mrkdwn") => {
            map.get("text").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
        }
        Value::Object(map) => map.values().flat_map(marked).collect(),
        _ => Vec::new(),
    }
}

/// Finds what acts: elements that mention or link, and markup that does.
fn acts(value: &Value, acting: &mut Vec<String>) {
    acting.extend(
        marked(value)
            .into_iter()
            .filter(|text| ["<", "@here", ":tada:", "*bold*"].iter().any(|odd| text.contains(odd))),
    );
    elements(value, acting);
}

fn elements(value: &Value, acting: &mut Vec<String>) {
    const ACT: [&str; 6] = ["user", "usergroup", "broadcast", "channel", "link", "emoji"];
    match value {
        Value::Array(all) => all.iter().for_each(|one| elements(one, acting)),
        Value::Object(map) => {
            if map.get("type").and_then(Value::as_str).is_some_and(|kind| ACT.contains(&kind)) {
                acting.push(value.to_string());
            }
            map.values().for_each(|one| elements(one, acting));
        }
        _ => {}
    }
}
