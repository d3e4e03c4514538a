//! The audit trail: who asked what, what was decided, what was read. Append-only, each entry chained to the one before.
//!
//! Must never be written around the store's own transaction: what was done and its entry become durable together.
//! Start at [`Entry`].

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::job::Actor;

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

/// The key of the chain. Who does not hold it can neither forge an entry nor close the gap that removing one leaves.
#[derive(Clone, Debug)]
pub struct ChainKey(SecretString);

impl ChainKey {
    /// With this secret; 32 bytes or more of randomness are expected of it.
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// Seals an entry onto the one before: HMAC-SHA256 over the seal before, the number and the entry's JSON.
    pub fn seal(&self, previous: &str, number: u64, entry: &Entry) -> String {
        // HMAC takes keys of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()) else {
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
