//! Where deliveries wait for each other: one at a time decides, and takes along all that wait behind it.
//!
//! Deliveries of one storm all change the same incident, which grows with it; read and written once for each of them, it
//! would cost the square of the storm. So whoever gets the turn decides for everyone who waits, as one commit.
//! Nobody waits longer for that: what is decided alone would have waited for the same turn. Between processes nothing is
//! promised here; that two writers cannot both win is the store's promise, by revision and by key.
//!
//! Must never answer before the commit is durable, nor lose a delivery when the caller who had the turn goes away: what
//! was not written then is lined up again by its own caller. Start at [`Intake::line_up`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::oneshot::{self, Receiver, Sender};

use super::compose::Overload;
use super::route::Batch;
use super::{Intake, Receipt, Refused};
use crate::job::Origin;
use crate::port::store::StoreError;

/// Deliveries that are decided together at most: bounds how long the first waits for the last.
const ROUND: usize = 64;

/// Alerts of a round after which no further delivery is taken along: bounds its memory and its commit.
const ROUND_ALERTS: usize = 5_000;

/// How often a delivery is lined up again because the caller who decided it went away.
const TURNS: usize = 20;

/// A delivery that is ready to be decided.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) batch: Batch,
    /// Every key by which an open incident could be found.
    pub(super) keys: Vec<String>,
    pub(super) origin: Origin,
    pub(super) overload: Overload,
}

/// What became of an order that was written.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) receipt: Receipt,
    /// The packs of its jobs.
    pub(super) packs: Vec<String>,
}

pub(super) type Answer = Result<Taken, Refused>;

/// An order whose caller waits for the answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) order: Arc<Order>,
    pub(super) reply: Sender<Answer>,
}

/// The lane. It holds one order for each caller that waits, so it is bounded by what the callers bound: connections.
#[derive(Debug, Default)]
pub(super) struct Lane {
    waiting: Mutex<VecDeque<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Lane {
    fn join(&self, order: Arc<Order>) -> Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(Waiting { order, reply });
        answer
    }

    /// The next orders, those first that have waited longest. Whoever went away wants nothing.
    fn next_round(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut round, mut alerts) = (Vec::new(), 0);
        while round.len() < ROUND && alerts < ROUND_ALERTS {
            let Some(next) = waiting.pop_front() else { break };
            if !next.reply.is_closed() {
                alerts += next.order.batch.arrivals.len();
                round.push(next);
            }
        }
        round
    }
}

impl Intake {
    /// Waits for an order's turn, or for someone to take it along.
    pub(super) async fn line_up(&self, order: Order) -> Answer {
        let order = Arc::new(order);
        for _ in 0..TURNS {
            let mut answer = self.lane.join(Arc::clone(&order));
            let turn = tokio::select! {
                biased;
                answered = &mut answer => match answered {
                    Ok(answer) => return answer,
                    Err(_) => continue,
                },
                turn = self.lane.turn.lock() => turn,
            };
            let answered = self.lead(&mut answer).await;
            drop(turn);
            if let Some(answer) = answered {
                return answer;
            }
        }
        Err(StoreError::Busy("others who deliver kept going away; try again".to_owned()).into())
    }

    /// Decides rounds until one's own order is among them; none when it was lost with the caller who had it.
    async fn lead(&self, own: &mut Receiver<Answer>) -> Option<Answer> {
        loop {
            match own.try_recv() {
                Ok(answer) => return Some(answer),
                Err(TryRecvError::Closed) => return None,
                Err(TryRecvError::Empty) => self.round(self.lane.next_round()).await,
            }
        }
    }
}
