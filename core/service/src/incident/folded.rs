//! Alerts that an incident does not keep singly: an identity, whether it fires, and its row.
//!
//! A storm has thousands of them and is written as a whole with every change, so they are small in memory (a sorted list,
//! copied in one go) and in the store (one base64 text, which is read and written several times faster than a list of
//! numbers). Must never lose count of what fires. Start at [`FoldedAlerts`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

/// What is remembered of an alert that is not kept singly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folded {
    /// Whether it fires.
    pub firing: bool,
    /// Its row in the storm's table; none in a group, and beyond [`STORM_ROWS`](super::STORM_ROWS).
    pub row: Option<u16>,
}

/// Alerts that are not kept singly, by identity; at most [`FOLDED_KEPT`](super::FOLDED_KEPT).
///
/// Its text is base64 of one record of [`RECORD`] bytes each: identity, row, 1 when it fires; most significant byte first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FoldedAlerts {
    /// In the order of their identities, each once.
    list: Vec<(u64, Folded)>,
    /// How many of them fire.
    firing: usize,
}

/// Bytes of one alert.
const RECORD: usize = 11;

/// The row of an alert that has none.
const NO_ROW: u16 = u16::MAX;

impl FoldedAlerts {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many fire.
    pub fn firing(&self) -> usize {
        self.firing
    }

    /// What is known of an alert.
    pub fn get(&self, id: u64) -> Option<Folded> {
        self.place(id).ok().and_then(|at| self.list.get(at)).map(|(_, folded)| *folded)
    }

    /// All, in the order of their identities.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Folded)> {
        self.list.iter().copied()
    }

    /// Remembers an alert, in place of what was known of it.
    pub fn insert(&mut self, id: u64, folded: Folded) {
        match self.place(id) {
            Ok(at) => {
                if let Some((_, known)) = self.list.get_mut(at) {
                    self.firing -= usize::from(known.firing);
                    *known = folded;
                }
            }
            Err(at) => self.list.insert(at, (id, folded)),
        }
        self.firing += usize::from(folded.firing);
    }

    fn place(&self, id: u64) -> Result<usize, usize> {
        self.list.binary_search_by_key(&id, |(id, _)| *id)
    }
}

impl From<FoldedAlerts> for String {
    fn from(alerts: FoldedAlerts) -> Self {
        let mut bytes = Vec::with_capacity(alerts.list.len() * RECORD);
        for (id, folded) in alerts.list {
            bytes.extend_from_slice(&id.to_be_bytes());
            bytes.extend_from_slice(&folded.row.unwrap_or(NO_ROW).to_be_bytes());
            bytes.push(u8::from(folded.firing));
        }
        STANDARD_NO_PAD.encode(bytes)
    }
}

/// A text that is no list of alerts.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no base64.
    #[error("folded alerts: {0}")]
    Text(#[from] base64::DecodeError),
    /// It does not end with a record.
    #[error("folded alerts: {0} bytes are no whole number of records")]
    Length(usize),
}

impl TryFrom<String> for FoldedAlerts {
    type Error = Unreadable;

    fn try_from(text: String) -> Result<Self, Unreadable> {
        let bytes = STANDARD_NO_PAD.decode(text)?;
        let (records, []) = bytes.as_chunks::<RECORD>() else { return Err(Unreadable::Length(bytes.len())) };
        let mut list: Vec<(u64, Folded)> = records
            .iter()
            .map(|&[a, b, c, d, e, f, g, h, high, low, firing]| {
                let row = Some(u16::from_be_bytes([high, low])).filter(|row| *row != NO_ROW);
                (u64::from_be_bytes([a, b, c, d, e, f, g, h]), Folded { firing: firing == 1, row })
            })
            .collect();
        // They were written in order; but what is read decides what is found.
        list.sort_by_key(|(id, _)| *id);
        list.dedup_by_key(|(id, _)| *id);
        let firing = list.iter().filter(|(_, folded)| folded.firing).count();
        Ok(Self { list, firing })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_and_what_fires_is_counted(
            alerts in prop::collection::vec((0..40_u64, any::<bool>(), prop::option::of(0..200_u16)), 0..80),
        ) {
            let mut folded = FoldedAlerts::default();
            let mut plain = std::collections::BTreeMap::new();
            for (id, firing, row) in alerts {
                folded.insert(id, Folded { firing, row });
                plain.insert(id, Folded { firing, row });
            }
            prop_assert_eq!(folded.iter().collect::<Vec<_>>(), plain.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(folded.firing(), plain.values().filter(|folded| folded.firing).count());
            prop_assert_eq!(folded.get(7), plain.get(&7).copied());
            let text = serde_json::to_string(&folded).unwrap();
            prop_assert_eq!(serde_json::from_str::<FoldedAlerts>(&text).unwrap(), folded);
        }
    }

    #[test]
    fn ten_thousand_are_small_and_damage_is_told() {
        let mut folded = FoldedAlerts::default();
        for n in 0..10_000_u64 {
            folded.insert(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), Folded { firing: true, row: Some(12) });
        }
        assert!(String::from(folded).len() < 150_000);
        for text in ["AAAA", "not base64!"] {
            assert!(FoldedAlerts::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
