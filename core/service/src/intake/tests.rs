//! Deliveries over a world in memory that keeps the store's rules, and refuses what the store would refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::{Redacted, Redactor};
use proptest::prelude::*;
use rstest::rstest;

use super::compose::{Desk, Facts, Overload, Plan, compose};
use super::identity::{Entity, identity};
use super::pen::Pen;
use super::route::{Batch, Scene, Target, route, storm_key};
use super::*;
use crate::id::{JobId, ThreadId};
use crate::incident::{Incident, IncidentKind, IncidentState};
use crate::job::{NewJob, PackRef, Priority};
use crate::lifecycle::{self, Arrival};
use crate::living::Seen;
use crate::mute::{Mute, Muted};
use crate::port::store::{Load, Write};
use crate::post::{LivingMessage, LivingStatus, PostBody};

struct OnePack(bool);

impl PackChoice for OnePack {
    fn by_name(&self, _: &str) -> Option<Pack> {
        None
    }

    fn for_alerts(&self, _: &[Alert]) -> Option<Pack> {
        let id = PackRef { name: "incident".to_owned(), version: "1".to_owned() };
        Some(Pack { id, ..Pack::default() })
    }

    fn for_verb(&self, _: Verb, _: Option<&str>) -> Option<Pack> {
        self.for_alerts(&[])
    }

    fn is_enabled(&self, _: &str) -> bool {
        self.0
    }
}

/// What the store would hold.
struct World {
    incidents: BTreeMap<IncidentId, Incident>,
    jobs: Vec<NewJob>,
    live: BTreeSet<JobId>,
    threads: BTreeSet<ThreadId>,
    posts: BTreeMap<String, (u64, Redacted<PostBody>)>,
    opened: Vec<Timestamp>,
    settings: IntakeSettings,
    redactor: Redactor,
    packs: OnePack,
    mutes: Vec<Mute>,
    now: Timestamp,
    receipts: Vec<Receipt>,
}

impl World {
    fn new() -> Self {
        Self {
            incidents: BTreeMap::new(),
            jobs: Vec::new(),
            live: BTreeSet::new(),
            threads: BTreeSet::new(),
            posts: BTreeMap::new(),
            opened: Vec::new(),
            settings: IntakeSettings::default(),
            redactor: Redactor::default(),
            packs: OnePack(true),
            mutes: Vec::new(),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            receipts: Vec::new(),
        }
    }

    fn wait(&mut self, duration: Duration) {
        self.now = crate::clock::after(self.now, duration);
    }

    fn deliver(&mut self, key: &str, alerts: &[Alert]) -> Result<Receipt, Refused> {
        self.take("alertmanager", Some(key), alerts, Overload::Refuse)
    }

    fn take(
        &mut self,
        source: &str,
        key: Option<&str>,
        alerts: &[Alert],
        overload: Overload,
    ) -> Result<Receipt, Refused> {
        let settings = &self.settings;
        let arrivals: Vec<Arrival> = alerts
            .iter()
            .map(|alert| Arrival {
                id: identity(alert, &settings.replica_labels, false),
                alert: alert.clone(),
                polled: source == POLL,
                posted: alert.annotations.contains_key("told"),
                ..Arrival::default()
            })
            .collect();
        let entities = arrivals.iter().map(|arrival| Entity::of(&arrival.alert, None)).collect();
        let (source, group_key) = (source.to_owned(), key.map(str::to_owned));
        let storm = storm_key(&settings.platform, &settings.channel);
        let batch = Batch {
            source,
            group_key,
            cluster: None,
            arrivals,
            entities,
            truncated: 0,
            usual: storm.clone(),
            storm,
            aliases: super::alias::Aliases::default(),
            place: None,
            notes: Vec::new(),
        };
        let keys = batch.keys();
        let holds = |incident: &&Incident| incident.keys.iter().any(|key| keys.contains(key));
        let found: Vec<Arc<Incident>> = self.open().filter(holds).cloned().map(Arc::new).collect();
        let lately = self.opened.iter().filter(|at| crate::clock::after(**at, settings.storm_window) > self.now);
        let scene = Scene { found: &found, opened_lately: lately.count(), now: self.now, settings, mutes: &self.mutes };
        let routed = route(&batch, scene);
        let opens = routed.parts.iter().filter(|part| part.target == Target::New).count();
        let mut facts = Facts { load: self.load(), live: self.live.clone(), ..Facts::default() };
        for (at, part) in routed.parts.iter().enumerate() {
            let held = |i: &Incident| i.keys.iter().any(|key| part.keys.contains(key));
            let over = routed.over.iter().map(AsRef::as_ref).rfind(|i| held(i));
            let over = over.or_else(|| self.closed().filter(|i| held(i)).last());
            facts.previous.extend(over.map(|over| (at, (over.id, over.thread))));
            if let Target::Open(incident) = &part.target {
                let thread = incident.thread;
                let written = self.posts.get(&living_key(thread)).cloned();
                let seen = written.map(|(revision, body)| Seen { thread, revision: Some(revision), body });
                facts.living.extend(seen.map(|seen| (thread, seen)));
            }
        }
        let origin = Origin::default();
        let desk = Desk {
            pen: Pen { redactor: &self.redactor, origin: &origin, now: self.now },
            settings,
            packs: &self.packs,
            source: &batch.source,
            cluster: None,
            overload,
            place: None,
            notes: &[],
            kill: None,
        };
        let plan = compose(routed, &facts, desk)?;
        let receipt = plan.receipt.clone();
        self.opened.extend(std::iter::repeat_n(self.now, opens));
        self.commit(plan);
        self.receipts.push(receipt.clone());
        Ok(receipt)
    }

    /// Keeps the rules of the store's `Write`.
    fn commit(&mut self, plan: Plan) {
        for write in plan.writes {
            match write {
                Write::Incident(incident) => {
                    let stored = self.incidents.get(&incident.id).map_or(0, |known| known.revision);
                    assert_eq!(incident.revision, stored, "the write continues the stored one");
                    assert!(self.threads.contains(&incident.thread), "no incident without its thread");
                    assert!(incident.keys.len() <= crate::incident::ALERTS_KEPT);
                    let closed = matches!(incident.state, IncidentState::Closed(_));
                    for other in self.open().filter(|other| other.id != incident.id && !closed) {
                        let shared = other.keys.iter().find(|key| incident.keys.contains(key));
                        assert_eq!(shared, None, "a key of two open incidents");
                    }
                    let revision = incident.revision + 1;
                    self.incidents.insert(incident.id, Incident { revision, ..*incident });
                }
                Write::Enqueue { job, .. } => {
                    let twin = self.jobs.iter().find(|j| j.dedup == job.dedup && self.live.contains(&j.id));
                    assert!(twin.is_none(), "two live jobs of one incident");
                    self.live.insert(job.id);
                    self.jobs.push(*job);
                }
                Write::OpenThread(thread) => assert!(self.threads.insert(thread.id)),
                Write::Post(post) => {
                    assert!(self.threads.contains(&post.thread));
                    let revision = self.posts.get(&post.key.0).map_or(0, |(revision, _)| *revision);
                    self.posts.insert(post.key.0, (revision + 1, post.body));
                }
                Write::IfPost { key, revision } => {
                    let stored = self.posts.get(&key.0).map(|(revision, _)| *revision);
                    assert_eq!(revision, stored, "a part of the message as it is now");
                }
                Write::Remember(_) | Write::Audit(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|i| !matches!(i.state, IncidentState::Closed(_)))
    }

    fn closed(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|i| matches!(i.state, IncidentState::Closed(_)))
    }

    fn load(&self) -> Load {
        Load { pending: self.live.len() as u64, ..Load::default() }
    }

    fn living(&self, incident: &Incident) -> &LivingMessage {
        match self.posts.get(&living_key(incident.thread)).map(|(_, body)| body.as_ref()) {
            Some(PostBody::Living(living)) => living,
            other => panic!("{other:?}"),
        }
    }

    fn has_post(&self, incident: &Incident, what: &str) -> bool {
        self.posts.contains_key(&format!("thread:{}:{what}", incident.thread))
    }

    /// Every alert of every receipt is in exactly one incident.
    fn accounted(&self) -> bool {
        let receipts: u64 = self.receipts.iter().map(|receipt| receipt.received).sum();
        self.incidents.values().map(|incident| incident.received).sum::<u64>() == receipts
    }
}

fn living_key(thread: ThreadId) -> String {
    crate::living::key(thread).0
}

fn alert(name: &str, namespace: &str, pod: &str) -> Alert {
    let labels = [("alertname", name), ("namespace", namespace), ("pod", pod), ("severity", "warning")];
    let labels: BTreeMap<String, String> = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    Alert {
        name: name.to_owned(),
        firing: true,
        fingerprint: format!("{name}{namespace}{pod}"),
        labels,
        ..Alert::default()
    }
}

fn resolved(alert: &Alert) -> Alert {
    Alert { firing: false, ..alert.clone() }
}

const POD: &str = "checkout-765c7c474c-8vsxh";

#[test]
fn a_first_alert_opens_a_thread_with_a_job() {
    let mut world = World::new();
    let receipt = world.deliver("g", &[alert("Crash", "shop", POD)]).unwrap();
    assert_eq!((receipt.received, receipt.joined, receipt.opened.len(), receipt.jobs.len()), (1, 0, 1, 1));
    let incident = world.open().next().unwrap();
    assert_eq!((incident.title.as_str(), incident.job), ("Crash shop", Some(receipt.jobs[0])));
    assert!(world.has_post(incident, "opening"));
    assert_eq!(
        (world.living(incident).title.as_str(), &world.living(incident).status),
        ("shop/checkout", &LivingStatus::Queued)
    );
    let job = &world.jobs[0];
    assert_eq!((job.request.namespace.as_deref(), job.request.alerts.len()), (Some("shop"), 1));
    assert_eq!((job.thread, job.priority), (Some(incident.thread), Priority::Normal));
}

#[test]
fn one_life_of_an_incident() {
    let mut world = World::new();
    let crash = alert("Crash", "shop", POD);
    let opened = world.deliver("g", std::slice::from_ref(&crash)).unwrap().opened;
    assert!(world.deliver("g", std::slice::from_ref(&crash)).unwrap().jobs.is_empty());
    world.live.clear();
    world.wait(Duration::from_mins(11));
    world.deliver("g", &[resolved(&crash)]).unwrap();
    let incident = world.incidents[&opened[0]].clone();
    assert!(world.has_post(&incident, "resolved:0"));
    assert_eq!(world.living(&incident).alerts.as_ref().unwrap().resolved_after.as_deref(), Some("11 min"));
    world.wait(Duration::from_mins(14));
    let again = world.deliver("g", std::slice::from_ref(&crash)).unwrap();
    assert_eq!((again.opened.len(), again.jobs.len()), (0, 1), "the same thread, investigated anew");
    assert_eq!(world.living(&incident).alerts.as_ref().unwrap().resolved_after, None);
    world.live.clear();
    world.deliver("g", &[resolved(&crash)]).unwrap();
    assert!(world.has_post(&incident, "resolved:1"));
    world.wait(Duration::from_mins(15));
    let later = world.deliver("g", &[crash]).unwrap();
    assert_eq!(world.incidents[&later.opened[0]].previous, Some(incident.id), "the window has passed");
    assert!(matches!(world.incidents[&incident.id].state, IncidentState::Closed(_)));
    assert!(world.accounted());
}

#[test]
fn a_resolve_of_an_unknown_alert_opens_nothing() {
    let mut world = World::new();
    let receipt = world.deliver("g", &[resolved(&alert("Crash", "shop", POD))]).unwrap();
    assert_eq!(receipt, Receipt { unknown: 1, ..Receipt::default() });
    assert!(world.incidents.is_empty() && world.posts.is_empty());
}

#[rstest]
#[case::the_same_workload("KubeDeploymentReplicasMismatch", "shop", "checkout-6d5f8c7b9d-x2x4z", 1)]
#[case::another_workload_of_the_namespace("Crash", "shop", "cart-6d5f8c7b9d-x2x4z", 2)]
#[case::the_same_name_in_another_namespace("Crash", "pay", POD, 2)]
fn groups_about_one_workload_are_one(
    #[case] name: &str,
    #[case] ns: &str,
    #[case] pod: &str,
    #[case] incidents: usize,
) {
    let mut world = World::new();
    world.deliver("g1", &[alert("Crash", "shop", POD)]).unwrap();
    world.deliver("g2", &[alert(name, ns, pod)]).unwrap();
    assert_eq!(world.incidents.len(), incidents);
    assert!(world.accounted());
}

#[test]
fn one_group_key_for_everything_is_one_incident() {
    let mut world = World::new();
    world.deliver("{}", &[alert("Crash", "shop", POD), alert("Disk", "db", "pg-0")]).unwrap();
    world.deliver("{}", &[alert("Slow", "web", "front-0")]).unwrap();
    assert_eq!((world.incidents.len(), world.jobs.len()), (1, 1));
    let incident = world.open().next().unwrap();
    assert!(world.living(incident).notes.iter().any(|note| note.contains("web/front")));
}

#[test]
fn by_webhook_and_by_poll_it_is_one_incident() {
    let mut world = World::new();
    let crash = alert("Crash", "shop", POD);
    world.take(POLL, None, std::slice::from_ref(&crash), Overload::PutOff).unwrap();
    assert!(world.open().all(|incident| incident.alerts.values().all(|track| track.polled)));
    let receipt = world.deliver("g", &[crash]).unwrap();
    assert_eq!((receipt.joined, world.incidents.len()), (1, 1));
    assert!(world.open().all(|incident| incident.alerts.values().all(|track| !track.polled)));
    // The group that joined is known from now on.
    world.deliver("g", &[alert("Other", "web", "front-0")]).unwrap();
    assert_eq!(world.incidents.len(), 1);
}

#[test]
fn a_poll_opens_one_incident_for_each_workload() {
    let mut world = World::new();
    let alerts = [alert("A", "shop", POD), alert("B", "shop", POD), alert("A", "shop", "cart-0")];
    let receipt = world.take(POLL, None, &alerts, Overload::PutOff).unwrap();
    assert_eq!((receipt.opened.len(), receipt.received), (2, 3));
}

#[test]
fn replicas_of_prometheus_are_one_alert() {
    let mut world = World::new();
    let mut pair = [alert("Crash", "shop", POD), alert("Crash", "shop", POD)];
    for (alert, replica) in pair.iter_mut().zip(["a", "b"]) {
        alert.labels.insert("prometheus_replica".to_owned(), replica.to_owned());
        alert.fingerprint = replica.to_owned();
    }
    let receipt = world.deliver("g", &pair).unwrap();
    let incident = world.open().next().unwrap();
    assert_eq!((receipt.received, incident.alerts.len()), (2, 1));
}

#[test]
fn past_ninety_percent_only_open_incidents_are_served() {
    let mut world = World::new();
    let crash = alert("Crash", "shop", POD);
    let other = alert("Disk", "db", "pg-0");
    world.deliver("g", std::slice::from_ref(&crash)).unwrap();
    world.live.extend((0..94).map(|_| JobId::new()));
    let before = world.incidents.clone();
    let refused = world.deliver("h", std::slice::from_ref(&other)).unwrap_err();
    assert!(matches!(refused, Refused::Busy { utilisation, .. } if utilisation >= 0.9), "{refused}");
    let both = world.take("x", None, &[crash.clone(), other.clone()], Overload::Refuse);
    assert!(both.is_err() && world.incidents == before, "all or nothing");
    assert_eq!(world.deliver("g", &[crash.clone(), other.clone()]).unwrap().joined, 2, "one group, one incident");
    let poll = world.take(POLL, None, &[crash, alert("New", "web", "front-0")], Overload::PutOff).unwrap();
    assert_eq!((poll.joined, poll.put_off, poll.opened.len()), (1, 1, 0));
    assert!(world.accounted());
}

#[test]
fn a_reopened_incident_is_taken_without_a_job_when_there_is_no_room() {
    let mut world = World::new();
    let crash = alert("Crash", "shop", POD);
    world.deliver("g", std::slice::from_ref(&crash)).unwrap();
    world.live.clear();
    world.deliver("g", &[resolved(&crash)]).unwrap();
    world.live.extend((0..95).map(|_| JobId::new()));
    let receipt = world.deliver("g", &[crash]).unwrap();
    assert_eq!((receipt.received, receipt.jobs.len()), (1, 0));
    let incident = world.open().next().unwrap();
    assert_eq!(incident.state, IncidentState::Firing);
    assert!(world.living(incident).notes[0].contains("too many jobs"));
}

#[test]
fn a_disabled_pack_leaves_a_thread_that_says_so() {
    let mut world = World::new();
    world.packs = OnePack(false);
    let receipt = world.deliver("g", &[alert("Crash", "shop", POD)]).unwrap();
    assert!(receipt.jobs.is_empty());
    let status = &world.living(world.open().next().unwrap()).status;
    assert!(matches!(status, LivingStatus::Cancelled { why } if why.contains("switched off")), "{status:?}");
}

#[rstest]
#[case::critical(&["warning", "critical"], Priority::High)]
#[case::page(&["page"], Priority::High)]
#[case::warning(&["info", "warning"], Priority::Normal)]
#[case::info(&["info", "none"], Priority::Low)]
fn severity_is_priority(#[case] severities: &[&str], #[case] priority: Priority) {
    let mut world = World::new();
    let alerts: Vec<Alert> = severities
        .iter()
        .map(|severity| {
            let mut alert = alert(severity, "shop", POD);
            alert.labels.insert("severity".to_owned(), (*severity).to_owned());
            alert
        })
        .collect();
    world.deliver("g", &alerts).unwrap();
    assert_eq!(world.jobs[0].priority, priority);
}

#[test]
fn the_eleventh_group_of_a_minute_begins_a_storm() {
    let mut world = World::new();
    let groups: Vec<Alert> =
        (0..1000).map(|n| alert(&format!("A{}", n % 9), &format!("ns{}", n % 50), &format!("p{n}x"))).collect();
    for (n, alert) in groups.iter().enumerate() {
        world.deliver(&format!("g{n}"), std::slice::from_ref(alert)).unwrap();
    }
    assert_eq!((world.incidents.len(), world.jobs.len()), (11, 10));
    assert!(world.accounted());
    let storm = world.open().find(|i| matches!(i.kind, IncidentKind::Storm { .. })).unwrap().clone();
    assert_eq!(storm.received, 990);
    assert!(world.has_post(&storm, "storm"));
    let repeat = world.deliver("g0", &groups[..1]).unwrap();
    assert_eq!((repeat.joined, world.incidents[&storm.id].received), (1, 990), "an open incident keeps its alerts");
    for (n, alert) in groups.iter().enumerate() {
        world.deliver(&format!("g{n}"), &[resolved(alert)]).unwrap();
    }
    assert!(world.open().all(|incident| matches!(incident.state, IncidentState::Resolved(_))));
    let Some(PostBody::Storm(table)) =
        world.posts.get(&format!("thread:{}:storm", storm.thread)).map(|(_, body)| body.as_ref())
    else {
        panic!("no table")
    };
    assert_eq!((table.firing, table.received), (0, 1980));
    assert!(table.resolved_after.is_some() && world.accounted());
}

#[test]
fn a_storm_ends_when_nothing_new_comes_for_the_quiet_window() {
    let mut world = World::new();
    for n in 0..12 {
        world.deliver(&format!("g{n}"), &[alert("A", &format!("ns{n}"), "p-0")]).unwrap();
    }
    world.wait(Duration::from_mins(14));
    world.deliver("late", &[alert("B", "late", "p-0")]).unwrap();
    assert_eq!(world.incidents.len(), 11, "it still blows");
    world.wait(Duration::from_mins(15));
    world.deliver("new", &[alert("C", "new", "p-0")]).unwrap();
    assert_eq!(world.incidents.len(), 12, "it is over, so this has a thread of its own");
    assert!(world.accounted());
}

/// Mutes alerts of a name for an hour.
fn mute(name: &str, now: Timestamp) -> Mute {
    let (id, by, reason) = (crate::id::MuteId::new(), crate::job::Actor::default(), "noise".to_owned());
    let what = Muted::Alert { name: name.to_owned(), namespace: None };
    Mute { id, what, cluster: None, at: now, until: crate::clock::after(now, Duration::from_hours(1)), by, reason }
}

/// Alerts of a small world, so that they meet often.
fn any_delivery() -> impl Strategy<Value = (Option<u8>, Vec<Alert>, u64)> {
    let any_alert = (0..4_u8, 0..3_u8, 0..6_u8, any::<bool>(), 0..4_u8).prop_map(|(name, ns, pod, firing, told)| {
        let mut alert = alert(&format!("A{name}"), &format!("ns{ns}"), &format!("w{pod}-0"));
        if told == 0 {
            alert.labels.retain(|label, _| label != "pod" || pod % 2 == 0);
            alert.annotations.insert("told".to_owned(), "by a post".to_owned());
        }
        if firing { alert } else { resolved(&alert) }
    });
    (prop::option::of(0..8_u8), prop::collection::vec(any_alert, 1..6), 0..1200_u64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The world asserts on its own: revisions, keys of one open incident only, threads, one live job per incident.
    #[test]
    fn any_deliveries_keep_the_rules(
        deliveries in prop::collection::vec(any_delivery(), 1..40),
        groups in 1..6_usize,
        muted in prop::option::of(0..4_u8),
    ) {
        let mut world = World::new();
        world.mutes.extend(muted.map(|name| mute(&format!("A{name}"), world.now)));
        world.settings.storm_groups = groups;
        world.settings.queue_bound = 20;
        for (key, alerts, seconds) in deliveries {
            world.wait(Duration::from_secs(seconds));
            if seconds % 3 == 0 {
                world.live.clear();
            }
            let (source, overload) = if key.is_some() { ("alertmanager", Overload::Refuse) } else { (POLL, Overload::PutOff) };
            let key = key.map(|key| format!("g{key}"));
            let received = alerts.len() as u64;
            if let Ok(receipt) = world.take(source, key.as_deref(), &alerts, overload) {
                prop_assert_eq!(receipt.received + receipt.unknown + receipt.put_off + receipt.muted, received);
            }
            prop_assert!(world.accounted());
            for incident in world.open() {
                let firing = lifecycle::counts(incident, world.now).firing;
                prop_assert_eq!(firing > 0, incident.state == IncidentState::Firing);
                prop_assert!(world.has_post(incident, "opening") && world.has_post(incident, "living"));
            }
        }
    }

    #[test]
    fn a_delivery_that_comes_again_opens_nothing_and_hands_in_nothing(deliveries in prop::collection::vec(any_delivery(), 1..20)) {
        let mut world = World::new();
        for (key, alerts, _) in deliveries {
            let key = format!("g{}", key.unwrap_or_default());
            world.deliver(&key, &alerts).unwrap();
            let again = world.deliver(&key, &alerts).unwrap();
            prop_assert!(again.opened.is_empty() && again.jobs.is_empty());
        }
    }
}
