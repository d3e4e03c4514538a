//! The same thing, heard by two at the same moment: one incident, one thread, one report.

use std::collections::BTreeSet;

use midwatch_doubles::slack::DeliveryFault;

use super::{Shift, group, hand_in};
use crate::chat::{ALERTS, is_report, posted_about};

/// Alerts, each heard twice.
const ALERTS_HEARD: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_heard_by_two_is_one_incident() {
    let all = "gateway,worker,api";
    let shift = Shift::new(&[all, all]).await;
    let servers = shift.start_all().await;
    // Every socket of both takes what comes next, so the two copies of one message often go to two processes.
    shift.slack.wait_for("the sockets of both", |slack| (slack.sockets() >= 4).then_some(())).await;
    shift.slack.delivery_chaos(7, 100, vec![DeliveryFault::Twice]);
    let mut taken = BTreeSet::new();
    let mut roots = Vec::new();
    for number in 0..ALERTS_HEARD {
        let name = format!("Heard{number}");
        roots.push(shift.slack.post_as_app(ALERTS, &posted_about(&name, &format!("service-{number}"))));
        taken.insert(name);
    }
    for root in &roots {
        let look =
            |slack: &midwatch_doubles::slack::Slack| slack.thread(ALERTS, root).iter().any(is_report).then_some(());
        shift.slack.wait_for("the report", look).await;
    }
    shift.rest(&servers[0]).await;
    assert_eq!(incidents(&shift).await, ALERTS_HEARD);
    for (key, times) in shift.shown() {
        assert_eq!(times, 1, "{key} stands {times} times");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_at_two_replicas_is_one_incident() {
    let all = "gateway,worker,api";
    let shift = Shift::new(&[all, all]).await;
    let servers = shift.start_all().await;
    let names: BTreeSet<String> = (0..ALERTS_HEARD).map(|number| format!("Both{number}")).collect();
    for name in &names {
        let body = group(name);
        let (a, b) = tokio::join!(
            servers[0].post("/webhook/alertmanager", &body),
            servers[1].post("/webhook/alertmanager", &body)
        );
        for answer in [a, b] {
            let (status, told) = answer.unwrap();
            assert_eq!(status, 200, "{told}");
        }
    }
    shift.accounts(&servers[0], &names).await;
    assert_eq!(incidents(&shift).await, names.len());
    assert!(hand_in(&[servers[1].url.clone()], 0, "One more").await);
}

/// Incidents that are open, as Redis has them.
async fn incidents(shift: &Shift) -> usize {
    let listed = shift.fleet.redis.ask(&["ZCARD", "{midwatch}:incidents:open"]).await;
    listed[0].parse().unwrap()
}
