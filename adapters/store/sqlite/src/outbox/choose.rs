//! Which messages are next, channel by channel: so a closed channel's backlog costs nothing, and hides no other's.
//!
//! Column `call` tells for each message whether it can be taken, and what it counts as. Every query here walks an index in
//! the order that is wanted; the indexes are named because SQLite would else sort what is due. Must never change a row.
//! Start at [`choose`].

use jiff::Timestamp;
use midwatch_service::port::chat::Call;
use midwatch_service::port::store::{Closed, Share};
use midwatch_service::post::Urgency;
use rusqlite::Connection;

use super::write::rank;
use crate::fault::Fault;
use crate::query::{all, earliest};
use crate::value::{json, micros, rows};

/// A message that could be taken. Ordered as they go: by urgency; new messages before edits; by when it was last sent or
/// edited; by age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    urgency: i64,
    call: i64,
    said_at: Option<i64>,
    number: i64,
}

/// The channels of a platform that have a message to take, now or later: one seek each, however much waits in them.
const CHANNELS: &str = "channels (channel) AS (
    SELECT (SELECT min(channel) FROM posts INDEXED BY posts_by_due WHERE platform = ?1 AND call IS NOT NULL)
    UNION ALL
    SELECT (SELECT min(channel) FROM posts INDEXED BY posts_by_due
            WHERE platform = ?1 AND channel > c.channel AND call IS NOT NULL)
    FROM channels AS c WHERE c.channel IS NOT NULL)";

/// Messages of one channel and kind in the order they go. Walks past those whose moment has not come: under way, or told to
/// wait.
const OF_CHANNEL: &str = "SELECT urgency, ?3, said_at, number FROM posts INDEXED BY posts_by_call
    WHERE platform = ?1 AND channel = ?2 AND call = ?3 AND urgency <= ?4 AND due_at <= ?5
    ORDER BY urgency, said_at, number LIMIT ?6";

/// The messages to take now, in order: their numbers.
pub(super) fn choose(
    db: &Connection,
    platform: &str,
    now: Timestamp,
    share: Share,
    closed: &Closed,
) -> Result<Vec<i64>, Fault> {
    let sql = format!("WITH RECURSIVE {CHANNELS} SELECT channel FROM channels WHERE channel IS NOT NULL");
    let channels: Vec<String> = all(db, &sql, [platform], |row| Ok(row.get(0)?))?;
    let (mut chosen, mut edits) = (Vec::new(), Vec::new());
    for channel in &channels {
        let of = |call, limit: usize| match least(call, channel, closed) {
            Some(urgency) => {
                let values = (platform, channel, number(call), rank(urgency), micros(now), rows(limit.min(share.all)));
                all(db, OF_CHANNEL, values, |row| {
                    let (urgency, call, said_at, number) = row.try_into()?;
                    Ok(Candidate { urgency, call, said_at, number })
                })
            }
            None => Ok(Vec::new()),
        };
        chosen.extend(of(Call::Post, share.of_channel)?);
        edits.extend(of(Call::Edit, share.edits)?);
    }
    edits.sort_unstable();
    edits.truncate(share.edits);
    chosen.extend(edits);
    chosen.sort_unstable();
    chosen.truncate(share.all);
    Ok(chosen.into_iter().map(|candidate| candidate.number).collect())
}

/// The least urgent that goes through; none when nothing of the kind does.
fn least(call: Call, channel: &str, closed: &Closed) -> Option<Urgency> {
    match call {
        Call::Post => (!closed.posts && !closed.post_channels.contains(channel)).then_some(Urgency::Progress),
        Call::Edit if closed.edits || closed.edit_channels.contains(channel) => None,
        Call::Edit if closed.progress => Some(Urgency::Finding),
        Call::Edit => Some(Urgency::Progress),
    }
}

/// As column `call` has it.
fn number(call: Call) -> i64 {
    match call {
        Call::Post => 0,
        Call::Edit => 1,
    }
}

/// When the next one is due: the least of each channel, kind and urgency that is not closed.
pub(crate) fn next(db: &Connection, platform: &str, closed: &Closed) -> Result<Option<Timestamp>, Fault> {
    let mut kinds = Vec::new();
    if !closed.posts {
        kinds.extend((0..=rank(Urgency::Progress)).map(|urgency| (number(Call::Post), urgency)));
    }
    if !closed.edits {
        let last = if closed.progress { Urgency::Finding } else { Urgency::Progress };
        kinds.extend((0..=rank(last)).map(|urgency| (number(Call::Edit), urgency)));
    }
    let sql = format!(
        "WITH RECURSIVE {CHANNELS},
             kinds (call, urgency) AS (SELECT value ->> 0, value ->> 1 FROM json_each(?2)),
             shut (call, channel) AS (SELECT 0, value FROM json_each(?3) UNION ALL SELECT 1, value FROM json_each(?4))
         SELECT min((
             SELECT min(due_at) FROM posts INDEXED BY posts_by_due
             WHERE platform = ?1 AND channel = c.channel AND call = k.call AND urgency = k.urgency))
         FROM channels AS c, kinds AS k
         WHERE c.channel IS NOT NULL AND (k.call, c.channel) NOT IN (SELECT call, channel FROM shut)"
    );
    earliest(db, &sql, (platform, json(&kinds)?, json(&closed.post_channels)?, json(&closed.edit_channels)?))
}
