//! Random operations on the outbox, and after each the same as in a model that looks at every message every time.
//!
//! The model is written from the port's words alone. A failure prints its seed, which makes the same run again.

use std::collections::BTreeMap;
use std::sync::Arc;

use midwatch_service::port::store::{AfterFailure, Closed, CommitError, DuePost, PostLease, Share, Store, Write};
use midwatch_service::post::Urgency;
use midwatch_service::thread::Thread;

use crate::dice::Dice;
use crate::given::{Desk, PLATFORM, at, keys, post, private, thread};

const SEEDS: u64 = 6;
const STEPS: u64 = 300;
const THREADS: usize = 7;
const CHANNELS: [&str; 3] = ["#a", "#b", "#c"];
const URGENCIES: [Urgency; 5] =
    [Urgency::Opening, Urgency::Report, Urgency::Notice, Urgency::Finding, Urgency::Progress];

/// A message as the model knows it; its key is its place in the order of writing.
#[derive(Clone)]
struct Known {
    thread: usize,
    urgency: Urgency,
    private: bool,
    revision: u64,
    /// When it was last sent or edited.
    said: Option<i64>,
    due: Option<i64>,
    taken: Option<u64>,
    fence: u64,
    tries: u32,
    doubtful: bool,
}

impl Known {
    fn is_edit(&self) -> bool {
        self.said.is_some() && !self.private
    }

    fn is_unsettled(&self) -> bool {
        self.said.is_none() && self.due.is_some()
    }
}

struct Run {
    desk: Desk,
    dice: Dice,
    now: i64,
    threads: Vec<Thread>,
    known: Vec<Known>,
    /// Every right that was ever given, lost ones too.
    leases: Vec<PostLease>,
}

pub async fn a_random_outbox_follows_the_model<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let mut now = 0;
    for seed in 0..SEEDS {
        let threads: Vec<Thread> =
            (0..THREADS).map(|n| Thread { channel: CHANNELS[n % CHANNELS.len()].to_owned(), ..thread() }).collect();
        desk.done(now, threads.iter().cloned().map(Write::OpenThread).collect()).await;
        let mut run = Run { desk: desk.clone(), dice: Dice(seed), now, threads, known: Vec::new(), leases: Vec::new() };
        for step in 0..STEPS {
            run.step(&format!("seed {seed}, step {step}")).await;
        }
        now = run.empty().await;
    }
}

impl Run {
    async fn step(&mut self, when: &str) {
        match self.dice.below(16) {
            0..=2 => self.write().await,
            3..=5 => self.revise().await,
            6..=9 => self.take(when).await,
            10..=14 => self.settle(when).await,
            _ => self.now += 100,
        }
        self.now += i64::try_from(self.dice.below(3)).unwrap();
        let closed = self.closed();
        let next = self.desk.store.next_post(PLATFORM, &closed).await.unwrap();
        let due = self.open(&closed).into_iter().filter_map(|n| self.known[n].due).min();
        assert_eq!(next, due.map(at), "{when}: {closed:?}");
    }

    fn key(n: usize, threads: &[Thread]) -> String {
        format!("{}:{n}", threads[0].id)
    }

    async fn say(&self, n: usize) {
        let one = &self.known[n];
        let (thread, key) = (&self.threads[one.thread], Self::key(n, &self.threads));
        let words = format!("revision {}", one.revision);
        let write = if one.private { private(thread, &key, &words) } else { post(thread, &key, one.urgency, &words) };
        self.desk.done(self.now, vec![write]).await;
    }

    async fn write(&mut self) {
        let thread = self.dice.pick(&(0..THREADS).collect::<Vec<_>>()).unwrap();
        let private = self.dice.below(6) == 0;
        let urgency = if private { Urgency::Notice } else { self.dice.pick(&URGENCIES).unwrap() };
        let (due, taken, said) = (Some(self.now), None, None);
        let (revision, fence, tries, doubtful) = (1, 0, 0, false);
        self.known.push(Known { thread, urgency, private, revision, said, due, taken, fence, tries, doubtful });
        self.say(self.known.len() - 1).await;
    }

    async fn revise(&mut self) {
        let Some(n) = self.dice.pick(&(0..self.known.len()).collect::<Vec<_>>()) else { return };
        let urgency = self.dice.pick(&URGENCIES).unwrap();
        let one = &mut self.known[n];
        if !one.private {
            // While it waits it keeps its place: what it said before is still to be said.
            one.urgency = if one.due.is_some() { one.urgency.min(urgency) } else { urgency };
        }
        one.revision += 1;
        one.tries = 0;
        if one.taken.is_none() {
            one.due = one.due.max(Some(self.now));
        }
        self.say(n).await;
    }

    fn closed(&mut self) -> Closed {
        let mut some = || CHANNELS.iter().filter(|_| self.dice.below(4) == 0).map(|&name| name.to_owned()).collect();
        let (post_channels, edit_channels) = (some(), some());
        let [posts, edits, progress] = std::array::from_fn(|_| self.dice.below(6) == 0);
        Closed { posts, edits, progress, post_channels, edit_channels }
    }

    /// Messages that wait for no other and are not closed, due now or later, in the order they go.
    fn open(&self, closed: &Closed) -> Vec<usize> {
        let goes = |n: &usize| {
            let one = &self.known[*n];
            let channel = &self.threads[one.thread].channel;
            let before = |other: &Known| other.thread == one.thread && other.is_unsettled();
            let waits = one.said.is_none() && self.known[..*n].iter().any(before);
            let shut = if one.is_edit() {
                let progress = closed.progress && one.urgency == Urgency::Progress;
                closed.edits || progress || closed.edit_channels.contains(channel)
            } else {
                closed.posts || closed.post_channels.contains(channel)
            };
            one.due.is_some() && !waits && !shut
        };
        let mut open: Vec<usize> = (0..self.known.len()).filter(goes).collect();
        open.sort_by_key(|n| {
            let one = &self.known[*n];
            (one.urgency, one.is_edit(), one.said.filter(|_| one.is_edit()), *n)
        });
        open
    }

    async fn take(&mut self, when: &str) {
        let mut some = |most| usize::try_from(self.dice.below(most)).unwrap();
        let share = Share { all: some(6), of_channel: some(4), edits: some(4) };
        let closed = self.closed();
        let (mut channels, mut edits) = (BTreeMap::<&str, usize>::new(), 0);
        let mut expected = self.open(&closed);
        expected.retain(|n| self.known[*n].due <= Some(self.now));
        expected.retain(|n| {
            let one = &self.known[*n];
            let channel = self.threads[one.thread].channel.as_str();
            let (used, share) = if one.is_edit() {
                (&mut edits, share.edits)
            } else {
                (channels.entry(channel).or_default(), share.of_channel)
            };
            *used += 1;
            *used <= share
        });
        expected.truncate(share.all);
        let taken = self.desk.take_open(self.now, share, &closed).await;
        let names: Vec<String> = expected.iter().map(|n| Self::key(*n, &self.threads)).collect();
        assert_eq!(keys(&taken), names, "{when}: {share:?} {closed:?}");
        for (n, due) in expected.into_iter().zip(taken) {
            self.taken(n, due, when);
        }
    }

    fn taken(&mut self, n: usize, due: DuePost, when: &str) {
        let one = &mut self.known[n];
        one.doubtful |= one.taken.is_some();
        assert_eq!((due.taken.revision, due.tries, due.doubtful), (one.revision, one.tries, one.doubtful), "{when}");
        assert_eq!(due.message.is_some(), one.said.is_some(), "{when}");
        assert!(due.taken.fence > one.fence, "{when}");
        (one.fence, one.taken, one.due) = (due.taken.fence, Some(one.revision), Some(self.now + 300));
        one.tries += 1;
        self.leases.push(due.taken);
    }

    async fn settle(&mut self, when: &str) {
        let Some(lease) = self.dice.pick(&self.leases) else { return };
        let later = self.now + i64::try_from(self.dice.below(60)).unwrap();
        let next = match self.dice.below(8) {
            0 => Some(AfterFailure::Again(at(later))),
            1 => Some(AfterFailure::LookUp(at(later))),
            2 => Some(AfterFailure::GiveUp),
            3 => Some(AfterFailure::Untried(at(later))),
            _ => None,
        };
        let result = match next {
            Some(next) => self.desk.not_sent(self.now, &lease, next).await,
            None => self.desk.sent(self.now, &lease, &lease.key.0).await,
        };
        let n: usize = lease.key.0.rsplit_once(':').unwrap().1.parse().unwrap();
        let one = &mut self.known[n];
        if one.taken != Some(lease.revision) || one.fence != lease.fence {
            assert!(matches!(result, Err(CommitError::PostLost(_))), "{when}: {result:?}");
            return;
        }
        result.unwrap();
        let newer = (one.revision > lease.revision).then_some(self.now);
        (one.taken, one.due) = (None, newer);
        match next {
            None => (one.said, one.doubtful, one.tries) = (Some(self.now), false, 0),
            Some(AfterFailure::GiveUp) => {}
            Some(AfterFailure::Again(_)) => (one.due, one.doubtful) = (Some(later), false),
            // A try that was none is not counted; what was in doubt still is.
            Some(AfterFailure::Untried(_)) => (one.due, one.tries) = (Some(later), one.tries.saturating_sub(1)),
            Some(AfterFailure::LookUp(_)) => (one.due, one.doubtful) = (Some(later), true),
        }
    }

    /// Sends all that is left, so that the next run begins with an empty outbox; when it ended.
    async fn empty(&mut self) -> i64 {
        self.now += 1000;
        loop {
            let left = self.desk.take("s", self.now, 100).await;
            if left.is_empty() {
                assert_eq!(self.desk.store.load().await.unwrap().posts, 0, "nothing is left behind");
                return self.now;
            }
            for due in left {
                self.desk.sent(self.now, &due.taken, "m").await.unwrap();
            }
        }
    }
}
