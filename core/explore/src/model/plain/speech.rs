//! What may be told to whoever listens, while it is not known yet whether a block of calls follows.
//!
//! Start at [`Speech::push`].

/// What opens something that may be a block of calls.
const OPENS: [&str; 2] = ["```", "<tool_call"];

/// Words as they come.
pub(super) struct Speech {
    /// Whether there may be a block of calls.
    may_call: bool,
    heard: String,
    /// Bytes of `heard` (without thoughts) that were told.
    told: usize,
}

impl Speech {
    pub(super) fn new(may_call: bool) -> Self {
        Self { may_call, heard: String::new(), told: 0 }
    }

    /// Hears more; gives what may be told now.
    pub(super) fn push(&mut self, text: &str) -> String {
        self.heard.push_str(text);
        let Some(said) = after_thoughts(&self.heard) else { return String::new() };
        let end = if self.may_call { held_from(said) } else { said.len() };
        let words = said.get(self.told..end).unwrap_or_default().to_owned();
        self.told += words.len();
        words
    }

    /// What was held back, when it was no block of calls after all.
    pub(super) fn rest(&self) -> String {
        after_thoughts(&self.heard).and_then(|said| said.get(self.told..)).unwrap_or_default().to_owned()
    }
}

/// From where it is held back: what may be a block, or the beginning of its mark.
fn held_from(said: &str) -> usize {
    if said.trim_start().starts_with(['{', '[']) {
        return 0;
    }
    if let Some(at) = OPENS.iter().filter_map(|open| said.find(open)).min() {
        return at;
    }
    let begins = |open: &&str| (1..open.len()).rev().find(|length| said.ends_with(&open[..*length]));
    said.len() - OPENS.iter().filter_map(begins).max().unwrap_or(0)
}

/// What follows the thoughts that some models write before they speak; none while they think.
pub(super) fn after_thoughts(text: &str) -> Option<&str> {
    const OPEN: &str = "<think>";
    let begun = text.trim_start();
    if let Some(thoughts) = begun.strip_prefix(OPEN) {
        return thoughts.split_once("</think>").map(|(_, said)| said.trim_start());
    }
    // Too little came to know.
    (begun.is_empty() || !OPEN.starts_with(begun)).then_some(text)
}
