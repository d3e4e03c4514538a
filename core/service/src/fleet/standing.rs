//! How this process stands among those that share its store: what is ordered of it, and what it leads. The member
//! ([`Member`](super::Member)) writes it, everybody else asks.
//!
//! What the store said counts for as long as a lease and no longer: a process that was frozen or cut off takes up nothing
//! new until it has heard its orders again, and leads nothing from the moment another may. Must never wait for anything.
//! Start at [`Standing::may_claim`] and [`Standing::leads`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{Order, Orders};

/// How a process stands. Without [`Standing::among_others`] it is alone: nobody orders anything of it, and it leads
/// everything.
#[derive(Debug)]
pub struct Standing {
    /// None when it is alone.
    state: Option<watch::Sender<State>>,
    running: AtomicU32,
}

#[derive(Clone, Debug, Default)]
struct State {
    orders: Orders,
    /// Until when what was heard counts; none before anything was.
    until: Option<Timestamp>,
    /// What it leads, and until when.
    leads: BTreeMap<String, Timestamp>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { state: None, running: AtomicU32::new(0) }
    }
}

impl Standing {
    /// Of a process that shares its store: until a member has heard what is ordered, it takes up nothing.
    pub fn among_others() -> Self {
        Self { state: Some(watch::Sender::new(State::default())), ..Self::default() }
    }

    /// Whether jobs may be taken now: it is known what is ordered, and that is neither to drain nor to stop.
    pub fn may_claim(&self, now: Timestamp) -> bool {
        let Some(state) = &self.state else { return true };
        let state = state.borrow();
        let known = state.until.is_some_and(|until| now < until);
        known && state.orders.drain.is_none() && state.orders.kill.is_none()
    }

    /// The kill switch as it was last heard of, if it is on.
    pub fn kill(&self) -> Option<Order> {
        self.state.as_ref().and_then(|state| state.borrow().orders.kill.clone())
    }

    /// Whether this process does now, alone among all, what is named.
    pub fn leads(&self, what: &str, now: Timestamp) -> bool {
        self.leads_until(what).is_none_or(|until| now < until)
    }

    /// Until when it leads what is named; the beginning of time when it does not, none when nobody else could.
    pub fn leads_until(&self, what: &str) -> Option<Timestamp> {
        let state = self.state.as_ref()?;
        Some(state.borrow().leads.get(what).copied().unwrap_or(Timestamp::MIN))
    }

    /// To wait for the next time that something about it changes; never changes for one that is alone.
    pub fn changes(&self) -> Changes {
        Changes(self.state.as_ref().map(watch::Sender::subscribe))
    }

    /// Says how many jobs run here.
    pub fn set_running(&self, jobs: usize) {
        self.running.store(u32::try_from(jobs).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// How many jobs run here.
    pub fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    /// What is ordered counts until this moment; the orders before it, when they are others.
    pub(super) fn heard(&self, orders: Orders, until: Timestamp) -> Option<Orders> {
        let mut before = None;
        self.change(|state| {
            state.until = Some(until);
            if state.orders == orders {
                return false;
            }
            before = Some(std::mem::replace(&mut state.orders, orders));
            true
        });
        before
    }

    /// It leads what is named until this moment, or not at all; whether that is news.
    pub(super) fn led(&self, what: &str, until: Option<Timestamp>) -> bool {
        self.change(|state| match until {
            Some(until) => state.leads.insert(what.to_owned(), until).is_none(),
            None => state.leads.remove(what).is_some(),
        })
    }

    /// What it leads now.
    pub(super) fn led_now(&self, now: Timestamp) -> Vec<String> {
        let Some(state) = &self.state else { return Vec::new() };
        state.borrow().leads.iter().filter(|(_, until)| now < **until).map(|(what, _)| what.clone()).collect()
    }

    fn change(&self, change: impl FnOnce(&mut State) -> bool) -> bool {
        self.state.as_ref().is_some_and(|state| state.send_if_modified(change))
    }
}

/// To wait for changes with.
#[derive(Debug)]
pub struct Changes(Option<watch::Receiver<State>>);

impl Changes {
    /// Returns at the next change; one since the last call counts.
    pub async fn next(&mut self) {
        if let Some(changes) = &mut self.0
            && changes.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Actor;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn order() -> Option<Order> {
        Some(Order { by: Actor::default(), reason: "maintenance".to_owned(), at: at(0) })
    }

    #[test]
    fn who_is_alone_may_everything() {
        let alone = Standing::default();
        assert!(alone.may_claim(at(0)) && alone.leads("sweep", at(0)) && alone.kill().is_none());
    }

    #[test]
    fn jobs_are_taken_only_while_it_is_known_that_nothing_speaks_against_it() {
        let standing = Standing::among_others();
        assert!(!standing.may_claim(at(0)), "nothing was heard yet");
        assert_eq!(standing.heard(Orders::default(), at(6)), None);
        assert!(standing.may_claim(at(5)) && !standing.may_claim(at(6)), "what was heard counts for a while");
        let drain = Orders { drain: order(), kill: None };
        assert_eq!(standing.heard(drain, at(12)), Some(Orders::default()));
        assert!(!standing.may_claim(at(7)));
        standing.heard(Orders { drain: None, kill: order() }, at(12));
        assert!(!standing.may_claim(at(7)) && standing.kill().is_some());
        standing.heard(Orders::default(), at(12));
        assert!(standing.may_claim(at(7)) && standing.kill().is_none());
    }

    #[test]
    fn a_lead_ends_by_the_clock_without_a_word() {
        let standing = Standing::among_others();
        assert!(!standing.leads("sweep", at(0)));
        assert!(standing.led("sweep", Some(at(5))) && !standing.led("sweep", Some(at(6))), "news once");
        assert!(standing.leads("sweep", at(5)) && !standing.leads("sweep", at(6)) && !standing.leads("other", at(0)));
        assert_eq!((standing.led_now(at(5)), standing.led_now(at(6))), (vec!["sweep".to_owned()], Vec::new()));
        assert!(standing.led("sweep", None) && !standing.leads("sweep", at(0)));
    }
}
