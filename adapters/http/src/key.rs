//! Keys that callers show: kept as SHA-256 digests, compared in constant time.
//!
//! Must never keep, print or log a key, and never end a comparison early: every key is looked at, whichever fits.
//! Start at [`KeyHash`]. A plain digest is enough because keys are long random texts, not passwords that people choose;
//! `midwatch` makes them with 32 bytes of randomness.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

/// The SHA-256 digest of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// With this digest.
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// Of a key.
    pub fn of(key: &SecretString) -> Self {
        Self::of_bytes(key.expose_secret().as_bytes())
    }

    pub(crate) fn of_bytes(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Whether both are the same, in a time that does not tell where they differ.
    pub(crate) fn same(&self, other: &KeyHash) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// Says nothing of the key: a digest of a weak one could be searched for.
impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// The text is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a SHA-256 digest: 64 hexadecimal digits, as `printf %s KEY | sha256sum` prints them")]
pub struct NotADigest;

impl FromStr for KeyHash {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(NotADigest);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotADigest)?;
            // `from_str_radix` takes a sign, a digest has none.
            if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(NotADigest);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotADigest)?;
        }
        Ok(Self(bytes))
    }
}

/// A key of the API.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Who uses it: the `user` that permissions and the audit trail name.
    pub name: String,
    /// The key.
    pub sha256: KeyHash,
}

/// What a webhook's sender shows.
#[derive(Clone, Copy, Debug)]
pub enum WebhookKey {
    /// `Authorization: Bearer`: the digest of the token.
    Bearer(KeyHash),
    /// `Authorization: Basic`: the digest of `user:password`.
    Basic(KeyHash),
}

impl WebhookKey {
    /// A token.
    pub fn bearer(token: &SecretString) -> Self {
        Self::Bearer(KeyHash::of(token))
    }

    /// A user and a password. RFC 7617 forbids a colon in the user's name; one there would make two pairs the same.
    pub fn basic(user: &str, password: &SecretString) -> Self {
        Self::Basic(KeyHash::of_bytes(format!("{user}:{}", password.expose_secret()).as_bytes()))
    }
}

/// The name of the key that was shown. Looks at every key, so that the time tells nothing of the order.
pub(crate) fn find<'a>(keys: &'a [ApiKey], shown: &KeyHash) -> Option<&'a str> {
    let mut found = 0_u32;
    for (place, key) in (1_u32..).zip(keys) {
        found.conditional_assign(&place, key.sha256.same(shown));
    }
    let at = usize::try_from(found).ok()?.checked_sub(1)?;
    keys.get(at).map(|key| key.name.as_str())
}

/// Whether what was shown is one of the webhooks' keys.
pub(crate) fn fits(keys: &[WebhookKey], shown: &WebhookKey) -> bool {
    let mut found = Choice::from(0);
    for key in keys {
        found |= match (key, shown) {
            (WebhookKey::Bearer(key), WebhookKey::Bearer(shown))
            | (WebhookKey::Basic(key), WebhookKey::Basic(shown)) => key.same(shown),
            _ => Choice::from(0),
        };
    }
    found.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf %s abc | sha256sum`, from the standard: <https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values>.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_read_and_fits_its_key() {
        let hash: KeyHash = ABC.parse().unwrap();
        assert_eq!(hash, KeyHash::of(&"abc".into()));
        assert_eq!(ABC.to_uppercase().parse(), Ok(hash));
        for bad in ["", "ba78", &ABC[1..], &format!("{ABC}0"), &ABC.replace('b', "g"), &ABC.replacen("ba", "+a", 1)] {
            assert_eq!(bad.parse::<KeyHash>(), Err(NotADigest), "{bad}");
        }
        assert!(!format!("{hash:?}").contains("ba78"));
    }

    #[test]
    fn keys_are_found_by_what_is_shown() {
        let key = |name: &str| ApiKey { name: name.to_owned(), sha256: KeyHash::of(&format!("key-of-{name}").into()) };
        let keys = [key("first"), key("second"), key("third")];
        let shown = |text: &str| KeyHash::of(&text.into());
        assert_eq!(find(&keys, &shown("key-of-first")), Some("first"));
        assert_eq!(find(&keys, &shown("key-of-third")), Some("third"));
        assert_eq!(find(&keys, &shown("key-of-fourth")), None);
        assert_eq!(find(&[], &shown("")), None);
    }

    #[test]
    fn a_bearer_token_is_no_basic_pair() {
        let pair = WebhookKey::basic("am", &"secret".into());
        assert!(fits(&[WebhookKey::bearer(&"t".into()), pair], &pair));
        assert!(!fits(&[pair], &WebhookKey::bearer(&"am:secret".into())));
        assert!(!fits(&[], &pair));
    }
}
