//! How soon a command is acknowledged on Slack and on Discord while investigations run and alerts come in on both: printed,
//! not asserted.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::ASK;
use crate::crowd::{Both, Crowd};

const COMMANDS: usize = 300;
const AT_ONCE: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_acknowledged_under_load() {
    let extra = "incidents: {storm_groups: 1000}\njobs: {queue: 1000}\n\
        conversation: {user_starts: 1000, channel_starts: 1000, workspace_starts: 1000}\n";
    let both = Both::new(extra).await;
    let mut server = both.place.start();
    server.ready().await;
    both.discord.wait_for("a session", |discord| (discord.identified() > 0).then_some(())).await;
    let [slack, discord] = &both.crowds;
    let (on_slack, on_discord) = tokio::join!(load(slack, "first"), load(discord, "first"));
    told("slack, by socket", on_slack);
    told("discord, by gateway", on_discord);
    server.kill();
    signed(&both).await;
}

/// The same where interactions come as signed requests: on Slack nobody speaks meanwhile.
async fn signed(both: &Both) {
    let key = both.discord.public_key();
    let mut server = both.place.start_with(&[("discord__public_key", &key)]);
    server.ready().await;
    let endpoint = format!("{}/discord/interactions", server.url);
    both.discord.deliver_interactions_to(&endpoint).await.expect("an endpoint that Discord takes");
    told("discord, by endpoint", load(&both.crowds[1], "second").await);
    server.kill();
}

/// Commands beside mentions and alerts; how long each took.
async fn load(crowd: &Arc<dyn Crowd>, time: &str) -> Vec<Duration> {
    let mut times = Vec::new();
    for round in 0..COMMANDS / AT_ONCE {
        crowd.mention(&crowd.talk(0), ASK);
        crowd.alert(&crowd.alerts(0), &format!("Slow{round}"), &format!("{}{time}{round}", crowd.name()));
        let asked = (0..AT_ONCE).map(|number| {
            let crowd = crowd.clone();
            tokio::spawn(async move { crowd.quick(&crowd.talk(1), number).await })
        });
        for asked in asked.collect::<Vec<_>>() {
            times.push(asked.await.unwrap().expect("acknowledged within three seconds"));
        }
    }
    times
}

fn told(by: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    eprintln!("{by:<20} {} commands acknowledged; p50 {:?}, p95 {:?}, p99 {:?}", times.len(), at(50), at(95), at(99));
}
