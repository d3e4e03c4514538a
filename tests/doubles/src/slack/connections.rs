//! Which sockets are open, and what they are told to do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Connections of one app at once.
pub(super) const CONNECTIONS_CAP: usize = 10;

/// Why Slack asks an app to connect anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnect {
    /// The connection will end within ten seconds.
    Warning,
    /// The connection is old and should be replaced.
    RefreshRequested,
    /// Socket Mode was switched off.
    LinkDisabled,
}

impl Disconnect {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::RefreshRequested => "refresh_requested",
            Self::LinkDisabled => "link_disabled",
        }
    }
}

/// What a connection is told to do.
pub(super) enum Order {
    Ask(Disconnect),
    Drop,
}

/// The connections of the app.
#[derive(Default)]
pub(super) struct Connections {
    tickets: BTreeSet<String>,
    open: BTreeMap<u64, VecDeque<Order>>,
    opened: u64,
}

impl Connections {
    pub(super) fn admit(&mut self, ticket: &str) {
        self.tickets.insert(ticket.to_owned());
    }

    /// Whether a ticket is good; it is used up.
    pub(super) fn redeem(&mut self, ticket: &str) -> bool {
        self.tickets.remove(ticket)
    }

    /// A new connection: its number, and how many there are with it.
    pub(super) fn join(&mut self) -> (u64, usize) {
        self.opened += 1;
        self.open.insert(self.opened, VecDeque::new());
        (self.opened, self.open.len())
    }

    /// A connection has ended.
    pub(super) fn leave(&mut self, id: u64) {
        self.open.remove(&id);
    }

    /// What a connection is to do next, beside bringing what there is.
    pub(super) fn order(&mut self, id: u64) -> Option<Order> {
        self.open.get_mut(&id)?.pop_front()
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// How many were ever opened.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    /// Every connection is asked to be replaced.
    pub(super) fn ask(&mut self, why: Disconnect) {
        self.open.values_mut().for_each(|orders| orders.push_back(Order::Ask(why)));
    }

    /// Every connection breaks.
    pub(super) fn drop_all(&mut self) {
        self.open.values_mut().for_each(|orders| orders.push_back(Order::Drop));
    }
}
