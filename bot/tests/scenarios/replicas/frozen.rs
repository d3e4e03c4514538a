//! Processes that stop in the middle of something and go on long after others have taken over: by SIGSTOP, or because the line
//! to Redis is cut.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Shift, hand_in};

/// Beyond the leases of jobs (10 s), and of what one process leads (6 s).
const LONG: Duration = Duration::from_secs(15);

/// Groups before, while and after one is away.
const GROUPS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_frozen_beyond_its_leases_and_goes_on_doubles_nothing() {
    away(async |_, server| server.signal("STOP"), async |_, server| server.signal("CONT")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_cut_off_beyond_its_leases_doubles_nothing() {
    away(async |shift, _| shift.fleet.sites[0].line.cut(), async |shift, _| shift.fleet.sites[0].line.mend()).await;
}

/// One of two goes away under load, and comes back.
async fn away(
    leave: impl AsyncFn(&Shift, &crate::support::Server),
    come_back: impl AsyncFn(&Shift, &crate::support::Server),
) {
    let all = "gateway,worker,api";
    let shift = Shift::new(&[all, all]).await;
    let servers = shift.start_all().await;
    let urls: Vec<String> = servers.iter().map(|server| server.url.clone()).collect();
    let mut taken = BTreeSet::new();
    for number in 0..GROUPS {
        let name = format!("Before{number}");
        assert!(hand_in(&urls, number, &name).await);
        taken.insert(name);
    }
    leave(&shift, &servers[0]).await;
    let gone = tokio::time::sleep(LONG);
    let others = &urls[1..];
    let handing = async {
        for number in 0..GROUPS {
            let name = format!("While{number}");
            assert!(hand_in(others, 0, &name).await, "the other takes it\n{}", shift.fleet.logged());
            taken.insert(name);
        }
    };
    tokio::join!(gone, handing);
    come_back(&shift, &servers[0]).await;
    for number in 0..GROUPS {
        let name = format!("After{number}");
        assert!(hand_in(&urls, number, &name).await);
        taken.insert(name);
    }
    shift.accounts(&servers[1], &taken).await;
    for server in servers {
        assert!(server.terminate().success());
    }
}
