//! Values of arguments as types that cannot hold anything else, each with a sentence for who wrote it wrongly.
//!
//! Must never let through what ends up in a request to a cluster unchecked. Start at [`namespace`].

use std::ops::RangeInclusive;

use jiff::SignedDuration;

use crate::length;

/// How far back an investigation may look: the range of `investigation.lookback` and of the API.
pub const LOOKBACK: RangeInclusive<SignedDuration> = SignedDuration::from_mins(1)..=SignedDuration::from_hours(24);

/// How long a mute may last. What is to be quiet for longer is a matter for the alert's rule.
pub const MUTE: RangeInclusive<SignedDuration> = SignedDuration::from_mins(1)..=SignedDuration::from_hours(7 * 24);

/// Characters of a cluster's name: names of contexts hold whole ARNs.
const NAME_CAP: usize = 256;

pub(super) fn lookback(text: &str) -> Result<SignedDuration, String> {
    within(text, &LOOKBACK, "the time to look back")
}

pub(super) fn mute(text: &str) -> Result<SignedDuration, String> {
    within(text, &MUTE, "the time of a mute")
}

fn within(text: &str, range: &RangeInclusive<SignedDuration>, what: &str) -> Result<SignedDuration, String> {
    let length = length::read(text)
        .ok_or_else(|| "this is no length of time; write it like `30m`, `1h30m` or `2 hours`".to_owned())?;
    let (least, most) = (length::show(*range.start()), length::show(*range.end()));
    if range.contains(&length) { Ok(length) } else { Err(format!("{what} is from {least} to {most}")) }
}

/// A DNS-1123 label: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits =
        (1..=63).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-') && !text.ends_with('-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("a namespace has 1 to 63 lower-case letters, digits, and `-` inside".to_owned())
    }
}

pub(super) fn cluster(text: &str) -> Result<String, String> {
    let fits = (1..=NAME_CAP).contains(&text.chars().count()) && !text.contains(|c: char| c.is_control());
    if fits { Ok(text.to_owned()) } else { Err(format!("a cluster's name has 1 to {NAME_CAP} characters")) }
}

/// What is shaped like an id, or a part of one; whether there is such a job is for the store to say.
pub(super) fn id(text: &str) -> Result<String, String> {
    let id = text.trim_end_matches(['.', ',', '?', '!']);
    let shaped = (6..=36).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    // Words such as `decade` are made of the same letters.
    let shaped = shaped && id.bytes().any(|b| b.is_ascii_digit());
    if shaped {
        Ok(id.to_lowercase())
    } else {
        Err("ids look like 0199d2c4a81f7b62a1c4e1f0a7c3b5d2 or its end".to_owned())
    }
}

/// `e3`, as reports cite it: `[e3]`.
pub(super) fn evidence(text: &str) -> Result<String, String> {
    let id = text.trim_matches(['[', ']', '.', ',', '?', '!']).to_lowercase();
    let number =
        id.strip_prefix('e').is_some_and(|n| (1..=9).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    if number { Ok(id) } else { Err("evidence is cited as in the report: e3".to_owned()) }
}
