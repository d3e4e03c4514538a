//! The audit trail: who asked what, what was decided, what was read. Append-only, each entry chained to the one before.
//!
//! The chain shows that an entry was changed, removed, added or moved, to whoever holds the key; that its end was cut off
//! is shown by [`Checkpoint`]s, if they are kept where the one who cuts cannot reach.
//!
//! Must never be written around the store's own transaction: what was done and its entry become durable together.
//! Start at [`Entry`]; the chain is checked in [`verify`], its key comes from [`ChainKey`].

mod checkpoint;
mod key;
mod verify;

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::job::Actor;

pub use checkpoint::{Checkpoint, CheckpointError, Checkpoints, EVERY_ENTRIES, EVERY_TIME, Round, read_checkpoints};
pub use key::{ChainKey, KeyError, SHORTEST_KEY};
pub use verify::{Broken, Flaw, Verified, Verifier, verify};

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who; none when Midwatch did it by itself.
    pub actor: Option<Actor>,
    /// What: `investigate`, `read`, `cancel`, `pack disable`, `denied`.
    pub action: String,
    /// On what: `shop/checkout`, `job 0199...`.
    pub subject: String,
    /// More of it. Redacted by whoever makes the entry.
    pub details: String,
    /// The request it belongs to.
    pub request_id: String,
}

/// An entry in its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Its number, from 1, without a gap.
    pub number: u64,
    /// What was done.
    pub entry: Entry,
    /// The seal: a keyed hash over the seal before and this entry, in hexadecimal.
    pub seal: String,
}

/// The seal before the first entry.
pub const GENESIS: &str = "midwatch audit v1";

impl ChainKey {
    /// Seals an entry onto the one before: HMAC-SHA256 over the seal before, the number and the entry's JSON.
    pub fn seal(&self, previous: &str, number: u64, entry: &Entry) -> String {
        // HMAC takes keys of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret().expose_secret().as_bytes()) else {
            return String::new();
        };
        let json = serde_json::to_string(entry).unwrap_or_default();
        mac.update(format!("{previous}\n{number}\n{json}").as_bytes());
        let mut seal = String::new();
        for byte in mac.finalize().into_bytes() {
            let _ = write!(seal, "{byte:02x}");
        }
        seal
    }
}
