//! The gauges follow the store, the fleet and the health of the parts.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::clock::SystemClock;
use midwatch_service::fleet::{Order, Replica, Role};
use midwatch_service::health::Status;
use midwatch_service::id::WorkerId;
use midwatch_service::job::Actor;
use midwatch_service::metrics::{Connections, Gauges};
use midwatch_service::port::store::{Store as _, Write};
use tokio_util::sync::CancellationToken;

use crate::world::{Cluster, Wish, World, now};

fn replica(name: &str, roles: &[Role], slots: u32, leads: &[&str]) -> Replica {
    Replica {
        id: WorkerId(name.to_owned()),
        host: "here".to_owned(),
        version: "1".to_owned(),
        roles: roles.to_vec(),
        slots,
        running: 0,
        started_at: now(),
        seen_at: now(),
        draining: false,
        leads: leads.iter().map(|what| (*what).to_owned()).collect(),
    }
}

/// Waits until all of these lines are told.
async fn told(world: &World, lines: &[&str]) {
    let all = async {
        loop {
            let text = world.metrics.encode();
            if lines.iter().all(|line| text.lines().any(|told| told == *line)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let come = tokio::time::timeout(Duration::from_secs(30), all).await;
    assert!(come.is_ok(), "not all of {lines:#?} in\n{}", world.metrics.encode());
}

#[tokio::test]
async fn what_is_shared_is_told_by_every_process() {
    let world = World::new(Cluster::Answers);
    let gauges = Gauges {
        store: world.store.clone(),
        clock: Arc::new(SystemClock),
        health: Arc::clone(&world.health),
        metrics: Arc::clone(&world.metrics),
        platforms: vec!["double"],
        connections: Some(Box::new(|| Connections { open: 3, made: 4, ..Connections::default() })),
        slots: 5,
        queue_bound: 6,
    };
    world.health.expect("store", true);
    world.health.report("slack", Status::Down, "away", None, now());
    world.ask(Wish::default()).await;
    let gone = Duration::from_mins(5);
    let leads = ["gateway:discord"];
    let one = replica("a", &[Role::Gateway, Role::Worker], 4, &leads);
    world.store.announce(&one, now(), gone).await.unwrap();
    let order = Order { by: Actor::default(), reason: "a test".to_owned(), at: now() };
    world.commit(vec![Write::Kill(Some(order))]).await;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let running = tokio::spawn(async move { gauges.run(stopped).await });
    told(
        &world,
        &[
            "midwatch_queue_jobs{priority=\"normal\"} 1",
            "midwatch_queue_jobs{priority=\"high\"} 0",
            // One job waits; four slots that are told of and six that may wait: one of ten.
            "midwatch_utilisation_ratio 0.1",
            "midwatch_replicas{role=\"api\"} 0",
            "midwatch_replicas{role=\"worker\"} 1",
            "midwatch_replicas_draining 0",
            "midwatch_leaders{duty=\"gateway:discord\"} 1",
            "midwatch_kill_switch 1",
            "midwatch_health_status{part=\"store\",required=\"true\",status=\"starting\"} 1",
            "midwatch_health_status{part=\"slack\",required=\"false\",status=\"down\"} 1",
            "midwatch_health_status{part=\"slack\",required=\"false\",status=\"up\"} 0",
            "midwatch_store_connections 3",
            "midwatch_store_connections_made_total 4",
        ],
    )
    .await;
    let late = world.metrics.encode();
    let late = late.lines().find_map(|line| line.strip_prefix("midwatch_outbox_delay_seconds{platform=\"double\"} "));
    assert!(late.is_some_and(|seconds| seconds.parse::<f64>().unwrap() > 0.0), "{late:?}");

    world.store.leave(&WorkerId("a".to_owned())).await.unwrap();
    world.commit(vec![Write::Kill(None)]).await;
    world.health.report("store", Status::Up, "", None, now());
    told(
        &world,
        &[
            "midwatch_leaders{duty=\"gateway:discord\"} 0",
            "midwatch_replicas{role=\"worker\"} 0",
            "midwatch_kill_switch 0",
            "midwatch_health_status{part=\"store\",required=\"true\",status=\"starting\"} 0",
            "midwatch_health_status{part=\"store\",required=\"true\",status=\"up\"} 1",
        ],
    )
    .await;
    stop.cancel();
    running.await.unwrap();
}
