//! A conversation on Discord from end to end: what is asked is answered in a thread of it.

use std::time::Duration;

use midwatch_doubles::discord::Message;
use midwatch_doubles::kubernetes::Fault;

use crate::chat::{ASK, By};
use crate::guild::{ALERTS, ANN, Guild, OPS, is_report, posted, refused, tag};
use crate::support::Server;

async fn start(guild: &Guild) -> Server {
    let mut server = guild.place.start();
    server.ready().await;
    guild.discord.wait_for("a session", |discord| (discord.identified() > 0).then_some(())).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_answered_in_a_thread_of_it_with_a_living_message_and_a_report() {
    let guild = Guild::new(By::Sockets).await;
    // Long enough that progress is seen.
    guild.place.cluster.fault("/log", Fault::Slow(Duration::from_secs(3)), 2);
    let server = start(&guild).await;
    let root = guild.discord.mention(ANN, OPS, ASK);
    let report = guild.report(OPS, &root).await;
    assert!(report.reads().contains("CAUSE") && report.reads().contains("DATABASE_URL"), "{}", report.reads());
    let buttons = report.buttons().join(" ");
    for action in ["evidence", "deeper", "again", "ask", "helpful", "unhelpful"] {
        assert!(buttons.contains(&format!("mw1:{action}:")), "{buttons}");
    }
    let ended = |m: &Message| !m.before.is_empty() && m.buttons().is_empty() && m.reads().contains("CAUSE");
    let living = guild.reply(OPS, &root, ended).await;
    assert!(living.id < report.id, "it was there before the report: {}", guild.discord.told());
    let own = guild.discord.own(OPS);
    assert!(own.iter().all(|m| m.channel == root && tag(m).is_some()), "{}", guild.discord.told());
    assert_eq!(own.len(), 2, "the living message, the report: {}", guild.discord.told());
    assert_eq!(own.iter().filter(|m| is_report(m)).count(), 1);
    assert!(refused(&guild.discord).is_empty(), "{:?}", refused(&guild.discord));
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_embed_has_its_thread_that_a_resolve_flips() {
    let guild = Guild::new(By::Sockets).await;
    let server = start(&guild).await;
    let root = guild.discord.post_as_webhook(ALERTS, &posted("FIRING:1", "KubePodCrashLooping"));
    let report = guild.report(ALERTS, &root).await;
    assert!(report.reads().contains("DATABASE_URL"), "{}", report.reads());
    server.idle().await;
    guild.discord.edit_as_webhook(ALERTS, &root, &posted("RESOLVED", "KubePodCrashLooping"));
    let flipped = |m: &Message| !m.before.is_empty() && m.reads().to_uppercase().contains("RESOLVED");
    guild.reply(ALERTS, &root, flipped).await;
    let own = guild.discord.own(ALERTS);
    assert!(own.iter().all(|m| m.channel == root), "{}", guild.discord.told());
    assert_eq!(own.iter().filter(|m| is_report(m)).count(), 1, "{}", guild.discord.told());
    assert!(refused(&guild.discord).is_empty(), "{:?}", refused(&guild.discord));
    assert!(server.terminate().success());
}
