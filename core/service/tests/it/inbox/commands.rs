//! The verbs, as a terminal sees them: the same handlers, answered to the caller.

use std::collections::BTreeMap;

use midwatch_diagnosis::alert::Alert;
use midwatch_service::health::Status;
use midwatch_service::id::ThreadId;
use midwatch_service::intake::{Delivery, Refused};
use midwatch_service::job::JobState;
use midwatch_service::port::store::Store as _;

use super::town::{Town, anyone, origin, plain, rules};
use crate::world::{Cluster, now};

async fn said(town: &Town, thread: Option<ThreadId>, text: &str) -> String {
    match town.say("alice", thread, text).await {
        Ok(spoke) => plain(&spoke.answer),
        Err(refused) => refused.to_string(),
    }
}

/// An alert that fires; the thread of its incident.
async fn alerted(town: &Town) -> ThreadId {
    let labels = [("alertname", "KubePodCrashLooping"), ("namespace", "inc-crashloop"), ("pod", "payments-api-0")];
    let labels: BTreeMap<String, String> = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let (name, fingerprint) = ("KubePodCrashLooping".to_owned(), "f1".to_owned());
    let alert = Alert { name, firing: true, fingerprint, labels, ..Alert::default() };
    let (source, group_key) = ("alertmanager".to_owned(), Some("group".to_owned()));
    let delivery = Delivery { source, group_key, alerts: vec![alert], origin: origin("alice"), ..Delivery::default() };
    let opened = town.intake.deliver(delivery).await.unwrap().opened;
    town.world.store.incident(opened[0]).await.unwrap().unwrap().thread
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_known_by_a_part_of_its_id() {
    let town = Town::new(Cluster::Hangs, anyone());
    let spoke = town.say("alice", None, "investigate payments-api -n inc-crashloop -c prod").await.unwrap();
    let id = spoke.job.expect("a job");
    assert!(plain(&spoke.answer).contains(&id.to_string()));
    town.world.until(id, "the start", |job| job.state == JobState::Running).await;
    let whole = id.to_string();
    for part in [whole.as_str(), &whole[whole.len() - 8..]] {
        let text = said(&town, None, &format!("status {part}")).await;
        assert!(text.contains("payments-api in inc-crashloop") && text.contains("running since"), "{text}");
    }
    let text = said(&town, None, "status 0000000000000000000000000000abcd").await;
    assert!(text.starts_with("there is no job or incident"), "{text}");
    assert!(said(&town, None, "status").await.contains(&whole[whole.len() - 8..]));
    let text = said(&town, None, "list").await;
    assert!(text.contains("| running | payments-api in inc-crashloop | alice |"), "{text}");
    assert!(said(&town, None, &format!("stop {whole} --reason enough")).await.starts_with("Stopping job"));
    let job = town.world.ended(id).await;
    assert_eq!((job.state, job.cancel.unwrap().reason.as_str()), (JobState::Cancelled, "enough"));
    assert!(said(&town, None, &format!("stop {whole}")).await.starts_with("Nothing runs"));
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_explained_and_tells_its_timeline() {
    let town = Town::new(Cluster::Answers, anyone());
    let spoke = town.say("alice", None, "investigate payments-api -n inc-crashloop --since 12h").await.unwrap();
    let id = spoke.job.unwrap();
    town.world.ended(id).await;
    let all = said(&town, None, &format!("explain --of {id}")).await;
    let one = said(&town, None, &format!("explain e1 --of {id}")).await;
    assert!(all.contains("e1") && one.contains("e1") && one.len() < all.len(), "{one}");
    let none = said(&town, None, &format!("explain e999 --of {id}")).await;
    assert!(none.starts_with("there is no evidence `e999` in this report; there is e1 to e"), "{none}");
    assert!(!said(&town, None, &format!("timeline {id}")).await.is_empty());
    let text = said(&town, None, &format!("ask why? --of {id}")).await;
    assert!(text.contains("DATABASE_URL"), "{text}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_muted_by_name_or_from_their_thread_and_speak_again() {
    let town = Town::new(Cluster::Hangs, anyone());
    let thread = alerted(&town).await;
    let text = said(&town, Some(thread), "mute --for 2h --reason 'known for long'").await;
    assert!(text.starts_with("Muted KubePodCrashLooping in inc-crashloop until"), "{text}");
    assert!(text.contains("(2 h), by alice."), "{text}");
    let text = said(&town, None, "mute NodeNotReady").await;
    assert!(text.starts_with("Muted NodeNotReady until") && text.contains("(1 h)"), "{text}");
    let mutes = town.world.store.mutes(now()).await.unwrap();
    assert_eq!(mutes.len(), 2);
    let text = said(&town, None, "list mutes").await;
    assert!(text.contains("KubePodCrashLooping in inc-crashloop | ") && text.contains("known for long"), "{text}");
    assert!(said(&town, Some(thread), "unmute").await.contains("may speak again"));
    let id = mutes.iter().find(|mute| format!("{:?}", mute.what).contains("NodeNotReady")).unwrap().id.to_string();
    assert!(
        said(&town, None, &format!("unmute {}", &id[id.len() - 8..])).await.contains("NodeNotReady may speak again")
    );
    assert!(town.world.store.mutes(now()).await.unwrap().is_empty());
    assert!(said(&town, None, "unmute NodeNotReady").await.starts_with("nothing like that is muted"));
    let text = said(&town, None, "mute").await;
    assert!(text.starts_with("this is no thread of an alert"), "{text}");
    let trail = town.world.store.audit(0, 100).await.unwrap();
    let acts: Vec<&str> = trail.iter().map(|s| s.entry.action.as_str()).filter(|a| a.contains("mute")).collect();
    assert_eq!(acts, ["mute", "mute", "unmute", "unmute"]);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_packs_and_parts_are_shown() {
    let town = Town::new(Cluster::Hangs, anyone());
    let thread = alerted(&town).await;
    let text = said(&town, None, "list incidents").await;
    assert!(text.contains("| firing | KubePodCrashLooping inc-crashloop | 1 |"), "{text}");
    let text = said(&town, Some(thread), "status").await;
    assert!(text.contains("Incident") && text.contains("1 alerts fire"), "{text}");
    town.world.health.report("prometheus", Status::Degraded, "no answer; is it up?", None, now());
    let text = said(&town, None, "doctor").await;
    assert!(
        text.contains("are not well") && text.contains("prometheus | degraded |  | no answer; is it up?"),
        "{text}"
    );
    assert!(said(&town, None, "pack list").await.contains("default | on | 1.0.0 | built in | everything"));
    assert!(said(&town, None, "pack disable default").await.starts_with("Pack `default` is off"));
    assert!(said(&town, None, "investigate payments-api").await.contains("is switched off"));
    assert!(said(&town, None, "pack enable nope").await.contains("there is no pack `nope`; there are: default"));
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_names_its_namespace_needs_no_right_to_others() {
    let town = Town::new(Cluster::Hangs, rules(r#"[{"who": {"user": "alice"}, "namespaces": ["shop"]}]"#));
    town.say("alice", None, "investigate shop/checkout").await.unwrap();
    assert_eq!(town.newest().await.spec.request.namespace.as_deref(), Some("shop"));
    for text in ["investigate pay/checkout", "investigate shop/a pay/b", "investigate deploy/checkout"] {
        let refused = town.say("alice", None, text).await.unwrap_err();
        assert!(matches!(refused, Refused::Denied(_)), "{text}: {refused}");
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_does_what_they_may_not() {
    let town = Town::new(
        Cluster::Hangs,
        rules(r#"[{"who": {"user": "bob"}}, {"who": {"user": "alice"}, "namespaces": ["shop"]}]"#),
    );
    let id = town.say("bob", None, "investigate payments-api -n inc-crashloop").await.unwrap().job.unwrap();
    let tail = &id.to_string()[24..];
    for text in ["investigate payments-api -n pay", "investigate payments-api", "mute Foo", "doctor", "pack list"] {
        let refused = town.say("alice", None, text).await.unwrap_err();
        assert!(matches!(refused, Refused::Denied(_)), "{text}: {refused}");
    }
    for text in ["status", "stop", "retry", "explain --of", "timeline"] {
        let refused = town.say("alice", None, &format!("{text} {id}")).await.unwrap_err();
        assert!(matches!(refused, Refused::Denied(_)), "{text}: {refused}");
    }
    assert_eq!(said(&town, None, "list").await, "Nothing was investigated yet.");
    assert_eq!(said(&town, None, "status").await, "Nothing runs and nothing waits.");
    assert!(said(&town, None, &format!("status {tail}")).await.starts_with("there is no job or incident"));
    assert_eq!(town.jobs().await.len(), 1);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_there_is_not_is_told() {
    let town = Town::new(Cluster::Answers, anyone());
    let text = said(&town, None, "investigate payments-api -c moon").await;
    assert_eq!(text, "there is no cluster `moon`; there are: prod");
    town.stop().await;
}
