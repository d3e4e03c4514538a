//! What this process does, of everything that a server does.
//!
//! | part | role |
//! | --- | --- |
//! | sockets and signed requests of chat platforms, what was heard, the outbox | gateway |
//! | jobs, leases that ended, retention | worker |
//! | webhooks, the REST API, polling of alerts | api |
//! | `/metrics`, `/health`, quiet windows and storms, packs that changed | each |
//!
//! With the embedded store one process does all of it. What stays with one process, also where several share a store: the
//! console's folder of threads and the file of checkpoints (on the machine of who leads them; whoever takes over begins its
//! own), how many groups came lately (a storm is told by the first process that has seen enough, the others then join it),
//! and how much a person has started lately (the allowance counts in each process that handles words). Start at [`Roles`].

use std::collections::BTreeSet;

use midwatch_config::Settings;
use midwatch_service::fleet::Role;

/// The roles of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Roles(BTreeSet<Role>);

impl Roles {
    /// As configured; what is no role was refused with the configuration.
    pub(super) fn of(settings: &Settings) -> Self {
        let named = |role: &Role| settings.server.roles.iter().any(|name| name == role.as_str());
        Self(Role::ALL.into_iter().filter(named).collect())
    }

    /// Whether this is one of them.
    pub(super) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Role> {
        self.0.iter().copied().collect()
    }
}
