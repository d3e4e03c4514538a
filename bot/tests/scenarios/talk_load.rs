//! How soon a command is acknowledged while investigations run and alerts come in: printed, not asserted.

use std::sync::Arc;
use std::time::Duration;

use midwatch_doubles::slack::{Kind, Limits, Options};

use crate::chat::{ALERTS, ANN, ASK, BOB, By, OPS, Team, posted_about};

const COMMANDS: usize = 300;
const AT_ONCE: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_acknowledged_under_load() {
    let extra = "incidents: {storm_groups: 1000}\njobs: {queue: 1000}\n\
        conversation: {user_starts: 1000, channel_starts: 1000, workspace_starts: 1000}\n";
    let options = Options { limits: Limits::none(), ..Options::default() };
    let team = Arc::new(Team::with_alerts_in(By::Sockets, options, extra, &[ALERTS.to_owned()]).await);
    let mut server = team.place.start();
    server.ready().await;
    for round in 0..COMMANDS / AT_ONCE {
        team.slack.mention(BOB, OPS, None, ASK);
        let alert = posted_about(&format!("Slow{round}"), &format!("load{round}"));
        team.slack.post_as_app(ALERTS, &alert);
        let asked = (0..AT_ONCE).map(|number| {
            let team = team.clone();
            let text = ["list jobs", "status", "list incidents", "help"][number % 4];
            tokio::spawn(async move { team.slack.slash(ANN, OPS, text).await })
        });
        for asked in asked.collect::<Vec<_>>() {
            asked.await.unwrap().expect("acknowledged within three seconds");
        }
    }
    let receipts = team.slack.receipts();
    let commands = receipts.iter().filter(|r| r.kind == Kind::Command).filter_map(|r| r.elapsed).collect();
    told("commands", commands);
    told("everything", team.slack.acknowledgement_times());
    assert!(receipts.iter().filter(|r| r.kind == Kind::Command).count() == COMMANDS);
    server.kill();
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    eprintln!("{what}: {} acknowledged; p50 {:?}, p95 {:?}, p99 {:?}", times.len(), at(50), at(95), at(99));
}
