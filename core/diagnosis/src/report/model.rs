//! What a language model made of the same evidence: beside what the rules found, never in place of it.
//!
//! The rules' verdict is not touched: whatever a model was told by a log line cannot change it. What a model adds is told
//! as its own, and only with evidence: an [`Opinion`] that cites what neither the report nor its own pieces hold loses that
//! sentence on its way into the report. Start at [`Report::with_opinion`].

use std::collections::BTreeMap;

use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

use super::{Claim, EvidenceId, Ledger, Report};
use crate::entity::EntityRef;
use crate::evidence::Evidence;
use crate::finding::Confidence;
use crate::verdict::Verdict;

/// A sentence of a model with the numbers it cites: those of the report, then those of what it read itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// What is said.
    pub text: String,
    /// What it cites.
    pub evidence: Vec<EvidenceId>,
}

/// What a model does to a hypothesis of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// More likely than the rules say.
    Raises,
    /// Less likely.
    Lowers,
    /// Excluded.
    Rejects,
}

impl Stance {
    /// As it is said: `supports`, `doubts`, `rejects`.
    pub fn as_str(self) -> &'static str {
        match self {
            Stance::Raises => "supports",
            Stance::Lowers => "doubts",
            Stance::Rejects => "rejects",
        }
    }
}

/// What a model thinks of one hypothesis of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement<C = Claim> {
    /// The hypothesis, in the words of the report.
    pub on: String,
    /// Which way.
    pub stance: Stance,
    /// Why, with evidence.
    pub because: C,
}

/// What a model says, in sentences of one kind: [`Cited`] on the way in, [`Claim`] in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Says<C = Claim> {
    /// Its own class; none when it abstains.
    pub verdict: Option<Verdict>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What would have to change, as it sees it. Only objects that were seen.
    pub root_entities: Vec<EntityRef>,
    /// Its explanation in one sentence; none when it has none that stands on evidence.
    pub root_cause: Option<C>,
    /// The prose, in sentences.
    pub summary: Vec<C>,
    /// What it found beyond the rules.
    pub found: Vec<C>,
    /// What it thinks of the rules' hypotheses.
    pub judgements: Vec<Judgement<C>>,
    /// What it would look at next. No claims: nothing is said to be so.
    pub next: Vec<String>,
    /// Sentences that were left out because no evidence carries them.
    pub left_out: u32,
    /// Which budget ended it, in words; none when it came to its own end.
    pub cut_short: Option<String>,
}

impl<C> Default for Says<C> {
    fn default() -> Self {
        Self {
            verdict: None,
            confidence: Confidence::Low,
            root_entities: Vec::new(),
            root_cause: None,
            summary: Vec::new(),
            found: Vec::new(),
            judgements: Vec::new(),
            next: Vec::new(),
            left_out: 0,
            cut_short: None,
        }
    }
}

/// What came of asking a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Heard<C = Claim> {
    /// Nothing: it was down, slow, out of quota, or said nothing that can be used.
    Nothing {
        /// Why, for the reader: `no answer within 30 s`.
        why: String,
    },
    /// It said this.
    Said(Box<Says<C>>),
}

/// The part of a report that a model made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelView {
    /// Which model, as the configuration calls it, and as its provider does: `main (claude-sonnet-4-5)`.
    pub by: String,
    /// What came of it.
    #[serde(flatten)]
    pub heard: Heard,
}

/// What a model said, before it is part of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// Which model.
    pub by: String,
    /// What came of it.
    pub heard: Heard<Cited>,
    /// What it cites beyond the report's own evidence.
    pub pieces: BTreeMap<EvidenceId, Evidence>,
}

/// What a report comes to, with the model's part weighed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concluded<'a> {
    /// The class.
    pub verdict: Verdict,
    /// How sure.
    pub confidence: Confidence,
    /// What would have to change.
    pub root_entities: &'a [EntityRef],
    /// In one sentence.
    pub root_cause: &'a str,
    /// A model found it, where the rules left the question open.
    pub by_model: bool,
}

impl Report {
    /// The same report with what a model made of it. Sentences whose evidence neither the report nor the opinion holds are
    /// counted as left out; all else of the report stays as it is, but for evidence at the end of its ledger.
    #[must_use]
    pub fn with_opinion(mut self, opinion: &Opinion) -> Self {
        let heard = match &opinion.heard {
            Heard::Nothing { why } => Heard::Nothing { why: why.clone() },
            Heard::Said(says) => Heard::Said(Box::new(Founding::new(&mut self.ledger, &opinion.pieces).says(says))),
        };
        self.model = Some(ModelView { by: opinion.by.clone(), heard });
        self
    }

    /// What a model said, if one did.
    pub fn model_says(&self) -> Option<&Says> {
        match &self.model.as_ref()?.heard {
            Heard::Said(says) => Some(says),
            Heard::Nothing { .. } => None,
        }
    }

    /// What the report comes to. The rules decide where they can; a model's cause counts where they leave the question open
    /// and it is more than a guess.
    pub fn concluded(&self) -> Concluded<'_> {
        let open = matches!(self.verdict, Verdict::Inconclusive | Verdict::Blind);
        let says = self.model_says().filter(|says| {
            open && says.verdict == Some(Verdict::Cause)
                && says.confidence > Confidence::Low
                && !says.root_entities.is_empty()
        });
        match says.and_then(|says| says.root_cause.as_ref().map(|cause| (says, cause))) {
            Some((says, cause)) => Concluded {
                verdict: Verdict::Cause,
                confidence: says.confidence,
                root_entities: &says.root_entities,
                root_cause: &cause.text,
                by_model: true,
            },
            None => Concluded {
                verdict: self.verdict,
                confidence: self.confidence,
                root_entities: &self.root_entities,
                root_cause: &self.root_cause,
                by_model: false,
            },
        }
    }
}

impl ModelView {
    /// Every claim in it.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        let says = match &self.heard {
            Heard::Said(says) => Some(says),
            Heard::Nothing { .. } => None,
        };
        says.into_iter().flat_map(|says| {
            let judged = says.judgements.iter().map(|j| &j.because);
            says.root_cause.iter().chain(&says.summary).chain(&says.found).chain(judged)
        })
    }
}

/// Turns sentences into claims of a ledger.
struct Founding<'a> {
    ledger: &'a mut Ledger,
    held: usize,
    pieces: &'a BTreeMap<EvidenceId, Evidence>,
    left_out: u32,
}

impl<'a> Founding<'a> {
    fn new(ledger: &'a mut Ledger, pieces: &'a BTreeMap<EvidenceId, Evidence>) -> Self {
        let held = ledger.pieces.len();
        Self { ledger, held, pieces, left_out: 0 }
    }

    fn says(mut self, says: &Says<Cited>) -> Says {
        let root_cause = says.root_cause.as_ref().and_then(|cited| self.claim(cited));
        let summary = self.claims(&says.summary);
        let found = self.claims(&says.found);
        let judged = says.judgements.iter().filter_map(|judgement| {
            let because = self.claim(&judgement.because)?;
            Some(Judgement { on: judgement.on.clone(), stance: judgement.stance, because })
        });
        let judgements = judged.collect();
        Says {
            verdict: says.verdict,
            confidence: says.confidence,
            root_entities: says.root_entities.clone(),
            root_cause,
            summary,
            found,
            judgements,
            next: says.next.clone(),
            left_out: says.left_out.saturating_add(self.left_out),
            cut_short: says.cut_short.clone(),
        }
    }

    fn claims(&mut self, cited: &[Cited]) -> Vec<Claim> {
        cited.iter().filter_map(|cited| self.claim(cited)).collect()
    }

    /// None, and counted, when it cites nothing or what is not there.
    fn claim(&mut self, cited: &Cited) -> Option<Claim> {
        let ids: Option<Vec<EvidenceId>> = cited.evidence.iter().map(|id| self.cite(*id)).collect();
        let claim = ids.and_then(|ids| {
            let (first, rest) = ids.split_first()?;
            Some(Claim::new(cited.text.clone(), *first).and(rest.iter().copied()))
        });
        self.left_out += u32::from(claim.is_none());
        claim
    }

    fn cite(&mut self, id: EvidenceId) -> Option<EvidenceId> {
        if id.0 >= 1 && id.0 as usize <= self.held {
            return Some(id);
        }
        self.pieces.get(&id).map(|piece| self.ledger.cite(piece))
    }
}

impl Redact for Cited {
    fn redact(&mut self, redactor: &Redactor) {
        self.text.redact(redactor);
    }
}

impl<C: Redact> Redact for Judgement<C> {
    fn redact(&mut self, redactor: &Redactor) {
        self.on.redact(redactor);
        self.because.redact(redactor);
    }
}

impl<C: Redact> Redact for Says<C> {
    fn redact(&mut self, redactor: &Redactor) {
        self.root_entities.redact(redactor);
        self.root_cause.redact(redactor);
        self.summary.redact(redactor);
        self.found.redact(redactor);
        self.judgements.redact(redactor);
        self.next.redact(redactor);
        self.cut_short.redact(redactor);
    }
}

impl<C: Redact> Redact for Heard<C> {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Heard::Nothing { why } => why.redact(redactor),
            Heard::Said(says) => says.redact(redactor),
        }
    }
}

impl Redact for ModelView {
    fn redact(&mut self, redactor: &Redactor) {
        self.by.redact(redactor);
        self.heard.redact(redactor);
    }
}

impl Redact for Opinion {
    fn redact(&mut self, redactor: &Redactor) {
        self.by.redact(redactor);
        self.heard.redact(redactor);
        for piece in self.pieces.values_mut() {
            piece.redact(redactor);
        }
    }
}
