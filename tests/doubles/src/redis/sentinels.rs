//! A master, a replica, and three Sentinels that watch them.

use super::server::{Redis, Settings, words};
use super::until;

/// The name under which the Sentinels watch the master.
pub const MASTER: &str = "midwatch";

/// The servers and their Sentinels.
#[derive(Debug)]
pub struct Sentinels {
    servers: [Redis; 2],
    sentinels: Vec<Redis>,
}

impl Sentinels {
    /// Starts them, and waits until every Sentinel knows of all others. They give a master up after half a second.
    pub async fn start() -> Self {
        let master = Redis::start().await;
        let port = master.port().to_string();
        let follow = Settings { more: words(&["--replicaof", "127.0.0.1", &port]), ..Settings::default() };
        let replica = Redis::with(follow).await;
        until("the replica follows", async || replica.fact("master_link_status").await.as_deref() == Some("up")).await;
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            let sentinel = Redis::sentinel().await;
            sentinel.ask(&["SENTINEL", "MONITOR", MASTER, "127.0.0.1", &port, "2"]).await;
            sentinel
                .ask(&["SENTINEL", "SET", MASTER, "down-after-milliseconds", "500", "failover-timeout", "5000"])
                .await;
            sentinels.push(sentinel);
        }
        let all = Self { servers: [master, replica], sentinels };
        for sentinel in &all.sentinels {
            until("the Sentinels know each other and the replica", async || {
                sentinel.fact("master0").await.is_some_and(|line| line.contains("slaves=1,sentinels=3"))
            })
            .await;
        }
        all
    }

    /// The Sentinels' ports.
    pub fn ports(&self) -> Vec<u16> {
        self.sentinels.iter().map(Redis::port).collect()
    }

    /// The server that takes writes now, as the first Sentinel says.
    pub async fn master(&self) -> &Redis {
        let found = self.sentinels[0].ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]).await;
        let port: u16 = found[1].parse().unwrap();
        self.servers.iter().find(|server| server.port() == port).unwrap()
    }

    /// Kills the master, and waits until the replica has taken over.
    pub async fn fail_over(&self) {
        let old = self.master().await;
        old.kill();
        let other = self.servers.iter().find(|server| server.port() != old.port()).unwrap();
        until("the replica takes over", async || other.fact("role").await.as_deref() == Some("master")).await;
        until("the Sentinels say so", async || self.master().await.port() == other.port()).await;
    }

    /// Both servers.
    pub fn servers(&self) -> &[Redis; 2] {
        &self.servers
    }
}
