//! Discord's gateway, where a bot listens once: another process takes over within seconds.

use std::time::Instant;

use midwatch_doubles::discord::Options;

use super::{Fleet, QUICK, eventually};
use crate::chat::{By, permissions};
use crate::guild::{ANN, OPS, guild, is_report, section, thread};

/// What is asked.
const ASK: &str = "investigate payments-api -n inc-crashloop";

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_taken_over_and_what_was_said_meanwhile_is_answered_once() {
    let discord = guild(Options::default(), &[]).await;
    let rules = permissions(&[("discord", ANN)]);
    let extra = format!("{}{rules}{QUICK}", section(&discord, By::Sockets, &[OPS.to_owned()], &[]));
    let all = "gateway,worker,api";
    let fleet = Fleet::new(&[all, all], &extra).await;
    let logged = || fleet.logged();
    let first = fleet.sites[0].started().await;
    eventually("the first listens", logged, async || (discord.sockets() == 1).then_some(())).await;
    let second = fleet.sites[1].started().await;
    let asked = discord.mention(ANN, OPS, ASK);
    let report = async |root: &str| {
        let look = async || thread(&discord, OPS, root).iter().any(is_report).then_some(());
        eventually("the report", logged, look).await;
    };
    report(&asked).await;
    assert_eq!(discord.sockets(), 1, "one of two listens");

    first.kill();
    eventually("the line breaks", logged, async || (discord.sockets() == 0).then_some(())).await;
    let began = Instant::now();
    let asked_of_nobody = discord.mention(ANN, OPS, ASK);
    eventually("the second listens", logged, async || (discord.sockets() == 1).then_some(())).await;
    eprintln!("the gateway was taken over within {:?}", began.elapsed());
    let asked_of_second = discord.mention(ANN, OPS, ASK);
    report(&asked_of_second).await;
    report(&asked_of_nobody).await;
    for root in [&asked, &asked_of_nobody, &asked_of_second] {
        let reports = thread(&discord, OPS, root).iter().filter(|message| is_report(message)).count();
        assert_eq!(reports, 1, "{}", fleet.logged());
    }
    assert!(second.terminate().success());
}
