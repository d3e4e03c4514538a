//! Rounds by a clock that is moved by hand.
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::Timestamp;
use midwatch_diagnosis::probe::ReadFailure;
use proptest::prelude::*;
use tokio::sync::watch;

use super::*;
use crate::clock::Clock;

type Answer = Result<Vec<Alert>, ReadFailure>;

/// A clock that jumps to whatever is waited for, and tells when that was.
struct Jumping {
    now: watch::Sender<Timestamp>,
}

#[async_trait]
impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        self.now.send_modify(|now| *now = moment.max(*now));
        tokio::task::yield_now().await;
    }
}

/// Gives its answers one after the other; after the last it stops the poller and never answers.
struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    asked_at: Mutex<Vec<Timestamp>>,
    clock: Arc<Jumping>,
    stop: CancellationToken,
}

#[async_trait]
impl AlertSource for Scripted {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    async fn firing(&self) -> Answer {
        self.asked_at.lock().unwrap().push(self.clock.now());
        let next = self.answers.lock().unwrap().pop_front();
        if let Some(answer) = next {
            return answer;
        }
        self.stop.cancel();
        std::future::pending().await
    }
}

#[derive(Default)]
struct Sink {
    taken: Mutex<Vec<usize>>,
    refuse: bool,
}

#[async_trait]
impl PollSink for Sink {
    async fn polled(&self, source: &str, firing: Vec<Alert>) -> Result<(), NotTaken> {
        assert_eq!(source, "alertmanager");
        self.taken.lock().unwrap().push(firing.len());
        if self.refuse { Err("the queue is full".into()) } else { Ok(()) }
    }
}

/// Runs the answers; what was taken, the pauses in seconds, and the health at the end.
async fn run(answers: Vec<Answer>, refuse: bool) -> (Vec<usize>, Vec<i64>, crate::health::Component) {
    let clock = Arc::new(Jumping { now: watch::Sender::new(Timestamp::UNIX_EPOCH) });
    let stop = CancellationToken::new();
    let source = Arc::new(Scripted {
        answers: Mutex::new(answers.into()),
        asked_at: Mutex::default(),
        clock: clock.clone(),
        stop: stop.clone(),
    });
    let (sink, health) = (Arc::new(Sink { refuse, ..Sink::default() }), Arc::new(Health::default()));
    let parts = PollerParts {
        source: source.clone(),
        sink: sink.clone(),
        clock,
        health: health.clone(),
        redactor: Redactor::default(),
        interval: INTERVAL,
    };
    Poller::new(parts).run(stop).await;
    let asked = source.asked_at.lock().unwrap().clone();
    let pauses = asked.windows(2).map(|w| w[1].duration_since(w[0]).as_secs()).collect();
    let taken = sink.taken.lock().unwrap().clone();
    (taken, pauses, health.parts().remove("alertmanager").unwrap())
}

fn failed() -> Answer {
    Err(ReadFailure::TimedOut("no answer; token=hunter2hunter2".to_owned()))
}

#[tokio::test]
async fn each_round_that_was_read_is_handed_over_and_no_other() {
    let fires = |n| Ok(vec![Alert::default(); n]);
    let (taken, pauses, health) = run(vec![fires(2), failed(), fires(0), fires(1)], false).await;
    assert_eq!(taken, [2, 0, 1]);
    assert!(pauses.len() == 4 && pauses.iter().all(|p| (27..=33).contains(p)), "{pauses:?}");
    assert_eq!((health.status, health.reason.as_str()), (Status::Up, ""));
    assert!(!health.required && health.checked_at.is_some());
}

#[tokio::test]
async fn a_source_that_fails_is_asked_less_often_and_counts_as_down() {
    let (taken, pauses, health) = run((0..8).map(|_| failed()).collect(), false).await;
    assert!(taken.is_empty());
    assert!(pauses.is_sorted_by(|a, b| *a <= *b || *b >= 270), "{pauses:?}");
    assert!(pauses[0] <= 33 && (54..=66).contains(&pauses[1]) && (270..=330).contains(&pauses[7]), "{pauses:?}");
    assert_eq!(health.status, Status::Down);
    assert!(health.reason.contains("no answer") && !health.reason.contains("hunter2"), "{}", health.reason);
    assert_eq!(run(vec![failed()], false).await.2.status, Status::Degraded);
}

#[tokio::test]
async fn alerts_that_the_intake_refuses_are_told() {
    let (taken, _, health) = run(vec![Ok(vec![Alert::default()])], true).await;
    assert_eq!((taken, health.status), (vec![1], Status::Degraded));
    assert!(health.reason.contains("1 alerts were read and not taken in: the queue is full"), "{}", health.reason);
}

proptest! {
    #[test]
    fn a_pause_stays_in_its_bounds(seconds in 1_u64..7200, failures: u32, chance: u64) {
        let interval = Duration::from_secs(seconds);
        let pause = pause(interval, failures, chance);
        prop_assert!(pause >= interval.mul_f64(0.89) && pause <= LONGEST.max(interval).mul_f64(1.11));
    }
}
