//! A cluster of three masters without replicas.

use super::server::{Redis, Settings, free_port, words};
use super::until;

/// Slots of a cluster (redis.io, cluster specification).
const SLOTS: u16 = 16_384;

/// The nodes.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts three nodes that share the slots, and waits until each sees the cluster whole.
    pub async fn start() -> Self {
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            // Its default, the port and ten thousand, may be beyond the last port.
            let bus = free_port().to_string();
            let more = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", &bus];
            nodes.push(Redis::with(Settings { more: words(&more), ..Settings::default() }).await);
            buses.push(bus);
        }
        for (n, node) in (0_u16..).zip(&nodes) {
            let (first, last) = (n * (SLOTS / 3), if n == 2 { SLOTS - 1 } else { (n + 1) * (SLOTS / 3) - 1 });
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await;
            let epoch = (n + 1).to_string();
            node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await;
        }
        for (node, bus) in nodes.iter().zip(&buses).skip(1) {
            let port = node.port().to_string();
            nodes[0].ask(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]).await;
        }
        for node in &nodes {
            until("the cluster is whole", async || {
                let info = node.ask(&["CLUSTER", "INFO"]).await.concat();
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
            .await;
        }
        Self { nodes }
    }

    /// The nodes' ports.
    pub fn ports(&self) -> Vec<u16> {
        self.nodes.iter().map(Redis::port).collect()
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }
}
