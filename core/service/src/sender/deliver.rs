//! One message on its way: looked up if in doubt, sent or edited, and what became of it recorded.
//!
//! Must never let a send end without a record of it while the store takes one. Start at [`deliver`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redacted;

use super::{HEALTH, Shared, Taken, fate};
use crate::clock::after;
use crate::health::Status;
use crate::id::MessageId;
use crate::metrics::{PostLabels, ThrottleLabels};
use crate::port::chat::{Call, ChatPlatform, Found, Scope, SendFailure};
use crate::port::store::{AfterFailure, CommitError, DuePost, Write};
use crate::post::PostBody;

/// How often a record is tried while the storage fails; without one the message comes back as doubtful.
const TRIES: u32 = 4;

/// What became of a message.
enum Fate {
    /// It is on the platform, in its newest revision.
    Sent(MessageId),
    /// It is not, or it is not known.
    Not(AfterFailure, String),
}

/// Delivers one message and records what became of it.
pub(super) async fn deliver(shared: &Shared, taken: Taken) {
    let now = shared.clock.now();
    let due = &taken.due;
    // A send that begins late could end after another sender has taken the message.
    let fate = if after(now, shared.settings.send_limit) > taken.until {
        Fate::Not(AfterFailure::Untried(now), "its turn came too late".to_owned())
    } else if !shared.leads() {
        not_ours(shared)
    } else {
        attempt(shared, due).await
    };
    let write = match fate {
        Fate::Sent(message) => {
            let write = Write::Sent { taken: due.taken.clone(), message };
            shared.health.report(HEALTH, Status::Up, "", None, shared.clock.now());
            write
        }
        Fate::Not(next, why) => {
            complain(shared, due, next, &why);
            Write::NotSent { taken: due.taken.clone(), next, why }
        }
    };
    record(shared, due, write).await;
}

/// Gives messages back that were not begun with: each as it was before it was taken, and due at its moment.
pub(super) async fn give_back(shared: &Shared, untried: Vec<(DuePost, Timestamp)>) {
    if untried.is_empty() {
        return;
    }
    let write = |(due, at): &(DuePost, Timestamp)| {
        let (taken, why) = (due.taken.clone(), "the pace of the platform".to_owned());
        Write::NotSent { taken, next: AfterFailure::Untried(*at), why }
    };
    let writes = untried.iter().map(write).collect();
    if shared.store.commit(shared.clock.now(), writes).await.is_ok() {
        return;
    }
    // One by one, so that a right that was lost costs no other.
    for one in &untried {
        record(shared, &one.0, write(one)).await;
    }
}

/// What sending a message is to the limits of the platform; none when it will not be sent.
pub(super) fn call(platform: &dyn ChatPlatform, due: &DuePost) -> Option<Call> {
    match (due.body.as_ref(), &due.message) {
        (PostBody::Private(private), _) => (!due.doubtful || platform.shows_again(private)).then_some(Call::Post),
        (_, Some(_)) => Some(Call::Edit),
        (_, None) => Some(Call::Post),
    }
}

async fn attempt(shared: &Shared, due: &DuePost) -> Fate {
    match (call(&*shared.platform, due), &due.message) {
        // What one person sees can be neither looked up nor edited.
        (None, _) => return Fate::Not(AfterFailure::GiveUp, fate::ONCE.to_owned()),
        // An edit that is made twice does no harm.
        (Some(Call::Edit), Some(message)) => return edit(shared, due, message.clone()).await,
        (Some(_), _) => {}
    }
    if !due.doubtful || fate::is_private(&due.body) {
        return post(shared, due, &due.body).await;
    }
    match search(shared, due).await {
        // The search took its time.
        Ok(Found::Sent(_) | Found::NotSent | Found::Unknowable) if !shared.leads() => not_ours(shared),
        Ok(Found::Sent(message)) if fate::is_edited(&due.body) => {
            // It passed as a new message, and is an edit now.
            match shared.pace.pass(Call::Edit, &due.thread.channel, due.urgency) {
                Ok(()) => still_doubtful(edit(shared, due, message).await),
                Err(until) => Fate::Not(AfterFailure::Untried(until), "the pace of the platform".to_owned()),
            }
        }
        Ok(Found::Sent(message)) => Fate::Sent(message),
        Ok(Found::NotSent) => still_doubtful(post(shared, due, &due.body).await),
        Ok(Found::Unknowable) => match fate::repeated(&due.body) {
            Some(body) => post(shared, due, &body).await,
            None => Fate::Not(AfterFailure::GiveUp, "it may have been sent, and that cannot be looked up".to_owned()),
        },
        Err(failure) => {
            let now = shared.clock.now();
            // A limit on searches alone is nothing to those who post.
            if let Some((_, Some(Scope::Workspace))) = fate::asked_to_wait(&failure) {
                throttled(shared, due, Call::Post, &failure, now);
            }
            let next = fate::after_search(&failure, due.tries.saturating_add(1), now);
            Fate::Not(next, failure.to_string())
        }
    }
}

/// What was found is not known to the store yet, and what was not found may land yet: either is looked up once more before
/// another try.
fn still_doubtful(fate: Fate) -> Fate {
    match fate {
        Fate::Not(AfterFailure::Again(at), why) => Fate::Not(AfterFailure::LookUp(at), why),
        fate => fate,
    }
}

/// What another process sends from now on, if it was not on its way already.
fn not_ours(shared: &Shared) -> Fate {
    Fate::Not(AfterFailure::Untried(shared.clock.now()), "another process sends now".to_owned())
}

async fn post(shared: &Shared, due: &DuePost, body: &Redacted<PostBody>) -> Fate {
    let sent = limited(shared, shared.platform.post(&due.thread, &due.taken.key, body)).await;
    fated(shared, due, Call::Post, sent)
}

async fn edit(shared: &Shared, due: &DuePost, message: MessageId) -> Fate {
    let edited = limited(shared, shared.platform.edit(&due.thread, &due.taken.key, &message, &due.body)).await;
    fated(shared, due, Call::Edit, edited.map(|()| message))
}

async fn search(shared: &Shared, due: &DuePost) -> Result<Found, SendFailure> {
    limited(shared, shared.platform.find(&due.thread, &due.taken.key)).await
}

/// No call lasts longer than its limit; what became of one that would is not known.
async fn limited<T>(shared: &Shared, call: impl Future<Output = Result<T, SendFailure>>) -> Result<T, SendFailure> {
    let (limit, began) = (shared.settings.send_limit, shared.clock.now());
    let (answer, result) = tokio::select! {
        // The time first: a process that was frozen for longer than that must not begin with what another has sent by now.
        biased;
        () = shared.clock.sleep_until(after(began, limit)) => {
            (Err(SendFailure::Unknown { why: format!("no answer within {} s", limit.as_secs()) }), "timeout")
        }
        answer = call => {
            let result = answer.as_ref().map_or_else(result, |_| "ok");
            (answer, result)
        }
    };
    let took = Duration::try_from(shared.clock.now().duration_since(began)).unwrap_or_default();
    shared.metrics.called(shared.platform.name(), result, took);
    answer
}

/// How a call of the platform went that failed, for the figures.
fn result(failure: &SendFailure) -> &'static str {
    match failure {
        SendFailure::Retry { .. } => "error",
        SendFailure::Unknown { .. } => "unknown",
        SendFailure::Refused { .. } => "denied",
        SendFailure::Wait { .. } => "throttled",
    }
}

fn fated(shared: &Shared, due: &DuePost, call: Call, sent: Result<MessageId, SendFailure>) -> Fate {
    let result = sent.as_ref().map_or_else(result, |_| "ok");
    let labels = PostLabels { platform: shared.platform.name(), result };
    shared.metrics.posts.get_or_create(&labels).inc();
    match sent {
        Ok(message) => Fate::Sent(message),
        Err(failure) => {
            let now = shared.clock.now();
            throttled(shared, due, call, &failure, now);
            let again = matches!(due.body.as_ref(), PostBody::Private(one) if shared.platform.shows_again(one));
            let next = fate::after_failure(&failure, &due.body, again, due.tries.saturating_add(1), now);
            Fate::Not(next, failure.to_string())
        }
    }
}

/// Keeps everybody from what the platform asked to leave alone, for as long as it said.
fn throttled(shared: &Shared, due: &DuePost, call: Call, failure: &SendFailure, now: Timestamp) {
    let Some((wait, hold)) = fate::asked_to_wait(failure) else { return };
    if let Some(scope) = hold {
        shared.pace.hold(scope, call, &due.thread.channel, after(now, wait));
    }
    let scope = match hold {
        None => "message",
        Some(Scope::Channel) => "channel",
        Some(Scope::Method) => "method",
        Some(Scope::Workspace) => "workspace",
    };
    let labels = ThrottleLabels { platform: shared.platform.name(), scope };
    shared.metrics.throttled.get_or_create(&labels).inc();
}

/// Tells the operator: what will never be sent loudly, what is tried again in passing.
fn complain(shared: &Shared, due: &DuePost, next: AfterFailure, why: &str) {
    let (key, platform) = (&due.taken.key, shared.platform.name());
    match next {
        AfterFailure::GiveUp if fate::is_private(&due.body) => {
            tracing::warn!(%key, platform, "an answer for one person was given up: {why}");
        }
        AfterFailure::GiveUp => {
            tracing::error!(%key, platform, "a message was given up: {why}");
            let reason = format!("{platform}: a message was given up: {why}");
            shared.health.report(HEALTH, Status::Degraded, &reason, None, shared.clock.now());
        }
        AfterFailure::Untried(_) => tracing::debug!(%key, platform, "{why}"),
        AfterFailure::Again(_) | AfterFailure::LookUp(_) => tracing::warn!(%key, platform, tries = due.tries, "{why}"),
    }
}

/// Records what became of a message, with patience as long as that can matter.
async fn record(shared: &Shared, due: &DuePost, write: Write) {
    let key = &due.taken.key;
    for tried in 0..TRIES {
        match shared.store.commit(shared.clock.now(), vec![write.clone()]).await {
            Ok(()) => return,
            Err(CommitError::Storage(error)) => tracing::warn!(%key, "not recorded yet: {error}"),
            Err(error) => {
                tracing::warn!(%key, "not recorded: {error}");
                return;
            }
        }
        let wait = Duration::from_millis(200 << tried);
        shared.clock.sleep_until(after(shared.clock.now(), wait)).await;
    }
    tracing::error!(%key, "what became of a message could not be recorded; it is looked up when its lease ends");
}
