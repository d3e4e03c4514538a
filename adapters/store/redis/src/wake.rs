//! Calls between processes: what one wrote, the others work on at once, not at the next look.
//!
//! A capped stream, read from where the reader stood, so nothing is lost while the connection is made anew. Must never be
//! relied on: every loop also looks at the store by the clock. Start at [`RedisStore::hear_calls`].

use std::collections::BTreeSet;
use std::time::Duration;

use midwatch_service::port::store::{StoreError, Write};
use midwatch_service::signals::Signals;
use redis::streams::StreamReadReply;
use tokio_util::sync::CancellationToken;

use crate::open::RedisStore;
use crate::unit::Unit;

/// Calls that are kept, about; a reader that was away for longer looks at everything.
const KEPT: &str = "1000";

/// How long one read waits for the next call.
const WAIT: Duration = Duration::from_secs(5);

/// The wait before the calls are read again after that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Calls in one read.
const AT_ONCE: usize = 500;

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Jobs,
    Heard,
    Posts,
    Changes,
    Orders,
}

impl Call {
    const ALL: [Call; 5] = [Call::Jobs, Call::Heard, Call::Posts, Call::Changes, Call::Orders];

    fn as_str(self) -> &'static str {
        match self {
            Call::Jobs => "jobs",
            Call::Heard => "heard",
            Call::Posts => "posts",
            Call::Changes => "changes",
            Call::Orders => "orders",
        }
    }

    fn tell(self, signals: &Signals) {
        match self {
            Call::Jobs => signals.jobs.notify_one(),
            Call::Heard => signals.heard.notify_one(),
            Call::Posts => signals.post_written(),
            Call::Changes => signals.job_changed(),
            Call::Orders => signals.orders.notify_one(),
        }
    }
}

/// Adds to a commit the calls that follow from it.
pub(crate) fn call(unit: &mut Unit, by: &str, writes: &[Write]) {
    let calls: BTreeSet<Call> = writes.iter().flat_map(about).copied().collect();
    if calls.is_empty() {
        return;
    }
    let words: Vec<&str> = calls.into_iter().map(Call::as_str).collect();
    let stream = unit.keys().key("calls");
    unit.effect(["XADD", &stream, "MAXLEN", "~", KEPT, "*", "by", by, "about", &words.join(" ")]);
}

fn about(write: &Write) -> &'static [Call] {
    match write {
        Write::Enqueue { .. }
        | Write::Retry { .. }
        | Write::Lost { .. }
        | Write::HandBack { .. }
        | Write::Replay { .. } => &[Call::Jobs, Call::Changes],
        Write::Advance { .. } | Write::Finish { .. } | Write::Cancel { .. } | Write::Discard { .. } => &[Call::Changes],
        Write::Drain { .. } | Write::Kill(_) => &[Call::Orders],
        Write::Hear { .. } | Write::NotHandled { .. } => &[Call::Heard],
        Write::Post(_) | Write::NotSent { .. } => &[Call::Posts],
        _ => &[],
    }
}

impl RedisStore {
    /// Passes calls of other processes on, until it is stopped. One task of a process does this.
    pub async fn hear_calls(&self, signals: &Signals, stop: &CancellationToken) {
        let mut last = "$".to_owned();
        while !stop.is_cancelled() {
            let read = stop.run_until_cancelled(self.read_calls(&last)).await;
            match read {
                None => return,
                Some(Ok(reply)) => self.pass_on(reply, signals, &mut last),
                Some(Err(error)) => {
                    tracing::debug!(%error, "calls of other processes cannot be read");
                    stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
                    // What came meanwhile may not be kept any more.
                    for call in Call::ALL {
                        call.tell(signals);
                    }
                }
            }
        }
    }

    async fn read_calls(&self, last: &str) -> Result<StreamReadReply, StoreError> {
        let millis = u64::try_from(WAIT.as_millis()).unwrap_or(u64::MAX);
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(AT_ONCE).arg("BLOCK").arg(millis).arg("STREAMS");
        command.arg(self.inner.keys.key("calls")).arg(last);
        let reply: Option<StreamReadReply> = self.inner.link.block(&command, WAIT).await?;
        Ok(reply.unwrap_or_default())
    }

    fn pass_on(&self, reply: StreamReadReply, signals: &Signals, last: &mut String) {
        let mut calls = BTreeSet::new();
        for entry in reply.keys.into_iter().flat_map(|stream| stream.ids) {
            let (by, about): (Option<String>, Option<String>) = (entry.get("by"), entry.get("about"));
            if by.as_deref() != Some(&self.inner.process) {
                let words = about.unwrap_or_default();
                calls.extend(Call::ALL.into_iter().filter(|call| words.split(' ').any(|word| word == call.as_str())));
            }
            *last = entry.id;
        }
        for call in calls {
            call.tell(signals);
        }
    }
}
