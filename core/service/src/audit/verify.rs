//! Checking the chain: every entry, in order, from the first to the last, and against known checkpoints.
//!
//! Pure but for [`verify`], which fetches the pages. Must never skip an entry that it cannot place. Start at [`Verifier`].

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::{ChainKey, Checkpoint, GENESIS, Sealed};
use crate::port::store::StoreError;

/// Entries of one page.
const PAGE: usize = 500;

/// The chain holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// When the first was made; none when there is none.
    pub first: Option<Timestamp>,
    /// When the last was.
    pub last: Option<Timestamp>,
    /// The seal of the last one.
    pub head: String,
    /// How many checkpoints were met.
    pub checkpoints: usize,
}

/// The chain does not hold. What comes after this entry is not known to be true either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {number}: {flaw}")]
pub struct Broken {
    /// The first entry that is wrong or missing.
    pub number: u64,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Another number stands where this one should.
    Gap {
        /// The number that was found.
        found: u64,
    },
    /// The seal is not that of this entry after the one before, with this key.
    Seal,
    /// The chain is whole, but a checkpoint knows another entry here: it was rewritten with the key, or its end was cut off
    /// and it went on.
    Rewritten {
        /// When the checkpoint was made.
        known_at: Timestamp,
    },
    /// A checkpoint knows this entry, and it is not there: the end was cut off.
    CutOff {
        /// When the checkpoint was made.
        known_at: Timestamp,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Gap { found } => write!(f, "entry {found} stands in its place: an entry was removed, added or moved"),
            Flaw::Seal => f.write_str(
                "its seal does not fit: it or the one before was changed, or this is not the key it was sealed with",
            ),
            Flaw::Rewritten { known_at } => {
                write!(f, "it is not the entry of the checkpoint of {known_at}: the trail was rewritten since")
            }
            Flaw::CutOff { known_at } => {
                write!(f, "it is missing, and the checkpoint of {known_at} knows it: the end of the trail was cut off")
            }
        }
    }
}

/// Takes the entries one after the other.
#[derive(Debug)]
pub struct Verifier<'a> {
    key: &'a ChainKey,
    known: BTreeMap<u64, &'a Checkpoint>,
    met: usize,
    entries: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    head: String,
}

impl<'a> Verifier<'a> {
    /// For a chain from its first entry.
    ///
    /// # Errors
    /// When two checkpoints contradict each other: then one of them is of a trail that was rewritten.
    pub fn new(key: &'a ChainKey, checkpoints: &'a [Checkpoint]) -> Result<Self, Broken> {
        let mut known: BTreeMap<u64, &Checkpoint> = BTreeMap::new();
        for point in checkpoints {
            let other = known.insert(point.number, point);
            if other.is_some_and(|other| other.seal != point.seal) {
                return Err(Broken { number: point.number, flaw: Flaw::Rewritten { known_at: point.at } });
            }
        }
        Ok(Self { key, known, met: 0, entries: 0, first: None, last: None, head: GENESIS.to_owned() })
    }

    /// The next entry.
    ///
    /// # Errors
    /// When it does not continue the chain.
    pub fn take(&mut self, sealed: &Sealed) -> Result<(), Broken> {
        let number = self.entries.saturating_add(1);
        let broken = |flaw| Err(Broken { number, flaw });
        if sealed.number != number {
            return broken(Flaw::Gap { found: sealed.number });
        }
        let seal = self.key.seal(&self.head, number, &sealed.entry);
        if !bool::from(seal.as_bytes().ct_eq(sealed.seal.as_bytes())) {
            return broken(Flaw::Seal);
        }
        if let Some(point) = self.known.get(&number) {
            if point.seal != seal {
                return broken(Flaw::Rewritten { known_at: point.at });
            }
            self.met += 1;
        }
        self.entries = number;
        self.first = self.first.or(Some(sealed.entry.at));
        self.last = Some(sealed.entry.at);
        self.head = seal;
        Ok(())
    }

    /// There are no more entries.
    ///
    /// # Errors
    /// When a checkpoint knows more.
    pub fn end(self) -> Result<Verified, Broken> {
        let beyond = self.known.range(self.entries.saturating_add(1)..).next();
        if let Some((_, point)) = beyond {
            let number = self.entries.saturating_add(1);
            return Err(Broken { number, flaw: Flaw::CutOff { known_at: point.at } });
        }
        let Self { met, entries, first, last, head, .. } = self;
        Ok(Verified { entries, first, last, head, checkpoints: met })
    }
}

/// Checks a whole trail. `page` gives the entries after a number, in order, at most so many: `Store::audit`.
///
/// # Errors
/// When the storage failed; that the chain does not hold is an answer.
pub async fn verify(
    key: &ChainKey,
    checkpoints: &[Checkpoint],
    mut page: impl AsyncFnMut(u64, usize) -> Result<Vec<Sealed>, StoreError>,
) -> Result<Result<Verified, Broken>, StoreError> {
    let mut verifier = match Verifier::new(key, checkpoints) {
        Ok(verifier) => verifier,
        Err(broken) => return Ok(Err(broken)),
    };
    loop {
        let entries = page(verifier.entries, PAGE).await?;
        if entries.is_empty() {
            return Ok(verifier.end());
        }
        for sealed in &entries {
            if let Err(broken) = verifier.take(sealed) {
                return Ok(Err(broken));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use secrecy::SecretString;

    use super::super::Entry;
    use super::*;
    use crate::job::Actor;

    fn key() -> ChainKey {
        ChainKey::new(SecretString::from("k".repeat(32)))
    }

    fn chain(length: u64) -> Vec<Sealed> {
        let (key, mut head, mut chain) = (key(), GENESIS.to_owned(), Vec::new());
        for number in 1..=length {
            let entry = Entry {
                at: Timestamp::from_second(1_700_000_000 + i64::try_from(number).unwrap()).unwrap(),
                actor: (number % 2 == 0).then(|| Actor {
                    platform: "api".into(),
                    user: "ci".into(),
                    ..Actor::default()
                }),
                action: "investigate".into(),
                subject: format!("shop/{}", number % 3),
                details: String::new(),
                request_id: format!("r{number}"),
            };
            head = key.seal(&head, number, &entry);
            chain.push(Sealed { number, entry, seal: head.clone() });
        }
        chain
    }

    fn point(sealed: &Sealed) -> Checkpoint {
        Checkpoint { number: sealed.number, seal: sealed.seal.clone(), at: sealed.entry.at }
    }

    fn check(chain: &[Sealed], known: &[Checkpoint]) -> Result<Verified, Broken> {
        let key = key();
        let mut verifier = Verifier::new(&key, known)?;
        chain.iter().try_for_each(|sealed| verifier.take(sealed))?;
        verifier.end()
    }

    /// Flips one bit of the JSON of one entry; none when the result is no entry, which nobody could have stored, or when
    /// it means the same (a field of a name that nobody reads).
    fn flipped(sealed: &Sealed, bit: usize) -> Option<Sealed> {
        let mut bytes = serde_json::to_vec(sealed).unwrap();
        let at = bit / 8 % bytes.len();
        bytes[at] ^= 1 << (bit % 8);
        serde_json::from_slice(&bytes).ok().filter(|other| other != sealed)
    }

    proptest! {
        #[test]
        fn a_whole_chain_holds(length in 0_u64..40, known in 0_usize..40) {
            let chain = chain(length);
            let known: Vec<Checkpoint> = chain.get(known).map(point).into_iter().collect();
            let verified = check(&chain, &known).unwrap();
            prop_assert_eq!((verified.entries, verified.checkpoints), (length, known.len()));
            prop_assert_eq!(verified.head, chain.last().map_or(GENESIS.to_owned(), |s| s.seal.clone()));
        }

        #[test]
        fn any_flipped_bit_is_found(at in 0_usize..12, bit in 0_usize..8_000) {
            let mut chain = chain(12);
            if let Some(other) = flipped(&chain[at], bit) {
                chain[at] = other;
                let broken = check(&chain, &[]).unwrap_err();
                prop_assert_eq!(broken.number, at as u64 + 1);
            }
        }

        #[test]
        fn any_removed_added_or_moved_entry_is_found(a in 0_usize..12, b in 0_usize..12, renumber: bool) {
            let whole = chain(12);
            let last = [point(&whole[11])];
            let number = |mut chain: Vec<Sealed>| {
                if renumber {
                    for (n, sealed) in (1..).zip(&mut chain) { sealed.number = n; }
                }
                chain
            };
            let mut removed = whole.clone();
            removed.remove(a);
            prop_assert!(check(&number(removed), &last).is_err());
            let mut added = whole.clone();
            added.insert(a, whole[b].clone());
            prop_assert!(check(&number(added), &last).is_err());
            let mut moved = whole.clone();
            moved.swap(a, b);
            prop_assert_eq!(check(&number(moved), &last).is_err(), a != b);
        }

        #[test]
        fn a_cut_end_is_found_by_a_checkpoint_beyond_it(left in 0_usize..12, known in 0_usize..12) {
            let whole = chain(12);
            let cut = check(&whole[..left], &[point(&whole[known])]);
            prop_assert_eq!(cut.is_ok(), known < left);
            if let Err(broken) = cut {
                prop_assert_eq!(broken.number, left as u64 + 1);
            }
        }
    }

    #[test]
    fn a_chain_that_was_cut_and_went_on_is_found() {
        let mut chain = chain(6);
        let known = [point(&chain[4])];
        chain.truncate(3);
        let (key, mut head) = (key(), chain[2].seal.clone());
        for number in 4..=6 {
            let entry = Entry { action: "nothing happened".into(), ..chain[0].entry.clone() };
            head = key.seal(&head, number, &entry);
            chain.push(Sealed { number, entry, seal: head.clone() });
        }
        check(&chain, &[]).unwrap();
        let broken = check(&chain, &known).unwrap_err();
        assert!(broken.number == 5 && matches!(broken.flaw, Flaw::Rewritten { .. }), "{broken}");
        let contrary = [known[0].clone(), Checkpoint { seal: "0".into(), ..known[0].clone() }];
        assert!(check(&chain, &contrary).is_err());
    }

    #[test]
    fn another_key_fits_nothing() {
        let other = ChainKey::new(SecretString::from("j".repeat(32)));
        let mut verifier = Verifier::new(&other, &[]).unwrap();
        assert_eq!(verifier.take(&chain(1)[0]), Err(Broken { number: 1, flaw: Flaw::Seal }));
    }

    #[tokio::test]
    async fn pages_are_read_to_the_end() {
        let whole = chain(u64::try_from(PAGE).unwrap() * 2 + 1);
        let page = async |after: u64, limit: usize| {
            Ok(whole.iter().filter(|s| s.number > after).take(limit).cloned().collect())
        };
        assert_eq!(verify(&key(), &[], page).await.unwrap().unwrap().entries, whole.len() as u64);
        let failing = async |_, _| Err(StoreError::Busy("x".to_owned()));
        assert!(verify(&key(), &[], failing).await.is_err());
    }
}
