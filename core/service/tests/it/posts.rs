//! The same alerts by post and by webhook, over the embedded store: one incident, one thread, whichever comes first.

use std::time::Duration;

use async_trait::async_trait;
use midwatch_conversation::posted::{Post, PostedAlerts, Section, read};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_service::clock::Clock as _;
use midwatch_service::id::{MessageId, MuteId, PostKey};
use midwatch_service::incident::{Incident, IncidentState};
use midwatch_service::intake::{Delivery, Hang, Intake, IntakeSettings, Receipt};
use midwatch_service::job::{Actor, Origin};
use midwatch_service::living;
use midwatch_service::mute::{Mute, Muted};
use midwatch_service::port::alerts::AlertSource;
use midwatch_service::port::store::{Store as _, Write};
use midwatch_service::post::{LivingMessage, PostBody};
use rstest::rstest;

use crate::intake::{World, anyone};

const PODS: [&str; 2] = ["checkout-765c7c474c-8vsxh", "checkout-765c7c474c-97sqt"];

/// An alert as a webhook brings it.
fn crash(pod: &str, firing: bool) -> Alert {
    let labels = [
        ("alertname", "KubePodCrashLooping"),
        ("cluster", "prod-eu"),
        ("container", "checkout"),
        ("namespace", "shop"),
        ("pod", pod),
        ("severity", "warning"),
    ];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let name = "KubePodCrashLooping".to_owned();
    Alert { name, firing, fingerprint: format!("fp-{pod}"), labels, ..Alert::default() }
}

fn webhook(alerts: Vec<Alert>) -> Delivery {
    let group_key = Some("{}:{alertname=\"KubePodCrashLooping\", namespace=\"shop\"}".to_owned());
    Delivery { source: "alertmanager".to_owned(), group_key, alerts, ..Delivery::default() }
}

/// What Alertmanager posts about it by default.
fn title(text: &str) -> PostedAlerts {
    let sections = vec![Section { title: text.to_owned(), ..Section::default() }];
    read(&Post { author: Some("Alertmanager".to_owned()), sections, ..Post::default() }).unwrap()
}

fn firing() -> PostedAlerts {
    title("[FIRING:2] KubePodCrashLooping shop (prod-eu checkout warning)")
}

fn resolved() -> PostedAlerts {
    title("[RESOLVED] KubePodCrashLooping shop (prod-eu checkout warning)")
}

fn hang(message: &str) -> Hang {
    Hang { platform: "slack".to_owned(), channel: "C1".to_owned(), root: MessageId(message.to_owned()) }
}

fn origin() -> Origin {
    let actor = Actor { platform: "slack".to_owned(), user: "Alertmanager".to_owned(), ..Actor::default() };
    Origin { actor, request_id: "r".to_owned() }
}

/// Alertmanager's API.
enum Known {
    Firing(Vec<Alert>),
    Down,
}

#[async_trait]
impl AlertSource for Known {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    async fn firing(&self) -> Result<Vec<Alert>, ReadFailure> {
        match self {
            Known::Firing(alerts) => Ok(alerts.clone()),
            Known::Down => Err(ReadFailure::TimedOut("10.0.0.9:9093".to_owned())),
        }
    }
}

async fn take(intake: &Intake, post: PostedAlerts, message: &str, known: Option<&Known>) -> Receipt {
    let known = known.map(|known| known as &dyn AlertSource);
    intake.take_post(post, hang(message), origin(), None, known).await.unwrap()
}

async fn only(world: &World) -> Incident {
    let mut open = world.open().await;
    assert_eq!(open.len(), 1, "{open:#?}");
    open.remove(0)
}

async fn living(world: &World, incident: &Incident) -> LivingMessage {
    match world.store.post(&living::key(incident.thread)).await.unwrap().unwrap().into_inner() {
        PostBody::Living(living) => living,
        other => panic!("{other:?}"),
    }
}

fn firing_pods(incident: &Incident) -> Vec<&str> {
    let firing = incident.alerts.values().filter(|track| track.alert.firing);
    let mut pods: Vec<&str> = firing.filter_map(|track| track.alert.label("pod")).collect();
    pods.sort_unstable();
    pods
}

#[tokio::test]
async fn a_post_opens_an_incident_whose_thread_hangs_on_it() {
    let world = World::new(anyone());
    let receipt = take(&world.intake(), firing(), "1.1", None).await;
    assert_eq!((receipt.received, receipt.opened.len(), receipt.jobs.len()), (1, 1, 1));
    let incident = only(&world).await;
    let thread = world.store.thread(incident.thread).await.unwrap().unwrap();
    assert_eq!(
        (thread.platform.as_str(), thread.channel.as_str(), thread.root),
        ("slack", "C1", Some(hang("1.1").root))
    );
    assert_eq!((incident.source.as_str(), incident.title.as_str()), ("slack", "KubePodCrashLooping"));
    let opening = PostKey(format!("thread:{}:opening", incident.thread));
    assert!(world.store.post(&opening).await.unwrap().is_none(), "the post says it already");
    assert_eq!(living(&world, &incident).await.notes, Vec::<String>::new());
}

#[rstest]
#[case::post_first(true, false)]
#[case::webhook_first(false, false)]
#[case::post_first_with_the_api(true, true)]
#[case::webhook_first_with_the_api(false, true)]
#[tokio::test]
async fn a_post_and_a_webhook_are_one_incident(#[case] post_first: bool, #[case] api: bool) {
    let world = World::new(anyone());
    let intake = world.intake();
    let alerts: Vec<Alert> = PODS.iter().map(|pod| crash(pod, true)).collect();
    let known = Known::Firing(alerts.clone());
    let known = api.then_some(&known);
    if post_first {
        take(&intake, firing(), "1.1", known).await;
        intake.deliver(webhook(alerts)).await.unwrap();
    } else {
        intake.deliver(webhook(alerts)).await.unwrap();
        let receipt = take(&intake, firing(), "1.1", known).await;
        assert!(receipt.opened.is_empty() && receipt.jobs.is_empty());
    }
    let incident = only(&world).await;
    assert_eq!((world.jobs().await, firing_pods(&incident)), (1, PODS.to_vec()));
    assert_eq!(incident.alerts.len(), 2, "what the post told gave way to the alerts it stands for");
    assert_eq!(living(&world, &incident).await.alerts.unwrap().firing, 2);
    let hangs = world.store.thread(incident.thread).await.unwrap().unwrap().root.is_some();
    assert_eq!(hangs, post_first);

    take(&intake, resolved(), "1.2", known).await;
    let incident = only(&world).await;
    assert!(matches!(incident.state, IncidentState::Resolved(_)), "the whole group is resolved");
    let receipt = intake.deliver(webhook(PODS.iter().map(|pod| crash(pod, false)).collect())).await.unwrap();
    assert_eq!((receipt.unknown, receipt.joined), (0, 2));
    assert!(matches!(only(&world).await.state, IncidentState::Resolved(_)));
}

#[tokio::test]
async fn groups_that_would_have_the_same_title_stay_apart() {
    let world = World::new(anyone());
    let intake = world.intake();
    take(&intake, firing(), "1.1", None).await;
    let group = |key: &str, pods: [&str; 2]| {
        let alerts = pods.map(|pod| crash(pod, true)).to_vec();
        Delivery { group_key: Some(key.to_owned()), ..webhook(alerts) }
    };
    intake.deliver(group("a", PODS)).await.unwrap();
    let receipt = intake.deliver(group("b", ["cart-7d4b9c6f5b-2xkzp", "cart-7d4b9c6f5b-9qwlm"])).await.unwrap();
    assert_eq!(receipt.opened.len(), 1, "the post is of the first group");
    let receipt = intake.deliver(group("c", ["pay-7d4b9c6f5b-2xkzp", "pay-7d4b9c6f5b-9qwlm"])).await.unwrap();
    assert_eq!(receipt.opened.len(), 1, "and a title joins no webhooks");
}

#[tokio::test]
async fn a_webhooks_end_is_the_end_of_what_a_post_told() {
    let world = World::new(anyone());
    let intake = world.intake();
    take(&intake, firing(), "1.1", None).await;
    intake.deliver(webhook(PODS.iter().map(|pod| crash(pod, true)).collect())).await.unwrap();
    intake.deliver(webhook(PODS.iter().map(|pod| crash(pod, false)).collect())).await.unwrap();
    assert!(matches!(only(&world).await.state, IncidentState::Resolved(_)), "no post has to say so");
}

#[tokio::test]
async fn posts_alone_fire_and_resolve_and_fire_again() {
    let world = World::new(anyone());
    let intake = world.intake();
    take(&intake, title("[FIRING:1] KubePodCrashLooping shop (prod-eu checkout p-1 warning)"), "1.1", None).await;
    take(&intake, firing(), "1.2", None).await;
    assert_eq!(only(&world).await.alerts.len(), 1, "the group grew, and the post is about what fires");
    take(&intake, resolved(), "1.3", None).await;
    assert!(matches!(only(&world).await.state, IncidentState::Resolved(_)));
    take(&intake, firing(), "1.4", None).await;
    let incident = only(&world).await;
    assert_eq!((incident.state, incident.reopened), (IncidentState::Firing, 1));
    assert_eq!(world.store.thread(incident.thread).await.unwrap().unwrap().root, Some(hang("1.1").root));
    let other = title("[FIRING:2] KubePodCrashLooping pay (prod-eu api warning)");
    let receipt = take(&intake, other, "1.5", None).await;
    assert_eq!(receipt.opened.len(), 1, "another group is another incident");
}

#[tokio::test]
async fn an_edited_post_finds_its_incident() {
    let world = World::new(anyone());
    let intake = world.intake();
    let text = |text: &str| read(&Post { text: text.to_owned(), ..Post::default() }).unwrap();
    take(&intake, text("FIRING QueueIsLong namespace=shop queue=mails"), "1.1", None).await;
    take(&intake, text("FIRING QueueIsLong namespace=shop queue=mails depth=17"), "1.1", None).await;
    assert_eq!(only(&world).await.received, 2);
    take(&intake, text("RESOLVED QueueIsLong namespace=shop queue=mails"), "1.1", None).await;
    assert!(matches!(only(&world).await.state, IncidentState::Resolved(_)));
    world.clock.advance(IntakeSettings::default().quiet + Duration::from_secs(1));
    let receipt = take(&intake, text("FIRING QueueIsLong namespace=shop queue=mails"), "1.1", None).await;
    assert_eq!(receipt.opened.len(), 1, "after the quiet window it is another one");
    let incident = only(&world).await;
    assert!(incident.previous.is_some());
    let at = world.store.thread_at("slack", "C1", &hang("1.1").root).await.unwrap().unwrap();
    assert_eq!(at.id, incident.thread, "one message has one thread");
}

#[tokio::test]
async fn an_api_that_is_down_is_a_note_and_no_error() {
    let world = World::new(anyone());
    take(&world.intake(), firing(), "1.1", Some(&Known::Down)).await;
    let notes = living(&world, &only(&world).await).await.notes;
    assert!(notes.len() == 1 && notes[0].contains("alertmanager could not be asked"), "{notes:?}");
}

#[tokio::test]
async fn replicas_of_prometheus_do_not_make_two() {
    let world = World::new(anyone());
    let intake = world.intake();
    take(
        &intake,
        title("[FIRING:1] KubePodCrashLooping shop (prod-eu checkout p-1 prometheus-k8s-0 warning)"),
        "1.1",
        None,
    )
    .await;
    let mut alert = crash("p-1", true);
    alert.labels.insert("prometheus_replica".to_owned(), "prometheus-k8s-1".to_owned());
    intake.deliver(webhook(vec![alert])).await.unwrap();
    assert_eq!(only(&world).await.alerts.len(), 1);
}

#[tokio::test]
async fn two_groups_about_one_workload_that_are_posted_are_one_incident_when_their_labels_are_known() {
    let world = World::new(anyone());
    let intake = world.intake();
    let mut mismatch = crash(PODS[0], true);
    mismatch.name = "KubeDeploymentReplicasMismatch".to_owned();
    mismatch.labels.insert("alertname".to_owned(), mismatch.name.clone());
    let known = Known::Firing(vec![crash(PODS[0], true), mismatch]);
    let one = format!("[FIRING:1] KubePodCrashLooping shop (prod-eu checkout {} warning)", PODS[0]);
    let other = format!("[FIRING:1] KubeDeploymentReplicasMismatch shop (prod-eu checkout {} warning)", PODS[0]);
    take(&intake, title(&one), "1.1", Some(&known)).await;
    let receipt = take(&intake, title(&other), "1.2", Some(&known)).await;
    assert_eq!((receipt.joined, receipt.opened.len()), (1, 0));
    assert_eq!(only(&world).await.title, "KubePodCrashLooping shop");
}

async fn mute(world: &World, what: Muted) {
    let now = world.clock.now();
    let until = now + jiff::SignedDuration::from_hours(1);
    let (id, by, reason) = (MuteId::new(), Actor::default(), "noise".to_owned());
    let mute = Mute { id, what, cluster: None, at: now, until, by, reason };
    world.store.commit(now, vec![Write::Mute(mute)]).await.unwrap();
}

fn by_name() -> Muted {
    Muted::Alert { name: "KubePodCrashLooping".to_owned(), namespace: None }
}

#[tokio::test]
async fn muted_alerts_open_nothing_until_the_mute_ends() {
    let world = World::new(anyone());
    let intake = world.intake();
    mute(&world, by_name()).await;
    let receipt = take(&intake, firing(), "1.1", None).await;
    assert_eq!((receipt.muted, receipt.received, receipt.opened.len()), (1, 0, 0));
    let receipt = intake.deliver(webhook(vec![crash(PODS[0], true), crash(PODS[1], true)])).await.unwrap();
    assert_eq!((receipt.muted, receipt.received), (2, 0));
    let receipt = intake.polled(vec![crash(PODS[0], true)], Origin::default()).await.unwrap();
    assert_eq!((receipt.muted, receipt.received), (1, 0));
    assert!(world.open().await.is_empty() && world.jobs().await == 0);
    let trail = world.store.audit(0, 10).await.unwrap();
    let told = trail.iter().filter(|sealed| sealed.entry.details.contains("2 more are muted")).count();
    assert_eq!((trail.len(), told), (2, 1), "polls say it again and again, so they are not in the trail");
    world.clock.advance(Duration::from_hours(1));
    let receipt = intake.deliver(webhook(vec![crash(PODS[0], true)])).await.unwrap();
    assert_eq!((receipt.muted, receipt.opened.len()), (0, 1));
}

#[tokio::test]
async fn a_muted_alert_joins_in_silence_and_its_end_is_told() {
    let world = World::new(anyone());
    let intake = world.intake();
    let opened = intake.deliver(webhook(vec![crash(PODS[0], true)])).await.unwrap();
    intake.cancel(opened.jobs[0], Origin::default(), "enough".to_owned()).await.unwrap();
    intake.deliver(webhook(vec![crash(PODS[0], false)])).await.unwrap();
    let incident = only(&world).await;
    mute(
        &world,
        Muted::Incident { incident: incident.id, alerts: vec![(crash("", true).name, Some("shop".to_owned()))] },
    )
    .await;
    let receipt = intake.deliver(webhook(vec![crash(PODS[0], true), crash(PODS[1], true)])).await.unwrap();
    assert_eq!((receipt.joined, receipt.muted, receipt.jobs.len()), (2, 0, 0), "it is counted, and not investigated");
    let incident = only(&world).await;
    assert_eq!((incident.state, firing_pods(&incident).len()), (IncidentState::Firing, 2));
    let notice = |what: &str| PostKey(format!("thread:{}:{what}", incident.thread));
    assert!(world.store.post(&notice("reopened:1")).await.unwrap().is_none(), "nobody is told");
    intake.deliver(webhook(vec![crash(PODS[0], false), crash(PODS[1], false)])).await.unwrap();
    assert!(matches!(only(&world).await.state, IncidentState::Resolved(_)));
    assert!(world.store.post(&notice("resolved:1")).await.unwrap().is_some(), "that it is over is always told");
}

#[tokio::test]
async fn a_muted_alert_does_not_hide_another_of_its_group() {
    let world = World::new(anyone());
    let intake = world.intake();
    mute(&world, by_name()).await;
    let mut other = crash(PODS[0], true);
    other.name = "KubePodNotReady".to_owned();
    other.labels.insert("alertname".to_owned(), other.name.clone());
    let receipt = intake.deliver(webhook(vec![crash(PODS[0], true), other])).await.unwrap();
    assert_eq!((receipt.muted, receipt.received, receipt.opened.len()), (1, 1, 1));
}
