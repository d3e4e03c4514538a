//! The lanes of a channel, and a message as it stands in the index of one. Values only.

use midwatch_service::id::PostKey;
use midwatch_service::post::Urgency;

use super::kept::Kept;

/// What taking a message now would be to a platform's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// A new message.
    Post,
    /// An edit.
    Edit,
    /// An edit of urgency `progress`: closed apart from the others.
    Progress,
}

impl Lane {
    pub(super) const ALL: [Lane; 3] = [Lane::Post, Lane::Edit, Lane::Progress];

    /// In names of keys.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Lane::Post => "post",
            Lane::Edit => "edit",
            Lane::Progress => "progress",
        }
    }
}

/// A message in the index of its lane. Ordered as they go: by urgency; new messages before edits; by when it was last said;
/// by age. Its text orders the same way within a lane.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    urgency: u8,
    is_edit: bool,
    said_at: i64,
    number: u64,
    pub(super) due_at: i64,
    pub(super) key: PostKey,
}

impl Entry {
    /// The entry of a message, if it has one now.
    pub(super) fn of(key: &PostKey, kept: &Kept) -> Option<(Lane, Self)> {
        let (lane, due_at) = (kept.lane()?, kept.due_at?);
        let is_edit = lane != Lane::Post;
        let said_at = kept.said_at.filter(|_| is_edit).map_or(0, |at| at.as_microsecond().max(0));
        let urgency = rank(kept.urgency);
        let due_at = due_at.as_microsecond();
        Some((lane, Self { urgency, is_edit, said_at, number: kept.number, due_at, key: key.clone() }))
    }

    pub(super) fn is_edit(&self) -> bool {
        self.is_edit
    }

    /// As it stands in the index: what is compared first at the front, digits filled up.
    pub(super) fn text(&self) -> String {
        let Self { urgency, said_at, number, due_at, key, .. } = self;
        format!("{urgency}/{said_at:016x}/{number:016x}/{due_at}/{key}")
    }

    /// From its text; none when it is none.
    pub(super) fn parse(lane: Lane, text: &str) -> Option<Self> {
        let mut words = text.splitn(5, '/');
        let urgency = words.next()?.parse().ok()?;
        let said_at = i64::from_str_radix(words.next()?, 16).ok()?;
        let number = u64::from_str_radix(words.next()?, 16).ok()?;
        let due_at = words.next()?.parse().ok()?;
        let key = PostKey(words.next()?.to_owned());
        Some(Self { urgency, is_edit: lane != Lane::Post, said_at, number, due_at, key })
    }
}

/// Urgencies as digits that order; they stand in indexes, so they never change.
fn rank(urgency: Urgency) -> u8 {
    match urgency {
        Urgency::Opening => 0,
        Urgency::Report => 1,
        Urgency::Notice => 2,
        Urgency::Finding => 3,
        Urgency::Progress => 4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(lane: Lane) -> impl Strategy<Value = Entry> {
        let is_edit = lane != Lane::Post;
        let number = prop_oneof![0_u64..3, any::<u64>()];
        let said_at = prop_oneof![0_i64..3, 0..=i64::MAX].prop_map(move |at| if is_edit { at } else { 0 });
        (0_u8..5, said_at, number, any::<i64>(), "[a-z:/0-9]{0,4}").prop_map(
            move |(urgency, said_at, number, due_at, key)| Entry {
                urgency,
                is_edit,
                said_at,
                number,
                due_at,
                key: PostKey(key),
            },
        )
    }

    proptest! {
        #[test]
        fn an_entry_comes_back_from_its_text(entry in entries(Lane::Edit)) {
            prop_assert_eq!(Entry::parse(Lane::Edit, &entry.text()), Some(entry));
        }

        #[test]
        fn texts_are_in_the_order_of_their_entries(a in entries(Lane::Progress), b in entries(Lane::Progress)) {
            prop_assume!(a.number != b.number);
            prop_assert_eq!(a.cmp(&b), a.text().cmp(&b.text()));
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for text in ["", "1/2/3/4", "x/0/0/0/k", "1/zz/0/0/k", "1/0/0/late/k"] {
            assert_eq!(Entry::parse(Lane::Post, text), None, "{text}");
        }
    }
}
