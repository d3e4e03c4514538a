//! Hearing: redacted, cut to what is read, written once, and acknowledged.
//!
//! Must never do more than one write, nor wait for anything else: platforms allow three seconds. Start at [`Desk::hear`].

use midwatch_conversation::answer::Answer;
use midwatch_conversation::command::{self, Command, Parsed, Spot};
use midwatch_redact::Redact as _;

use super::{Ack, Desk, words};
use crate::heard::{Heard, Said, TEXT_CAP};
use crate::intake::Refused;
use crate::metrics::HeardLabels;
use crate::port::store::{CommitError, Write};

/// Stands at the end of a text that was cut.
const CUT: char = '\u{2026}';

impl Desk {
    pub(super) async fn hear(&self, mut heard: Heard) -> Result<Ack, Refused> {
        // Redacted before it is cut: a secret that is cut in two is not known as one.
        heard.redact(&self.parts.redactor);
        cap(&mut heard.said);
        self.count(&heard);
        let ack = match &heard.said {
            Said::Command { text } => match on_the_spot(text, self.parts.settings.model) {
                (answer, Written::Not) => return Ok(Ack::Say(self.parts.redactor.seal(answer))),
                // Said durably once it is handled; two words at once could come in the wrong order.
                (_, Written::Yes) if heard.waits => Ack::Silent,
                (answer, Written::Yes) => Ack::Say(self.parts.redactor.seal(answer)),
            },
            _ => Ack::Silent,
        };
        let write = Write::Hear { heard: self.parts.redactor.seal(heard), bound: self.parts.settings.bound };
        match self.parts.store.commit(self.now(), vec![write]).await {
            Ok(()) => {
                self.parts.signals.heard.notify_one();
                Ok(ack)
            }
            Err(CommitError::Full { live, .. }) => Err(words::deaf(live)),
            Err(other) => Err(other.into()),
        }
    }

    fn count(&self, heard: &Heard) {
        let known = self.parts.directories.contains_key(&heard.place.platform);
        let platform = if known { heard.place.platform.clone() } else { "other".to_owned() };
        self.parts.metrics.heard.get_or_create(&HeardLabels { platform, kind: kind(&heard.said) }).inc();
    }
}

/// What kind of thing was said, for figures and logs.
pub(super) fn kind(said: &Said) -> &'static str {
    match said {
        Said::Command { .. } => "command",
        Said::Mention { .. } => "mention",
        Said::Message { .. } => "message",
        Said::Post { .. } => "post",
        Said::Unreadable { .. } => "unreadable",
        Said::Press { .. } => "press",
    }
}

/// Whether a command needs to be written down.
enum Written {
    Yes,
    Not,
}

/// What is answered to a slash command at once: all of it when it asks for help or cannot be understood, else what was
/// understood.
fn on_the_spot(text: &str, model: bool) -> (Answer, Written) {
    let (text, was_cut) = whole(text);
    // Whoever gives a command talks to nobody else, wherever it is.
    match command::parse(text, Spot::Top) {
        Err(misspoken) => (misspoken.answer(), Written::Not),
        Ok(Parsed::Command(Command::Help(help))) => (words::help(help.verb.as_deref(), model), Written::Not),
        Ok(Parsed::Free(text)) if text.trim().is_empty() => (words::help(None, model), Written::Not),
        Ok(parsed) => (words::on_it(&parsed, was_cut), Written::Yes),
    }
}

/// What is said to who waits for a word, when nothing else is said to them.
pub(super) fn owed(heard: &Heard, model: bool) -> Answer {
    match &heard.said {
        Said::Command { text } => on_the_spot(text, model).0,
        _ => Answer::text("On it."),
    }
}

/// Cuts what a person said to what is read.
fn cap(said: &mut Said) {
    if let Said::Command { text } | Said::Mention { text } | Said::Message { text } | Said::Unreadable { why: text } =
        said
    {
        cut(text);
    }
}

/// Cuts a text to [`TEXT_CAP`] bytes, the mark included.
pub(super) fn cut(text: &mut String) {
    if text.len() <= TEXT_CAP {
        return;
    }
    let mut end = TEXT_CAP - CUT.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push(CUT);
}

/// The words of a text, and whether there were more of them once.
pub(super) fn whole(text: &str) -> (&str, bool) {
    let nearly_full = text.len() + CUT.len_utf8() >= TEXT_CAP;
    match text.strip_suffix(CUT).filter(|_| nearly_full) {
        Some(words) => (words, true),
        None => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_known_as_cut() {
        for text in ["a".repeat(TEXT_CAP + 1), "\u{20ac}".repeat(TEXT_CAP), format!("a{}", "\u{1f600}".repeat(1_000))] {
            let mut heard = text.clone();
            cut(&mut heard);
            assert!(heard.len() <= TEXT_CAP, "{}", heard.len());
            let (words, was_cut) = whole(&heard);
            assert!(was_cut && text.starts_with(words) && words.len() + 10 > TEXT_CAP);
        }
        for text in [String::new(), "wait\u{2026}".to_owned(), "a".repeat(TEXT_CAP)] {
            let mut heard = text.clone();
            cut(&mut heard);
            assert_eq!((heard.as_str(), whole(&heard)), (text.as_str(), (text.as_str(), false)));
        }
    }
}
