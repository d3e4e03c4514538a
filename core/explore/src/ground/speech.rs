//! What a model says in prose, checked sentence by sentence while it comes.
//!
//! A sentence stands with its citations or it does not stand; to say that something is not known needs none. Must never show
//! a sentence that is not whole. Start at [`Speech`].

use std::sync::LazyLock;

use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::report::{EvidenceId, Report};
use midwatch_redact::Redacted;
use regex::Regex;

use super::check::Grounds;
use super::defuse::defused;
use super::parse;
use super::sentences::{Place, Said, Splitter};
use super::told::Told;
use super::words;
use crate::prompt::mark;
use crate::shelf::Shelf;

/// What a model says when people talk to each other and not to it: this word and nothing else.
pub const NOT_ASKED: &str = "NOT_ASKED";

/// Bytes of a speech that are heard.
const HEARD: usize = 64 * 1024;

/// Words of a sentence that says what is not known.
const UNKNOWING: usize = 30;

/// Words of a line that leads to a list.
const LEAD: usize = 8;

/// All that such a line may be made of: a sentence of these words claims nothing.
const LEADING: &str = "\
    a the these this those following that what which why how who where here are is was were has have in of on to for \
    from at by with and it i we you can could see seen saw found find read know known checked look looked next first \
    then also so far evidence report findings finding facts signs details detail summary short answer list order \
    timeline events event logs log lines line objects object pods pod changes change changed happened happens points \
    reasons reason steps step says said shows show suggests more my our me let explain both each one two three";

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static DOES_NOT_KNOW: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:i|we)\s+(?:do not|don't|did not|didn't|cannot|can't|could not|couldn't|am not able to|was not able to)\s+(?:know|tell|say|see|find|read|answer|determine|confirm|help)\b|\b(?:evidence|what was read|report)\s+(?:does not|doesn't|do not|cannot)\s+(?:show|shows|tell|tells|say|says|decide|decides|explain|explains)\b|\bnothing that was read\s+(?:shows|tells|says|decides|explains)\b|\bthere is no evidence\b|\bnot (?:enough|sufficient) evidence\b|\b(?:was|were) not (?:read|recorded|visible)\b|\b(?:is|are) (?:not known|unknown|not visible) ").unwrap()
});

/// Words with which such a sentence goes on to claim something.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static CLAIMS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:but|however|although|though|because|still|probably|likely|so|and|while|when|since|as|who|which)\b|[,;:]|[.] | [–—-] ",
    )
    .unwrap()
});

/// The same words where they claim nothing: `as well`, `since yesterday`, `I do not know which`.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\bas (?:well|yet)\b|\bsince (?:then|yesterday|today|midnight|noon)\b|\b(?:know|tell|say|see|find|determine|confirm) (?:when|who|which)\b",
    )
    .unwrap()
});

/// A sentence that stands.
#[derive(Clone, Debug)]
struct Stood {
    text: String,
    evidence: Vec<EvidenceId>,
    place: Place,
}

/// A speech, as far as it was heard.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    told: Told,
    splitter: Splitter,
    heard: String,
    stood: Vec<Stood>,
    lead: Option<Said>,
    left_out: u32,
}

impl Speech {
    /// Where there is no report.
    pub fn new() -> Self {
        Self::default()
    }

    /// About a report: what it says of its evidence may be said again, and is not denied without evidence.
    pub fn about(report: &Redacted<Report>) -> Self {
        Self { told: Told::of(report), ..Self::default() }
    }

    /// Hears more. Whether whole sentences were added.
    pub fn push(&mut self, delta: &str, on: &Shelf) -> bool {
        let room = HEARD.saturating_sub(self.heard.len());
        let end = (0..=delta.len().min(room)).rev().find(|at| delta.is_char_boundary(*at)).unwrap_or(0);
        self.heard.push_str(&delta[..end]);
        let whole = self.splitter.push(&delta[..end]);
        self.weigh(whole, on)
    }

    /// What was heard so far is void.
    pub fn again(&mut self) {
        let told = std::mem::take(&mut self.told);
        *self = Self { told, ..Self::default() };
    }

    /// It is over: what was left is a sentence, too.
    pub fn finish(&mut self, on: &Shelf) {
        let rest = self.splitter.finish();
        self.weigh(rest, on);
        self.lead = None;
    }

    /// Whether it says that it was not asked, and nothing else. Known when it is over.
    pub fn is_not_asked(&self) -> bool {
        self.heard.trim_matches(|c: char| !c.is_alphanumeric()) == NOT_ASKED
    }

    /// Whether no sentence of it stood.
    pub fn is_empty(&self) -> bool {
        self.stood.is_empty()
    }

    /// Sentences that were left out.
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    /// What stands of it, and what it cites.
    pub fn answer(&self, on: &Shelf) -> Redacted<Answer> {
        let mut answer = Answer::default();
        if !self.stood.is_empty() {
            answer = answer.with_text(self.prose());
        }
        let cited = self.cited(on);
        if !cited.is_empty() {
            answer = answer.with_text(cited);
        }
        if self.left_out > 0 {
            answer = answer.with_text(match self.left_out {
                1 => "1 sentence of the model was left out: no evidence carries it.".to_owned(),
                n => format!("{n} sentences of the model were left out: no evidence carries them."),
            });
        }
        on.redactor().seal(answer)
    }

    fn weigh(&mut self, whole: Vec<Said>, on: &Shelf) -> bool {
        let told = std::mem::take(&mut self.told);
        let grounds = Grounds::new(on, &told);
        let before = self.stood.len();
        for said in whole {
            self.hear(said, &grounds);
        }
        self.told = told;
        self.stood.len() > before
    }

    fn hear(&mut self, said: Said, grounds: &Grounds<'_>) {
        let (text, ids) = parse::cited(&said.text);
        if text.trim_matches(|c: char| !c.is_alphanumeric()) == NOT_ASKED {
            return;
        }
        let evidence = match grounds.check(&text, &ids) {
            Ok(evidence) => evidence,
            Err(_) if ids.is_empty() && is_unknowing(&text) && grounds.claims_nothing(&text) => Vec::new(),
            Err(_) if ids.is_empty() && is_lead(&text) => {
                self.lead = Some(said);
                return;
            }
            Err(flaw) => {
                tracing::debug!(%flaw, "a sentence of a model is left out");
                self.left_out += u32::from(text.contains(char::is_alphanumeric));
                return;
            }
        };
        if let Some(lead) = self.lead.take().filter(|_| said.place != Place::Apart) {
            self.stood.push(Stood { text: shown(&lead.text), evidence: Vec::new(), place: Place::Apart });
        }
        self.stood.push(Stood { text: shown(&text), evidence, place: said.place });
    }

    fn prose(&self) -> String {
        let mut prose = String::new();
        for stood in &self.stood {
            prose.push_str(match stood.place {
                _ if prose.is_empty() => "",
                Place::Beside => " ",
                Place::Entry => "\n",
                Place::Apart => "\n\n",
            });
            if stood.place == Place::Entry {
                prose.push_str("- ");
            }
            let words = stood.text.trim_end_matches(['.', '!']);
            let end = &stood.text[words.len()..];
            let ids = stood.evidence.iter().map(|id| format!("[{id}]")).collect::<Vec<_>>().concat();
            prose.push_str(words);
            prose.push_str(if ids.is_empty() { "" } else { " " });
            prose.push_str(&ids);
            prose.push_str(end);
        }
        prose
    }

    /// What is cited, a line each, with the command that shows it.
    fn cited(&self, on: &Shelf) -> String {
        let mut ids: Vec<EvidenceId> = self.stood.iter().flat_map(|stood| stood.evidence.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let line = |id: EvidenceId| {
            let item = on.item(id)?;
            let command = match item.command.as_str() {
                "" => String::new(),
                command => format!(": `{}`", command.replace(['`', '\n'], " ")),
            };
            Some(format!("[{id}] {}{command}", shown(&item.summary)))
        };
        ids.into_iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }
}

fn shown(text: &str) -> String {
    defused(&mark::plain(text)).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A plain sentence that says what is not known, and claims nothing.
fn is_unknowing(text: &str) -> bool {
    text.split_whitespace().count() <= UNKNOWING
        && DOES_NOT_KNOW.is_match(text)
        && !CLAIMS.is_match(&HARMLESS.replace_all(text.trim_end(), ""))
}

/// A line that leads to a list, and says nothing by itself: `These changed:`.
fn is_lead(text: &str) -> bool {
    let Some(words) = text.strip_suffix(':') else { return false };
    let harmless = |word: &str| words::among(LEADING, &word.trim_end_matches(',').to_lowercase());
    words.split_whitespace().count() <= LEAD && words.split_whitespace().all(harmless)
}
