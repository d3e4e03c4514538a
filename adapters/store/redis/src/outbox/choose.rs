//! Which messages are next, channel by channel and lane by lane: so a closed channel's backlog costs nothing, and hides no
//! other's. What is read here are indexes; the state of what is chosen vouches for them. Start at [`choose`].

use jiff::Timestamp;
use midwatch_service::port::store::{Closed, Share};

use super::index::{by_due, channels, in_order};
use super::lane::{Entry, Lane};
use crate::fault::Fault;
use crate::rounds::all;
use crate::unit::Unit;
use crate::value::moment;

/// Entries of a lane that are read at first beyond what is wanted: those under way stand in front.
const AHEAD: usize = 16;

/// Entries of a lane that are looked at in one call at most. So many that all wait for their moment in front of one that is
/// due are no backlog: each of them was taken before.
const LOOKED_AT: usize = 4_096;

/// The messages to take now, in order.
pub(super) fn choose(
    unit: &mut Unit,
    platform: &str,
    now: Timestamp,
    share: Share,
    closed: &Closed,
) -> Result<Vec<Entry>, Fault> {
    let channels = live_channels(unit, platform)?;
    let lanes = channels.iter().flat_map(|channel| open_lanes(channel, closed).map(move |lane| (channel, lane)));
    let due = all(lanes.map(|(channel, lane)| {
        let limit = if lane == Lane::Post { share.of_channel } else { share.edits };
        due_of(unit, platform, channel, lane, now, limit.min(share.all))
    }))?;
    let (mut edits, mut posts): (Vec<Entry>, Vec<Entry>) = due.into_iter().flatten().partition(Entry::is_edit);
    edits.sort_unstable();
    edits.truncate(share.edits);
    posts.append(&mut edits);
    posts.sort_unstable();
    posts.truncate(share.all);
    Ok(posts)
}

/// The first so many of a lane that are due.
fn due_of(
    unit: &mut Unit,
    platform: &str,
    channel: &str,
    lane: Lane,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Entry>, Fault> {
    let key = in_order(unit.keys(), platform, lane, channel);
    let now = now.as_microsecond();
    let (mut due, mut begin, mut page) = (Vec::new(), 0, limit.min(LOOKED_AT) + AHEAD);
    while due.len() < limit && begin < LOOKED_AT {
        let last = begin + page - 1;
        let texts = unit.ask(["ZRANGE", &key, &begin.to_string(), &last.to_string()])?;
        for text in &texts {
            let entry = Entry::parse(lane, text);
            let entry = entry.ok_or_else(|| Fault::Damaged(format!("`{text}` is no message in its lane")))?;
            if entry.due_at <= now && due.len() < limit {
                due.push(entry);
            }
        }
        if texts.len() < page {
            break;
        }
        begin += page;
        page *= 2;
    }
    Ok(due)
}

/// When the next one is due: the least of each channel and lane that is not closed.
pub(crate) fn next(unit: &mut Unit, platform: &str, closed: &Closed) -> Result<Option<Timestamp>, Fault> {
    let channels = live_channels(unit, platform)?;
    let lanes = channels.iter().flat_map(|channel| open_lanes(channel, closed).map(move |lane| (channel, lane)));
    let first = all(lanes.map(|(channel, lane)| {
        let key = by_due(unit.keys(), platform, lane, channel);
        let first = unit.ask(["ZRANGE", &key, "0", "0", "WITHSCORES"])?;
        first.get(1).map(|score| moment(score)).transpose()
    }))?;
    Ok(first.into_iter().flatten().min())
}

/// The channels that have a message to take, now or later.
fn live_channels(unit: &mut Unit, platform: &str) -> Result<Vec<String>, Fault> {
    let key = channels(unit.keys(), platform);
    unit.ask(["ZRANGEBYSCORE", &key, "1", "+inf"])
}

/// What a platform takes in a channel now.
fn open_lanes(channel: &str, closed: &Closed) -> impl Iterator<Item = Lane> {
    let posts = !closed.posts && !closed.post_channels.contains(channel);
    let edits = !closed.edits && !closed.edit_channels.contains(channel);
    let progress = edits && !closed.progress;
    Lane::ALL.into_iter().filter(move |lane| match lane {
        Lane::Post => posts,
        Lane::Edit => edits,
        Lane::Progress => progress,
    })
}
