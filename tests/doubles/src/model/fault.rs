//! What goes wrong with a reply.

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The provider refuses, with its own status and words.
    Refused(Refusal),
    /// This status and body.
    Status(u16, String),
    /// 200, and a web page.
    Garbage,
    /// 200, and a stream of what is no JSON; without a stream, half a JSON.
    Unreadable,
    /// 200, and not a byte of a body.
    Nothing,
    /// The connection breaks before a byte of the answer.
    Reset,
    /// Half of the answer, then the connection breaks.
    ResetMidway,
    /// Half of a stream, then it ends as if it were whole. Without a stream, half a JSON.
    CutOff,
    /// Half of the answer, then nothing for ever.
    SilentMidway,
    /// Not a byte, ever.
    Silent,
    /// Half of a stream, then the provider says that it is overloaded. Without a stream: refused as such.
    OverloadedMidway,
    /// Bytes without end, never a whole event.
    Endless,
}

/// Why a provider refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many requests: 429.
    RateLimited,
    /// Too many others: 529, 503.
    Overloaded,
    /// No money or quota left.
    OutOfQuota,
    /// The key is wrong.
    Unauthorised,
    /// The key may not do this.
    Forbidden,
    /// The conversation is too long.
    TooLong,
    /// There is no such model.
    NoModel,
    /// The request is not as it must be.
    Invalid,
    /// Something broke there: 500.
    Broken,
}
