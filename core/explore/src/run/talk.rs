//! One conversation: what was said, how long it is, and what of it can be said shorter.
//!
//! A provider's cache knows a conversation by its beginning, so what was said is never changed but by compaction, and
//! compaction is rare: it makes room for several rounds at once. Older results of tools shrink to their summary first; then
//! older rounds become one list of what was read. Must never lose the number of a piece of evidence, nor part a call from
//! its answer. Start at [`Talk::request`].

use midwatch_redact::Redacted;

use crate::port::{ChatRequest, Choice, Message, ToolSpec, Usage};
use crate::prompt::text::Text;

/// Bytes of a token before anything is known of the model: low, so that the first guess is rather too many tokens.
const BYTES_PER_TOKEN_MILLI: usize = 3_000;

/// What no measure goes beyond: some providers count images or hidden words too, some report nothing sensible.
const PLAUSIBLE_MILLI: std::ops::RangeInclusive<usize> = 1_000..=6_000;

/// Rounds at the end that a first compaction leaves as they are.
const FRESH: u32 = 2;

/// Whether and how a request lets the model go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Calls or words, as it likes.
    Anything,
    /// The one call that ends it.
    Call(&'static str),
    /// Words.
    Words,
}

impl Wants {
    fn choice(self) -> Choice {
        match self {
            Wants::Anything => Choice::Free,
            Wants::Call(name) => Choice::Must(name.to_owned()),
            Wants::Words => Choice::Words,
        }
    }
}

/// A conversation.
pub(crate) struct Talk {
    system: Redacted<String>,
    tools: Redacted<Vec<ToolSpec>>,
    said: Vec<Said>,
    round: u32,
    /// Bytes of system and tools.
    prefix: usize,
    /// Thousandths of a byte for each token.
    per_token: usize,
    /// Bytes of the request before.
    sent: usize,
    /// Tokens that a request may have.
    room: usize,
    max_output: u32,
}

struct Said {
    message: Redacted<Message>,
    /// What it may shrink to.
    short: Option<Redacted<String>>,
    /// Zero is what it begins with; that stays.
    round: u32,
}

impl Talk {
    /// `context` and `max_output` in tokens.
    pub(crate) fn new(
        system: Redacted<String>,
        tools: Redacted<Vec<ToolSpec>>,
        opening: Vec<Redacted<Message>>,
        context: u64,
        max_output: u32,
    ) -> Self {
        let said = opening.into_iter().map(|message| Said { message, short: None, round: 0 }).collect();
        let prefix = system.len() + json_len(&*tools);
        let room = usize::try_from(context.saturating_sub(u64::from(max_output))).unwrap_or(usize::MAX);
        let per_token = BYTES_PER_TOKEN_MILLI;
        Self { system, tools, said, round: 0, prefix, per_token, sent: 0, room, max_output }
    }

    /// A new round begins: what is said from now on belongs together.
    pub(crate) fn next_round(&mut self) {
        self.round += 1;
    }

    /// Adds a message that stays as it is.
    pub(crate) fn say(&mut self, message: Redacted<Message>) {
        self.said.push(Said { message, short: None, round: self.round });
    }

    /// Adds an answer of a tool, with what it may shrink to.
    pub(crate) fn say_result(&mut self, message: Redacted<Message>, short: Redacted<String>) {
        self.said.push(Said { message, short: Some(short), round: self.round });
    }

    /// The request as it stands now, made short enough.
    pub(crate) fn request(&mut self, wants: Wants) -> Redacted<ChatRequest> {
        self.fit();
        self.sent = self.bytes();
        let messages = Redacted::gather(self.said.iter().map(|said| said.message.clone()));
        let whole = self.system.clone().zip(self.tools.clone()).zip(messages);
        whole.map_with((wants, self.max_output), |(wants, max_output), ((system, tools), messages)| ChatRequest {
            system: system.clone(),
            messages: messages.clone(),
            tools: tools.clone(),
            choice: wants.choice(),
            max_output,
        })
    }

    /// Learns from what the provider counted.
    pub(crate) fn measured(&mut self, usage: &Usage) {
        let Ok(input) = usize::try_from(usage.input) else { return };
        if let Some(measured) = (self.sent * 1_000).checked_div(input) {
            self.per_token = measured.clamp(*PLAUSIBLE_MILLI.start(), *PLAUSIBLE_MILLI.end());
        }
    }

    /// The provider says that it is too long: less fits than was thought.
    pub(crate) fn too_long(&mut self) {
        self.room = self.room.min(self.tokens()) * 6 / 10;
    }

    /// About how many tokens the next request has.
    pub(crate) fn tokens(&self) -> usize {
        self.bytes() * 1_000 / self.per_token
    }

    fn bytes(&self) -> usize {
        self.prefix + self.said.iter().map(|said| message_len(&said.message)).sum::<usize>()
    }

    /// Shortens in steps, each harder than the one before, until it fits well.
    fn fit(&mut self) {
        if self.tokens() <= self.room / 100 * 85 {
            return;
        }
        let enough = self.room / 2;
        for keep in [FRESH, 1, 0] {
            self.shorten(keep, enough);
            if self.tokens() <= enough {
                return;
            }
        }
        self.fold();
    }

    /// Shrinks results of rounds older than the last `keep`, the oldest first, until so many tokens are reached.
    fn shorten(&mut self, keep: u32, enough: usize) {
        let (newest, per_token) = (self.round.saturating_sub(keep), self.per_token);
        let mut bytes = self.bytes();
        for said in self.said.iter_mut().filter(|said| said.round <= newest) {
            if bytes * 1_000 / per_token <= enough {
                return;
            }
            if let Some(short) = said.short.as_ref().filter(|short| short.len() < text_len(&said.message)) {
                bytes -= message_len(&said.message);
                said.message = said.message.clone().zip(short.clone()).map(with_text);
                bytes += message_len(&said.message);
            }
        }
    }

    /// Makes one list of what was read out of all rounds but the last. Calls and their answers go together.
    fn fold(&mut self) {
        let last = self.round;
        let is_old = |said: &Said| said.round > 0 && said.round < last;
        if self.said.iter().filter(|said| is_old(said)).count() < 2 {
            return;
        }
        let mut notes = Text::new();
        for short in self.said.iter().filter(|said| is_old(said)).filter_map(|said| said.short.clone()) {
            notes = notes.safe(short).ours("\n");
        }
        let notes = notes.done();
        let told = Text::new().ours("The rounds before were taken out to make room. What was read in them:\n");
        let message = told.safe(notes.clone()).told();
        let at = self.said.iter().position(is_old).unwrap_or(self.said.len());
        self.said.retain(|said| !is_old(said));
        self.said.insert(at, Said { message, short: Some(notes), round: 1 });
    }
}

/// The same message with another text.
pub(crate) fn with_text((message, text): &(Message, String)) -> Message {
    match message {
        Message::Tool { call, name, .. } => {
            Message::Tool { call: call.clone(), name: name.clone(), text: text.clone() }
        }
        Message::User { .. } => Message::User { text: text.clone() },
        Message::Assistant { calls, carried, .. } => {
            Message::Assistant { text: text.clone(), calls: calls.clone(), carried: carried.clone() }
        }
    }
}

fn text_len(message: &Message) -> usize {
    match message {
        Message::User { text } | Message::Tool { text, .. } | Message::Assistant { text, .. } => text.len(),
    }
}

/// Bytes of a message, about as it is sent.
fn message_len(message: &Message) -> usize {
    const AROUND: usize = 40;
    match message {
        Message::User { text } => text.len() + AROUND,
        Message::Tool { call, name, text } => call.len() + name.len() + text.len() + AROUND,
        Message::Assistant { text, calls, carried } => {
            let carried = carried.as_ref().map_or(0, |carried| json_len(&carried.0));
            text.len() + carried + json_len(calls) + AROUND
        }
    }
}

fn json_len(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use midwatch_redact::Redactor;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::port::{Arguments, ToolCall};

    fn sealed(message: Message) -> Redacted<Message> {
        Redactor::default().seal(message)
    }

    fn talk(context: u64) -> Talk {
        let opening = vec![sealed(Message::User { text: "the case".into() })];
        Talk::new(Redacted::fixed("be brief"), Redacted::default(), opening, context, 100)
    }

    /// A round of one call with a result of so many bytes.
    fn round(talk: &mut Talk, number: usize, bytes: usize) {
        talk.next_round();
        let id = format!("call-{number}");
        let call = ToolCall { id: id.clone(), name: "read".into(), arguments: Arguments::Given(json!({})) };
        talk.say(sealed(Message::Assistant { text: String::new(), calls: vec![call], carried: None }));
        let text = "word ".repeat(bytes / 5);
        let short = Redactor::default().redact_text(&format!("e{number}: a result"));
        talk.say_result(sealed(Message::Tool { call: id, name: "read".into(), text }), short);
    }

    /// Every call has its answer behind it, and no answer is without its call.
    fn is_paired(messages: &[Message]) -> bool {
        let mut open: Vec<&str> = Vec::new();
        for message in messages {
            match message {
                Message::Assistant { calls, .. } if open.is_empty() => open.extend(calls.iter().map(|c| c.id.as_str())),
                Message::Tool { call, .. } if open.contains(&call.as_str()) => open.retain(|id| id != call),
                Message::User { .. } if open.is_empty() => {}
                _ => return false,
            }
        }
        open.is_empty()
    }

    proptest! {
        #[test]
        fn compaction_keeps_numbers_pairs_and_the_beginning(
            sizes in proptest::collection::vec(0usize..9_000, 1..20), context in 1_500u64..12_000, measured in 1u64..9_000,
        ) {
            let mut talk = talk(context);
            for (number, bytes) in sizes.iter().enumerate() {
                round(&mut talk, number + 1, *bytes);
                let request = talk.request(Wants::Anything);
                prop_assert!(is_paired(&request.messages));
                let Message::User { text: case } = &request.messages[0] else { panic!("the case is gone") };
                prop_assert_eq!(case, "the case");
                talk.measured(&Usage { input: measured, ..Usage::default() });
            }
            talk.too_long();
            let request = talk.request(Wants::Words);
            prop_assert!(is_paired(&request.messages));
            let told = serde_json::to_string(&request).unwrap();
            for (number, bytes) in sizes.iter().enumerate() {
                let whole = "word ".repeat(bytes / 5);
                let numbered = told.contains(&format!("e{}: a result", number + 1));
                prop_assert!(numbered || told.contains(&whole), "e{} is gone", number + 1);
            }
        }
    }

    #[test]
    fn what_fits_is_not_touched() {
        let mut talk = talk(100_000);
        for number in 1..=5 {
            round(&mut talk, number, 2_000);
        }
        let before = talk.request(Wants::Anything);
        round(&mut talk, 6, 2_000);
        let after = talk.request(Wants::Anything);
        assert_eq!(before.messages[..], after.messages[..before.messages.len()]);
    }

    #[test]
    fn what_does_not_fit_makes_room_for_several_rounds() {
        let mut talk = talk(4_100);
        for number in 1..=4 {
            round(&mut talk, number, 2_900);
        }
        let request = talk.request(Wants::Anything);
        let texts: Vec<usize> = request.messages.iter().map(message_len).collect();
        assert!(talk.tokens() <= 2_000, "{} tokens", talk.tokens());
        assert!(texts.last() > Some(&2_900), "the newest result was shortened first: {texts:?}");
    }

    #[test]
    fn the_measure_of_a_token_is_learned() {
        let mut talk = talk(100_000);
        round(&mut talk, 1, 30_000);
        let _ = talk.request(Wants::Anything);
        let bytes = talk.bytes();
        talk.measured(&Usage { input: (bytes / 5) as u64, ..Usage::default() });
        assert!(talk.tokens().abs_diff(bytes / 5) < 100);
    }
}
