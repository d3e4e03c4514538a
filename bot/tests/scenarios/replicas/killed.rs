//! `kill -9` of one of three, again and again, at seeded points under load.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Shift, hand_in};
use crate::kill::Seeded;

/// Points at which one is killed.
const KILLS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_killed_costs_no_job_and_no_doubled_post() {
    let all = "gateway,worker,api";
    let shift = Shift::new(&[all, all, all]).await;
    let mut servers = shift.start_all().await;
    let urls: Vec<String> = servers.iter().map(|server| server.url.clone()).collect();
    let mut seeded = Seeded(20_261_124);
    let mut taken = BTreeSet::new();
    for round in 0..KILLS {
        let names: Vec<String> = (0..3).map(|number| format!("Killed{round}n{number}")).collect();
        let handing = async {
            for (number, name) in names.iter().enumerate() {
                assert!(hand_in(&urls, number, name).await, "{name} is taken by none\n{}", shift.fleet.logged());
            }
        };
        let killing = async {
            tokio::time::sleep(Duration::from_millis(seeded.below(900))).await;
            let victim = round % servers.len();
            servers.remove(victim).kill();
            servers.insert(victim, shift.fleet.sites[victim].start());
        };
        tokio::join!(handing, killing);
        taken.extend(names);
    }
    for server in &mut servers {
        server.ready().await;
    }
    shift.accounts(&servers[0], &taken).await;
    for server in servers {
        assert!(server.terminate().success());
    }
}
