//! The double of Discord as a stage.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_conformance::chat::{Fault, Person, Sample, Seen, Stage, Try, Which};
use midwatch_discord::gateway::Gateway;
use midwatch_discord::{DiscordOptions, DiscordPlatform, Listening, Reception, http};
use midwatch_doubles::discord::permissions::READ_MESSAGE_HISTORY;
use midwatch_doubles::discord::{self, DeliveryFault, Discord, Look, Message, Options, Outcome, Rule, Shown};
use midwatch_service::button::{Action, Button};
use midwatch_service::clock::SharedClock;
use midwatch_service::id::MessageId;
use midwatch_service::inbox::Ears;
use midwatch_service::job::Actor;
use midwatch_service::port::chat::{ChatPlatform, Directory};
use midwatch_service::port::names::{Names, Typed};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

const CHANNEL: &str = "1001";

const CREATE: &str = "POST /channels/{channel}/messages";
const EDIT: &str = "PATCH /channels/{channel}/messages/{message}";

/// How interactions come in; messages always come over the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Gateway,
    Http,
}

struct DiscordStage {
    discord: Discord,
    platform: DiscordPlatform,
    options: DiscordOptions,
    clock: SharedClock,
    way: Way,
    listening: Mutex<Option<DropGuard>>,
}

/// Nothing is offered while someone types.
struct NoNames;

impl Names for NoNames {
    fn offer(&self, _: &Actor, _: &Typed, _: usize) -> Vec<String> {
        Vec::new()
    }
}

/// A guild with one channel and two people, and us in it.
pub(crate) async fn discord(way: Way, clock: SharedClock) -> Arc<dyn Stage> {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let discord = Discord::start(Options { clock: clock.clone(), ..Options::default() }).await;
    for person in [Person::Alice, Person::Bob] {
        discord.add_user(user(person), &format!("{person:?}"));
    }
    discord.add_channel(CHANNEL, "alerts");
    let mut options = DiscordOptions::new(SecretString::from(discord.bot_token()), discord.guild()).unwrap();
    options.api_url = Url::parse(&discord.api_url()).unwrap();
    options.timeout = Duration::from_secs(2);
    let platform = DiscordPlatform::new(&options).unwrap();
    Arc::new(DiscordStage { discord, platform, options, clock, way, listening: Mutex::default() })
}

fn user(person: Person) -> &'static str {
    match person {
        Person::Alice => "2001",
        Person::Bob => "2002",
    }
}

impl DiscordStage {
    /// Says something at the top, or in the thread of a message, which is made when nobody has made it.
    fn speak(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId {
        let Some(MessageId(root)) = thread else { return MessageId(self.discord.say(user(by), CHANNEL, text)) };
        let open = self.discord.threads(CHANNEL).iter().any(|(id, ..)| id == root);
        MessageId(if open {
            self.discord.say(user(by), root, text)
        } else {
            self.discord.say_in_new_thread(user(by), CHANNEL, root, text)
        })
    }

    /// What is shown to one person alone.
    fn private(&self) -> Vec<(Person, Shown)> {
        let of = |person| self.discord.privately(user(person)).into_iter().map(move |shown| (person, shown));
        [Person::Alice, Person::Bob].into_iter().flat_map(of).filter(|(_, shown)| !shown.thinking).collect()
    }
}

#[async_trait]
impl Stage for DiscordStage {
    fn platform(&self) -> Arc<dyn ChatPlatform> {
        Arc::new(self.platform.clone())
    }

    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.platform.clone())
    }

    fn channel(&self) -> String {
        CHANNEL.to_owned()
    }

    fn id(&self, person: Person) -> String {
        user(person).to_owned()
    }

    async fn listen(&self, ears: Arc<dyn Ears>) {
        drop(self.listening.lock().unwrap().take());
        self.discord.wait_for("the end of the session", |discord| (discord.sockets() == 0).then_some(())).await;
        let guild = self.discord.guild().to_owned();
        let listening = Listening { guild, alert_channels: [CHANNEL.to_owned()].into(), channels: [].into() };
        let (clock, names) = (self.clock.clone(), Arc::new(NoNames));
        let reception =
            Reception { ears, names, clock, health: Arc::default(), listening, platform: self.platform.clone() };
        let stop = CancellationToken::new();
        if self.way == Way::Http {
            let router = http::router(reception.clone(), &self.discord.public_key()).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}{}", listener.local_addr().unwrap(), http::PATH);
            let serving = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
            tokio::spawn(async move { serving.await.unwrap() });
            self.discord.deliver_interactions_to(&url).await.unwrap();
        }
        let gateway = Gateway { options: self.options.clone(), reception, interactions: self.way == Way::Gateway };
        tokio::spawn(gateway.run(stop.clone()));
        self.discord.wait_for("a session", |discord| (discord.identified() > 0).then_some(())).await;
        *self.listening.lock().unwrap() = Some(stop.drop_guard());
    }

    async fn command(&self, by: Person, text: &str) -> Option<String> {
        let (verb, options) = filled(text);
        let options: Vec<(&str, &str)> = options.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answered = self.discord.slash(user(by), CHANNEL, &verb, &options).await.unwrap();
        // Who waits sees that we think, and then what we say.
        let said = |discord: &Discord| discord.original(&answered.interaction).filter(|shown| !shown.thinking);
        Some(self.discord.wait_for("an answer", said).await.message.reads())
    }

    fn mention(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId {
        self.speak(by, thread, &format!("<@{}> {text}", self.discord.bot_user()))
    }

    fn say(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId {
        self.speak(by, thread, text)
    }

    fn post(&self, sample: &Sample) -> MessageId {
        MessageId(self.discord.post_as_webhook(CHANNEL, &body(sample)))
    }

    fn edit(&self, message: &MessageId, sample: &Sample) {
        self.discord.edit_as_webhook(CHANNEL, &message.0, &body(sample));
    }

    async fn press(&self, by: Person, message: &MessageId, action: Action) {
        let all = self.discord.messages(CHANNEL);
        let found = all.iter().find(|one| one.id == message.0).unwrap();
        let id = looks(found).flat_map(Look::buttons).find(|id| carried(id).is_some_and(|it| it.action == action));
        self.discord.press(user(by), &found.channel, &found.id, &id.unwrap()).await.unwrap();
    }

    fn seen(&self) -> Vec<Seen> {
        let thread = |channel: &str| Some(MessageId(channel.to_owned())).filter(|_| channel != CHANNEL);
        let public = self.discord.messages(CHANNEL).into_iter().map(|message| Seen {
            thread: thread(&message.channel),
            ours: message.is_own(),
            text: message.reads(),
            buttons: message.buttons().iter().filter_map(|id| Some(carried(id)?.action)).collect(),
            files: message.files.iter().map(|file| (file.name.clone(), text(&file.content))).collect(),
            private_to: None,
            edits: message.before.len(),
            id: MessageId(message.id),
        });
        let private = self.private().into_iter().map(|(person, shown)| Seen {
            id: MessageId(String::new()),
            // A direct message is in no thread.
            thread: shown.interaction.as_ref().and_then(|_| thread(&shown.channel)),
            ours: true,
            text: shown.message.reads(),
            buttons: Vec::new(),
            files: Vec::new(),
            private_to: Some(person),
            edits: 0,
        });
        public.chain(private).collect()
    }

    fn fail(&self, which: Which, fault: Fault) {
        let fault = match fault {
            Fault::TooMany(seconds) => discord::Fault::TooMany { seconds, global: true },
            Fault::ErrorBefore => discord::Fault::Status(503),
            Fault::ErrorAfter => discord::Fault::StatusAfter(502),
            Fault::AnswerLost => discord::Fault::ResetAfter,
            Fault::LandsLate => discord::Fault::LandsLate,
        };
        self.discord.fault(match which {
            Which::Message => Rule::on(CREATE, fault),
            Which::Report => Rule::on(CREATE, fault).matching(|body| body.to_string().contains("mw1:evidence:")),
            Which::Edit => Rule::on(EDIT, fault),
        });
    }

    fn twice(&self) {
        self.discord.delivery_fault(Rule::any(DeliveryFault::Twice).times(1_000));
    }

    async fn delivered(&self) {
        self.discord.wait_for("the last delivery", |discord| (discord.unsent() == 0).then_some(())).await;
    }

    fn remove_bot(&self) {
        self.discord.kick(CHANNEL);
    }

    fn bury(&self, _: &MessageId) {
        // What was said before cannot be read any more; Discord then shows an empty list. And the minutes of nonces are over.
        self.discord.keep_nonces(Duration::ZERO);
        self.discord.deny(CHANNEL, READ_MESSAGE_HISTORY);
    }

    fn hostile(&self) -> String {
        let bob = user(Person::Bob);
        format!(
            "@everyone @here <@{bob}> <#{CHANNEL}> <t:0:R> [click](https://evil.example) https://evil.example **bold** \
             `tick` ```fence``` :tada: <:tada:1>"
        )
    }

    fn acting(&self) -> Vec<String> {
        const ACTS: [&str; 9] =
            ["@everyone", "@here", "<@2002", "<#", "<t:", "evil.example)", "https://evil", "**bold**", "<:tada"];
        let private = self.private().into_iter().map(|(_, shown)| shown.message);
        let all: Vec<Message> = self.discord.own(CHANNEL).into_iter().chain(private).collect();
        let notifies = |message: &&Message| {
            !message.mentions.is_empty() || !message.mentioned_roles.is_empty() || message.mentions_everyone
        };
        let notifying = all.iter().filter(notifies).map(|message| format!("notifies: {}", message.look.content));
        let acting =
            all.iter().flat_map(looks).map(Look::live).filter(|live| ACTS.iter().any(|acts| live.contains(acts)));
        notifying.chain(acting).collect()
    }

    fn tries(&self) -> Vec<Try> {
        let calls = self.discord.calls().into_iter().filter(|call| [CREATE, EDIT].contains(&call.route.as_str()));
        let too_many = |outcome: &Option<Outcome>| match outcome {
            Some(Outcome::Limited { .. }) => true,
            Some(Outcome::Faulted { fault, .. }) => matches!(fault, discord::Fault::TooMany { .. }),
            _ => false,
        };
        let one =
            |call: discord::Call| Try { at: call.at, edit: call.route == EDIT, too_many: too_many(&call.outcome) };
        calls.map(one).collect()
    }

    fn offences(&self) -> Vec<String> {
        // What is not there, or not ours to see, has to be asked for to be known; a thread may be made by two at once, and
        // what is delivered twice is answered twice.
        let is_answer = |outcome: &Option<Outcome>| {
            matches!(outcome, Some(Outcome::Refused(403 | 404, _) | Outcome::Refused(_, 160_004 | 40_060)))
        };
        let refusals = self.discord.refusals().into_iter().filter(|call| !is_answer(&call.outcome));
        let refusals = refusals.map(|call| format!("{}: {:?}", call.path, call.outcome));
        let violations = self.discord.violations().into_iter().map(|early| format!("{early:?}"));
        let own = self.discord.own(CHANNEL);
        let torn = own.iter().filter(|message| {
            let texts = message.look.markup();
            texts.iter().any(|text| text.matches("```").count() % 2 != 0)
        });
        refusals.chain(violations).chain(torn.map(|message| format!("a torn block of code: {}", message.id))).collect()
    }
}

/// A line as a person fills in the form of a command: the verb, a namespace, and the rest in the first field. Verbs that are
/// none come from clients that know an older command.
fn filled(line: &str) -> (String, Vec<(&'static str, String)>) {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let verb = if verb.is_empty() { "help" } else { verb };
    let (mut words, mut options) = (Vec::new(), Vec::new());
    let mut left = rest.split(' ').filter(|word| !word.is_empty());
    while let Some(word) = left.next() {
        match word {
            "-n" | "--namespace" => options.push(("namespace", left.next().unwrap_or_default().to_owned())),
            word => words.push(word),
        }
    }
    let words = words.join(" ");
    let words = words.strip_prefix('\'').and_then(|words| words.strip_suffix('\'')).unwrap_or(&words);
    if !words.is_empty() {
        options.insert(0, ("target-or-question", words.to_owned()));
    }
    (verb.to_owned(), options)
}

/// A post of Alertmanager: the title of its default template, and a text that lists the labels.
fn body(sample: &Sample) -> Value {
    match sample {
        Sample::Chatter(text) => json!({"username": "Deployer", "content": text}),
        Sample::Alert { labels, firing } => {
            let listed: Vec<String> = labels.iter().map(|(name, value)| format!(" - {name} = {value}\n")).collect();
            let listed = listed.concat();
            let state = if *firing { "Firing" } else { "Resolved" };
            let description = format!("\n\nAlerts {state}:\nLabels:\n{listed}Annotations:\nSource: \n");
            let colour = if *firing { 10_038_562 } else { 3_066_993 };
            json!({"username": "Alertmanager", "content": "", "embeds": [{
                "title": title(labels, *firing), "description": description, "color": colour,
            }]})
        }
    }
}

fn title(labels: &BTreeMap<&str, String>, firing: bool) -> String {
    let grouped = ["alertname", "namespace"];
    let group: Vec<&str> = grouped.iter().map(|name| labels[name].as_str()).collect();
    let others = labels.iter().filter(|(name, _)| !grouped.contains(name)).map(|(_, value)| value.as_str());
    let status = if firing { "FIRING:1" } else { "RESOLVED" };
    let title = format!("[{status}] {} ({})", group.join(" "), others.collect::<Vec<_>>().join(" "));
    // As the notifier cuts it.
    title.chars().take(256).collect()
}

/// A message as it is and as it was.
fn looks(message: &Message) -> impl Iterator<Item = &Look> {
    std::iter::once(&message.look).chain(message.before.iter().rev())
}

/// What a button of ours carries.
fn carried(custom_id: &str) -> Option<Button> {
    custom_id.parse().ok()
}

fn text(content: &[u8]) -> String {
    String::from_utf8_lossy(content).into_owned()
}
