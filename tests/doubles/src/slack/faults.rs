//! What goes wrong; where and how often is said by [`Rule`](crate::rules::Rule).

use std::time::Duration;

/// Something that goes wrong with a call of the Web API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with so many seconds of `Retry-After`; not done.
    TooMany(u64),
    /// A status without useful words; not done.
    Status(u16),
    /// A status without useful words, although it was done.
    StatusAfter(u16),
    /// `ok: false` with this word; not done.
    Refuse(String),
    /// The connection breaks before anything is done.
    ResetBefore,
    /// It is done, and the connection breaks before the answer.
    ResetAfter,
    /// It is done, and the answer is no JSON.
    Garbage,
    /// It is done at once, and the answer takes so long.
    Slow(Duration),
    /// No answer comes; it is done once the client has given up.
    LandsLate,
    /// No answer comes; it is done when the test says [`land`](super::Slack::land).
    Stuck,
}

/// Something that goes wrong on the way to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryFault {
    /// It comes twice.
    Twice,
    /// It comes after the next one. When none follows, it waits for [`release`](super::Slack::release).
    AfterNext,
    /// The socket breaks instead; it comes again over another one. Only for Socket Mode.
    DropBefore,
    /// It is sent, and the socket breaks before the acknowledgement is read. Only for Socket Mode.
    DropAfter,
}
