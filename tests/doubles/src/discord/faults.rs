//! What goes wrong; where and how often is said by [`Rule`](crate::rules::Rule).

use std::time::Duration;

/// Something that goes wrong with a call of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429; not done.
    TooMany {
        /// `retry_after`, in seconds.
        seconds: u64,
        /// Whether it is the limit of the whole bot.
        global: bool,
    },
    /// A status without useful words; not done.
    Status(u16),
    /// A status without useful words, although it was done.
    StatusAfter(u16),
    /// Refused with this status and code of Discord's; not done.
    Refuse(u16, u64),
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
    /// No answer comes; it is done when the test says [`land`](super::Discord::land).
    Stuck,
}

/// Something that goes wrong on the way to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryFault {
    /// The same comes twice.
    Twice,
    /// It comes after the next one. When none follows, it waits for [`release`](super::Discord::release).
    AfterNext,
    /// The socket breaks instead; it comes again when the session is resumed. Only for the gateway.
    DropBefore,
    /// It is sent, and the socket breaks. Only for the gateway.
    DropAfter,
}
