//! Thousands of random operations, and after each the same as in a model that fits on a page.
//!
//! The model is written from the port's words alone. A failure prints its seed, which makes the same run again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use midwatch_service::id::JobId;
use midwatch_service::job::{JobState, LOST_ALLOWED, Lease, NewJob, Priority};
use midwatch_service::port::store::{Beat, CommitError, JobOutcome, Load, Reaped, Store, Write};

use crate::dice::Dice;
use crate::given::{Desk, LEASE, actor, at, cancel, completed, error, job};

const SEEDS: u64 = 4;
const STEPS: u64 = 500;
/// After so many steps all jobs are compared; after each, how many there are in which state.
const ALL_EVERY: u64 = 25;
const MAX_ATTEMPTS: u32 = 3;

/// A job as the model knows it.
struct Known {
    state: JobState,
    run_at: i64,
    until: i64,
    fence: u64,
    attempts: u32,
    lost: u32,
    dead: bool,
    marked: bool,
    dedup: Option<String>,
    lines: usize,
}

impl Known {
    fn go(&mut self, state: JobState) {
        self.state = state;
        self.lines += 1;
    }

    /// What becomes of it when its worker gives it back or goes silent.
    /// Its worker vanished: a second's wait for each that did.
    fn lost(&mut self, now: i64) {
        if !self.marked {
            self.lost += 1;
        }
        if self.marked {
            self.go(JobState::Cancelled);
        } else if self.lost > LOST_ALLOWED {
            self.dead = true;
            self.go(JobState::Failed);
        } else {
            self.attempts -= 1;
            self.run_at = now + i64::from(self.lost);
            self.go(JobState::Pending);
        }
    }

    fn back(&mut self, run_at: i64) {
        if self.marked {
            self.go(JobState::Cancelled);
        } else if self.attempts >= MAX_ATTEMPTS {
            self.dead = true;
            self.go(JobState::Failed);
        } else {
            self.run_at = run_at;
            self.go(JobState::Pending);
        }
    }
}

struct Run {
    desk: Desk,
    dice: Dice,
    now: i64,
    known: BTreeMap<JobId, Known>,
    /// Every lease that was ever given, lost ones too.
    leases: Vec<Lease>,
}

pub async fn random_operations_follow_the_model<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let mut known = BTreeMap::new();
    let mut now = 0;
    for seed in 0..SEEDS {
        let mut run = Run { desk: desk.clone(), dice: Dice(seed), now, known, leases: Vec::new() };
        for step in 0..STEPS {
            run.now += i64::try_from(run.dice.below(20)).unwrap();
            run.step().await;
            let when = format!("seed {seed}, step {step}");
            run.compare_load(&when).await;
            if (step + 1).is_multiple_of(ALL_EVERY) {
                run.compare_jobs(&when).await;
            }
        }
        (known, now) = (run.known, run.now);
    }
}

impl Run {
    async fn step(&mut self) {
        match self.dice.below(17) {
            0..=3 => self.enqueue().await,
            4..=6 => self.claim().await,
            7..=10 => self.write_by_lease().await,
            11 => self.beat().await,
            12 => self.reap().await,
            13 => self.cancel().await,
            14 => self.replay().await,
            15 => self.discard().await,
            _ => self.now += 60,
        }
    }

    async fn enqueue(&mut self) {
        let dedup = self.dice.pick(&[None, Some("a"), Some("b"), Some("c")]).flatten().map(str::to_owned);
        let priority = self.dice.pick(&[Priority::Low, Priority::Normal, Priority::High]).unwrap();
        let spec =
            NewJob { dedup: dedup.clone(), priority, max_attempts: MAX_ATTEMPTS, created_at: at(self.now), ..job() };
        let live = self.known.values().filter(|one| !one.state.is_final()).count() as u64;
        let bound = self.dice.pick(&[None, Some(6)]).flatten();
        let twin = self.live_twin(dedup.as_deref());
        let result = self.desk.commit(self.now, vec![Write::Enqueue { job: Box::new(spec.clone()), bound }]).await;
        match (result, twin) {
            (Err(CommitError::Duplicate(id)), Some(twin)) => assert_eq!(id, twin),
            (Err(CommitError::Full { live: told, .. }), None) => {
                assert_eq!(told, live);
                assert!(bound.is_some_and(|bound| live >= bound));
            }
            (Ok(()), None) => {
                assert!(bound.is_none_or(|bound| live < bound));
                let (state, run_at) = (JobState::Pending, self.now);
                let (until, fence, attempts, lost, dead, marked, lines) = (0, 0, 0, 0, false, false, 1);
                self.known
                    .insert(spec.id, Known { state, run_at, until, fence, attempts, lost, dead, marked, dedup, lines });
            }
            (other, twin) => panic!("{other:?} with twin {twin:?}"),
        }
    }

    fn live_twin(&self, dedup: Option<&str>) -> Option<JobId> {
        let same = |one: &Known| dedup.is_some() && one.dedup.as_deref() == dedup && !one.state.is_final();
        self.known.iter().find(|(_, one)| same(one)).map(|(id, _)| *id)
    }

    async fn claim(&mut self) {
        let slots = self.dice.below(3);
        let due = self.known.values().filter(|one| one.state == JobState::Pending && one.run_at <= self.now).count();
        let slots = usize::try_from(slots).unwrap();
        let leases = self.desk.claim("w", self.now, slots).await;
        assert_eq!(leases.len(), due.min(slots), "as many as there are");
        for lease in leases {
            let one = self.known.get_mut(&lease.job).unwrap();
            assert!(one.state == JobState::Pending && one.run_at <= self.now && lease.fence > one.fence);
            one.attempts += 1;
            (one.fence, one.until) = (lease.fence, self.now + 300);
            one.go(JobState::Initializing);
            self.leases.push(lease);
        }
    }

    async fn write_by_lease(&mut self) {
        let Some(lease) = self.dice.pick(&self.leases) else { return };
        let (which, now) = (self.dice.below(4), self.now);
        let write = match which {
            0 => Write::Advance { lease: lease.clone(), to: JobState::Running, reason: "go".to_owned() },
            1 => Write::Finish { lease: lease.clone(), outcome: self.outcome() },
            2 => Write::Retry { lease: lease.clone(), run_at: at(now + 5), error: error() },
            _ => Write::HandBack { lease: lease.clone(), reason: "drain".to_owned() },
        };
        let result = self.desk.commit(now, vec![write.clone()]).await;
        let one = self.known.get_mut(&lease.job).unwrap();
        if !(one.state.is_leased() && one.fence == lease.fence) {
            assert!(matches!(result, Err(CommitError::LeaseLost(_))), "{result:?}");
            return;
        }
        result.unwrap();
        match write {
            Write::Advance { .. } if one.state == JobState::Running => {}
            Write::Advance { to, .. } => one.go(to),
            Write::Finish { outcome, .. } => {
                one.dead = matches!(outcome, JobOutcome::Failed { dead: true, .. });
                one.go(match outcome {
                    JobOutcome::Completed(_) => JobState::Completed,
                    _ => JobState::Failed,
                });
            }
            Write::Retry { .. } => one.back(now + 5),
            _ if one.marked => one.go(JobState::Cancelled),
            _ => {
                one.attempts -= 1;
                one.go(JobState::Pending);
            }
        }
    }

    fn outcome(&mut self) -> JobOutcome {
        match self.dice.below(3) {
            0 => JobOutcome::Failed { error: error(), dead: true },
            1 => JobOutcome::Failed { error: error(), dead: false },
            _ => completed(),
        }
    }

    async fn beat(&mut self) {
        let beats = self.desk.store.heartbeat(&self.leases, at(self.now), LEASE).await.unwrap();
        for (lease, beat) in self.leases.iter().zip(beats) {
            let one = self.known.get_mut(&lease.job).unwrap();
            if one.state.is_leased() && one.fence == lease.fence {
                one.until = self.now + 300;
                assert_eq!(matches!(beat, Beat::Stop(_)), one.marked);
            } else {
                assert_eq!(beat, Beat::Lost);
            }
        }
    }

    async fn reap(&mut self) {
        let reaped = self.desk.store.reap(at(self.now), |n| Duration::from_secs(u64::from(n))).await.unwrap();
        let lost = self.known.values().filter(|one| one.state.is_leased() && one.until <= self.now).count();
        assert_eq!(reaped.len(), lost);
        for what in reaped {
            let (Reaped::Again(id) | Reaped::Dead(id) | Reaped::Cancelled(id)) = what;
            let one = self.known.get_mut(&id).unwrap();
            assert!(one.state.is_leased() && one.until <= self.now);
            one.lost(self.now);
            let told = match what {
                Reaped::Again(_) => JobState::Pending,
                Reaped::Dead(_) => JobState::Failed,
                Reaped::Cancelled(_) => JobState::Cancelled,
            };
            assert_eq!(told, one.state);
        }
    }

    async fn cancel(&mut self) {
        let ids: Vec<JobId> = self.known.keys().copied().collect();
        let Some(id) = self.dice.pick(&ids) else { return };
        self.desk.done(self.now, vec![Write::Cancel { job: id, cancel: cancel("enough") }]).await;
        let one = self.known.get_mut(&id).unwrap();
        match one.state {
            state if state.is_final() => {}
            JobState::Pending => one.go(JobState::Cancelled),
            _ => one.marked = true,
        }
    }

    async fn replay(&mut self) {
        let dead: Vec<JobId> = self.known.iter().filter(|(_, one)| one.dead).map(|(id, _)| *id).collect();
        let Some(id) = self.dice.pick(&dead) else { return };
        let twin = self.live_twin(self.known[&id].dedup.clone().as_deref());
        let result = self.desk.commit(self.now, vec![Write::Replay { job: id, by: actor() }]).await;
        if let Some(twin) = twin {
            assert!(matches!(result, Err(CommitError::Duplicate(other)) if other == twin), "{result:?}");
            return;
        }
        result.unwrap();
        let one = self.known.get_mut(&id).unwrap();
        (one.dead, one.marked, one.attempts, one.lost, one.run_at) = (false, false, 0, 0, self.now);
        one.go(JobState::Pending);
    }

    async fn discard(&mut self) {
        let dead: Vec<JobId> = self.known.iter().filter(|(_, one)| one.dead).map(|(id, _)| *id).collect();
        let Some(id) = self.dice.pick(&dead) else { return };
        self.desk.done(self.now, vec![Write::Discard { job: id, by: actor() }]).await;
        let one = self.known.get_mut(&id).unwrap();
        one.dead = false;
        one.go(JobState::Failed);
    }

    async fn compare_jobs(&self, when: &str) {
        for (id, one) in &self.known {
            let kept = self.desk.job(*id).await;
            assert_eq!(
                (kept.state, kept.fence, kept.attempts, kept.lost),
                (one.state, one.fence, one.attempts, one.lost),
                "{when}: {id}"
            );
            assert_eq!((kept.dead, kept.run_at), (one.dead, at(one.run_at)), "{when}: {id}");
            assert_eq!(
                kept.lease.map(|lease| lease.until),
                one.state.is_leased().then(|| at(one.until)),
                "{when}: {id}"
            );
            assert_eq!(self.desk.store.history(*id).await.unwrap().len(), one.lines, "{when}: {id}");
        }
    }

    async fn compare_load(&self, when: &str) {
        let count = |which: fn(&Known) -> bool| self.known.values().filter(|one| which(one)).count() as u64;
        let load = Load {
            pending: count(|one| one.state == JobState::Pending),
            running: count(|one| one.state.is_leased()),
            dead: count(|one| one.dead),
            posts: 0,
        };
        assert_eq!(self.desk.store.load().await.unwrap(), load, "{when}");
    }
}
