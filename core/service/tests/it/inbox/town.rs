//! A town of the tests: people and programs speak on a platform, Midwatch listens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_conversation::answer::{Answer, Part};
use midwatch_doubles::chat::Shown;
use midwatch_redact::Redactor;
use midwatch_service::button::{Action, Button};
use midwatch_service::clock::SystemClock;
use midwatch_service::heard::{Heard, Place, Said};
use midwatch_service::id::{JobId, MessageId, ThreadId, WorkerId};
use midwatch_service::inbox::{Ack, ChannelDefaults, Inbox, InboxParts, InboxSettings, Spoke, Spoken};
use midwatch_service::intake::{Intake, IntakeParts, IntakeSettings, Refused};
use midwatch_service::job::{Actor, Job, Origin};
use midwatch_service::pack::Packs;
use midwatch_service::policy::{Policy, Rule};
use midwatch_service::port::chat::{Directory, Membership};
use midwatch_service::port::store::{JobFilter, Store as _};
use midwatch_service::post::PostBody;
use tokio_util::sync::CancellationToken;

use crate::world::{Cluster, World, now};

pub(super) const CHANNEL: &str = "C1";

/// One pack for everything, called as the world's worker knows it.
const PACK: &str =
    "name: default\nversion: 1.0.0\ndescription: everything\ntriggers:\n  alerts: all\n  verbs: [investigate, ask]\n";

/// What the platform knows of its people and channels.
pub(super) struct Register {
    pub(super) member: AtomicBool,
    pub(super) groups: BTreeMap<&'static str, Vec<String>>,
}

#[async_trait]
impl Directory for Register {
    async fn membership(&self, _: &str) -> Result<Membership, String> {
        Ok(if self.member.load(Ordering::SeqCst) { Membership::Member } else { Membership::NotMember })
    }

    async fn groups(&self, user: &str) -> Result<Vec<String>, String> {
        self.groups.get(user).cloned().ok_or_else(|| "unknown".to_owned())
    }

    fn invitation(&self) -> String {
        "Write /invite @midwatch.".to_owned()
    }
}

/// The town.
pub(super) struct Town {
    pub(super) world: World,
    pub(super) inbox: Arc<Inbox>,
    pub(super) intake: Arc<Intake>,
    pub(super) register: Arc<Register>,
    stop: CancellationToken,
    said: AtomicU64,
}

/// Rules of a town where everyone may everything.
pub(super) fn anyone() -> Vec<Rule> {
    vec![Rule::default()]
}

/// What a rule allows, as it is written.
pub(super) fn rules(yaml: &str) -> Vec<Rule> {
    serde_json::from_str(yaml).unwrap()
}

impl Town {
    /// With a worker, a sender, and an inbox that runs.
    pub(super) fn new(cluster: Cluster, rules: Vec<Rule>) -> Self {
        Self::asleep(cluster, rules).awake()
    }

    /// The same where a language model answers what is not understood.
    pub(super) fn with_model(cluster: Cluster, rules: Vec<Rule>) -> Self {
        Self::founded(cluster, rules, true).awake()
    }

    fn awake(self) -> Self {
        self.wake(&self.inbox);
        self.world.work(World::settings("worker"));
        self
    }

    /// Nothing handles what is heard yet, and no job runs.
    pub(super) fn asleep(cluster: Cluster, rules: Vec<Rule>) -> Self {
        Self::founded(cluster, rules, false)
    }

    fn founded(cluster: Cluster, rules: Vec<Rule>, model: bool) -> Self {
        let mut world = World::new(cluster);
        world.send(Duration::from_secs(15));
        let policy = Arc::new(Policy::new(rules));
        let packs = Arc::new(Packs::load(&[("default", PACK)], None).unwrap());
        let intake = Arc::new(Intake::new(IntakeParts {
            store: world.store.clone(),
            clock: Arc::new(SystemClock),
            signals: world.signals.clone(),
            metrics: world.metrics.clone(),
            policy: policy.clone(),
            packs: packs.clone(),
            redactor: Redactor::default(),
            settings: IntakeSettings {
                platform: "double".to_owned(),
                channel: CHANNEL.to_owned(),
                ..IntakeSettings::default()
            },
        }));
        let groups = BTreeMap::from([("alice", vec!["sre".to_owned()]), ("bob", Vec::new())]);
        let register = Arc::new(Register { member: AtomicBool::new(true), groups });
        let (stop, said) = (CancellationToken::new(), AtomicU64::new(0));
        let parts = |worker: &str| InboxParts {
            store: world.store.clone(),
            clock: Arc::new(SystemClock),
            signals: world.signals.clone(),
            metrics: world.metrics.clone(),
            health: world.health.clone(),
            policy: policy.clone(),
            packs: packs.clone(),
            intake: intake.clone(),
            alerts: None,
            directories: BTreeMap::from([("double".to_owned(), register.clone() as Arc<dyn Directory>)]),
            redactor: Redactor::default(),
            settings: InboxSettings {
                clusters: vec!["prod".to_owned()],
                channels: BTreeMap::from([(
                    ("double".to_owned(), "C2".to_owned()),
                    ChannelDefaults { cluster: Some("prod".to_owned()), namespace: Some("shop".to_owned()) },
                )]),
                model,
                ..InboxSettings::new(WorkerId(worker.to_owned()))
            },
        };
        let inbox = Arc::new(Inbox::new(parts("inbox")));
        Self { world, inbox, intake, register, stop, said }
    }

    /// Lets an inbox run.
    pub(super) fn wake(&self, inbox: &Arc<Inbox>) {
        let (inbox, stop) = (inbox.clone(), self.stop.clone());
        tokio::spawn(async move { inbox.run(stop).await });
    }

    /// A delivery of someone in the channel.
    pub(super) fn heard(&self, user: &str, said: Said) -> Heard {
        let number = self.said.fetch_add(1, Ordering::SeqCst) + 1;
        let is_message = matches!(said, Said::Mention { .. } | Said::Message { .. } | Said::Post { .. });
        let message = is_message.then(|| MessageId(format!("m{number}")));
        let place = Place { platform: "double".into(), channel: CHANNEL.into(), root: None, message, direct: false };
        let reply = matches!(said, Said::Command { .. } | Said::Press { .. }).then(|| format!("handle-{number}"));
        Heard { id: format!("delivery-{number}"), at: now(), origin: origin(user), place, said, reply, waits: false }
    }

    /// A slash command, acknowledged and handled.
    pub(super) async fn slash(&self, user: &str, text: &str) -> Ack {
        let ack = self.inbox.hear(self.heard(user, Said::Command { text: text.to_owned() })).await.unwrap();
        self.handled().await;
        ack
    }

    /// A message that names Midwatch, at the top or in a thread; its id.
    pub(super) async fn mention(&self, user: &str, root: Option<&MessageId>, text: &str) -> MessageId {
        self.write(user, root, Said::Mention { text: text.to_owned() }).await
    }

    /// A message between people.
    pub(super) async fn message(&self, user: &str, root: Option<&MessageId>, text: &str) -> MessageId {
        self.write(user, root, Said::Message { text: text.to_owned() }).await
    }

    async fn write(&self, user: &str, root: Option<&MessageId>, said: Said) -> MessageId {
        let mut heard = self.heard(user, said);
        heard.place.root = root.cloned();
        let id = heard.place.message.clone().unwrap();
        assert_eq!(self.inbox.hear(heard).await.unwrap(), Ack::Silent);
        self.handled().await;
        id
    }

    pub(super) async fn press(&self, user: &str, action: Action, job: JobId) {
        let button = Button { action, job }.to_string();
        self.inbox.hear(self.heard(user, Said::Press { button })).await.unwrap();
        self.handled().await;
    }

    pub(super) async fn say(&self, user: &str, thread: Option<ThreadId>, text: &str) -> Result<Spoke, Refused> {
        self.inbox.say(Spoken { text: text.to_owned(), origin: origin(user), thread }).await
    }

    /// Waits until nothing is left to be handled.
    pub(super) async fn handled(&self) {
        let wait = async {
            while self.world.store.next_heard().await.unwrap().is_some() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("everything is handled");
    }

    /// The jobs, newest first.
    pub(super) async fn jobs(&self) -> Vec<Job> {
        self.world.store.jobs(&JobFilter { limit: 500, ..JobFilter::default() }).await.unwrap()
    }

    pub(super) async fn newest(&self) -> Job {
        self.jobs().await.into_iter().next().expect("a job")
    }

    /// What was told privately so far, to whom.
    pub(super) fn privately(&self) -> Vec<(String, String)> {
        let shown = self.world.chat.shown();
        let private = shown.iter().filter_map(|shown| match shown.now() {
            PostBody::Private(private) => Some((private.to.clone(), plain(&private.answer))),
            _ => None,
        });
        private.collect()
    }

    /// Waits for an answer that holds these words, private or not.
    pub(super) async fn answered(&self, words: &str) -> String {
        let text = |body: &PostBody| match body {
            PostBody::Private(private) => Some(plain(&private.answer)),
            PostBody::Answer { answer, .. } => Some(plain(answer)),
            _ => None,
        };
        let holds = |body: &PostBody| text(body).is_some_and(|text| text.contains(words));
        let shown = self.world.chat.until(words, |shown| shown.iter().any(|shown| holds(shown.now()))).await;
        shown.iter().rev().map(Shown::now).find(|body| holds(body)).and_then(text).unwrap()
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.world.stop().await;
    }
}

pub(super) fn origin(user: &str) -> Origin {
    let actor = Actor {
        platform: "double".to_owned(),
        workspace: Some("T1".to_owned()),
        user: user.to_owned(),
        groups: Vec::new(),
        channel: Some(CHANNEL.to_owned()),
    };
    Origin { actor, request_id: "req".to_owned() }
}

/// An answer as plain text.
pub(super) fn plain(answer: &Answer) -> String {
    let parts = answer.parts.iter().map(|part| match part {
        Part::Text { text } | Part::Code { text } => text.clone(),
        Part::Table { head, rows } => {
            let lines = std::iter::once(head).chain(rows).map(|row| row.join(" | "));
            lines.collect::<Vec<_>>().join("\n")
        }
        Part::File(file) => format!("[{}]\n{}", file.name, file.text),
    });
    parts.collect::<Vec<_>>().join("\n")
}
