//! What a provider wants back with the message it came with: signed thoughts, reasoning.
//!
//! Must never go to another model than the one it came from: a signature of one is refused by the other. Start at
//! [`Kept`].

use genai::chat::ContentPart;
use midwatch_explore::port::Carried;
use serde_json::{Value, json};

/// Parts that stand before the words, and signatures of calls by their place.
#[derive(Debug, Default, Clone)]
pub(crate) struct Kept {
    pub(crate) leading: Vec<ContentPart>,
    pub(crate) signatures: Vec<Option<Vec<String>>>,
}

impl Kept {
    /// For the conversation; none when there is nothing to give back.
    pub(crate) fn carry(&self, by: &str) -> Option<Carried> {
        if self.leading.is_empty() && self.signatures.iter().all(Option::is_none) {
            return None;
        }
        let leading = serde_json::to_value(&self.leading).ok()?;
        Some(Carried(json!({"by": by, "leading": leading, "signatures": self.signatures})))
    }

    /// Out of the conversation, when it came from this model.
    pub(crate) fn returned(carried: Option<&Carried>, by: &str) -> Self {
        let Some(Carried(value)) = carried.filter(|carried| carried.0["by"] == by) else { return Self::default() };
        let read = |member: &str| value.get(member).cloned().unwrap_or(Value::Null);
        Self {
            leading: serde_json::from_value(read("leading")).unwrap_or_default(),
            signatures: serde_json::from_value(read("signatures")).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_back_to_the_model_it_came_from_and_to_no_other() {
        let leading = vec![ContentPart::ThoughtSignature("sig".into()), ContentPart::ReasoningContent("hm".into())];
        let kept = Kept { leading, signatures: vec![None, Some(vec!["s2".into()])] };
        let carried = kept.carry("anthropic/a");
        let back = Kept::returned(carried.as_ref(), "anthropic/a");
        assert_eq!(back.leading[0].as_thought_signature(), Some("sig"));
        assert_eq!(back.signatures, kept.signatures);
        assert!(Kept::returned(carried.as_ref(), "anthropic/b").leading.is_empty());
        assert!(Kept::default().carry("x").is_none());
    }
}
