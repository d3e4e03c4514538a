//! An API server of Kubernetes: discovery, lists in pages, tables, logs, access reviews, on 127.0.0.1.
//!
//! It speaks the paths, bodies and sentences of the real one, fed from a recording or generated; faults are injected by
//! path. Start at [`ApiServer`].
//!
//! ```text
//! world       what there is: objects by resource, logs, refusals that a recording holds
//! snapshot    a world out of a recording
//! generated   a world of any size, always the same
//! rbac        who may do what, and the words of a refusal
//! faults      what goes wrong, where and how often
//! serve       requests in, answers out
//! running     a server that listens; stopped on drop
//! ```

#![allow(clippy::expect_used, reason = "a double that cannot do its work fails the test that uses it")]

mod faults;
mod generated;
mod logs;
mod rbac;
mod running;
mod serve;
mod snapshot;
mod status;
mod world;

use std::path::Path;

pub use faults::Fault;
pub use rbac::Rule;
pub use running::Running;

use rbac::Rbac;
use world::World;

/// An API server that does not listen yet.
#[derive(Debug, Default)]
pub struct ApiServer {
    world: World,
    rbac: Rbac,
}

impl ApiServer {
    /// A cluster as a recording has it, in the layout of `kubectl cluster-info dump`. What the recording does not hold is
    /// not served (404); where it holds a refusal instead of data, the server refuses with the same words.
    ///
    /// # Panics
    /// When the directory cannot be read.
    pub fn from_snapshot(dir: &Path) -> Self {
        Self { world: snapshot::load(dir), rbac: Rbac::default() }
    }

    /// A cluster of so many pods in ten namespaces `load-0` to `load-9`, with so many events; one Deployment, `load-0/app-0`,
    /// crashes for a setting that it misses. Always the same.
    pub fn generated(pods: usize, events: usize) -> Self {
        Self { world: generated::world(pods, events), rbac: Rbac::default() }
    }

    /// Lets a bearer token do what the rules allow. Once there is one token, requests without a known one get a 401.
    #[must_use]
    pub fn token(mut self, token: &str, user: &str, rules: Vec<Rule>) -> Self {
        self.rbac.add(token, user, rules);
        self
    }

    /// Adds one object, given as in a manifest: `kind` and `apiVersion` say where it belongs.
    ///
    /// # Panics
    /// When it names no kind.
    #[must_use]
    pub fn object(mut self, manifest: serde_json::Value) -> Self {
        self.world.add(manifest);
        self
    }

    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start(self) -> Running {
        running::start(self.world, self.rbac).await
    }
}
