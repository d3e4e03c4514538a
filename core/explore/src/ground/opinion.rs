//! From what a model concludes to what may stand in a report: sentence by sentence, and the verdict last.
//!
//! Must never change what the rules found: all of it stands beside. A verdict stands only on sentences that stood. Start at
//! [`opinion`].

use std::collections::BTreeMap;

use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::evidence::Evidence;
use midwatch_diagnosis::finding::Confidence;
use midwatch_diagnosis::report::{Cited, EvidenceId, Heard, Judgement, Opinion, Report, Says, Stance};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redacted, Redactor};

use super::check::{Flaw, Grounds};
use super::conclusion::{Class, Conclusion, Judged, Object, Sentence, Sureness, Way};
use super::contradict;
use super::defuse::defused;
use super::hypotheses::Hypothesis;
use super::told::Told;
use crate::prompt::mark;
use crate::shelf::Shelf;

/// Things to look at next.
const NEXT: usize = 5;

/// Characters of one of them.
const CLAUSE: usize = 200;

/// What a model said, as far as evidence carries it. `by` is the model; `cut_short` the budget that ended it.
pub fn opinion(
    by: &str,
    said: &Conclusion,
    shelf: &Shelf,
    report: &Redacted<Report>,
    cut_short: Option<&str>,
) -> Redacted<Opinion> {
    let told = Told::of(report);
    let grounds = Grounds::new(shelf, &told);
    let says =
        Weighing { grounds: &grounds, told: &told, shelf, left_out: 0, doubts: Vec::new() }.says(said, cut_short);
    let pieces = pieces(&says, shelf);
    shelf.redactor().seal(Opinion { by: by.to_owned(), heard: Heard::Said(Box::new(says)), pieces })
}

/// That nothing was heard, and why.
pub fn nothing(by: &str, why: &str, redactor: &Redactor) -> Redacted<Opinion> {
    let heard = Heard::Nothing { why: why.to_owned() };
    redactor.seal(Opinion { by: by.to_owned(), heard, pieces: BTreeMap::new() })
}

/// What the sentences cite beyond the report.
fn pieces(says: &Says<Cited>, shelf: &Shelf) -> BTreeMap<EvidenceId, Evidence> {
    let judged = says.judgements.iter().map(|judgement| &judgement.because);
    let all: Vec<&Cited> = says.root_cause.iter().chain(&says.summary).chain(&says.found).chain(judged).collect();
    let mut claims: BTreeMap<EvidenceId, Vec<&str>> = BTreeMap::new();
    for (cited, id) in all.iter().flat_map(|cited| cited.evidence.iter().map(move |id| (cited, *id))) {
        claims.entry(id).or_default().push(&cited.text);
    }
    claims.into_iter().filter_map(|(id, texts)| Some((id, shelf.piece(id, &texts.join("\n"))?))).collect()
}

struct Weighing<'a> {
    grounds: &'a Grounds<'a>,
    told: &'a Told,
    shelf: &'a Shelf,
    left_out: u32,
    /// Sentences that deny a finding, on evidence of their own.
    doubts: Vec<Judgement<Cited>>,
}

impl Weighing<'_> {
    fn says(mut self, said: &Conclusion, cut_short: Option<&str>) -> Says<Cited> {
        let root_cause = said.root_cause.as_ref().and_then(|sentence| self.sentence(sentence));
        let summary = self.sentences(&said.summary);
        let found = self.sentences(&said.findings);
        let mut judgements: Vec<Judgement<Cited>> =
            said.judgements.iter().filter_map(|judged| self.judged(judged)).collect();
        for doubt in std::mem::take(&mut self.doubts) {
            if !judgements.contains(&doubt) {
                judgements.push(doubt);
            }
        }
        let own = |cited: &Cited| self.grounds.is_own(&cited.evidence);
        let stands = root_cause.iter().chain(&summary).chain(&found);
        let brings_evidence = stands.clone().any(own);
        let stands: Vec<&Cited> = stands.collect();
        let verdict = self.verdict(said.verdict, root_cause.as_ref(), &stands, brings_evidence);
        let is_cause = verdict == Some(Verdict::Cause);
        let clause = |text: &String| clipped(&defused(&mark::plain(text)), CLAUSE);
        Says {
            verdict,
            confidence: verdict.map_or(Confidence::Low, |_| sureness(said.confidence)),
            root_entities: match &root_cause {
                Some(cause) if is_cause => self.objects(&said.root_entities, &cause.evidence),
                _ => Vec::new(),
            },
            root_cause,
            summary,
            found,
            judgements,
            next: said
                .next
                .iter()
                .filter(|text| self.grounds.may_be_next(text))
                .map(clause)
                .filter(|text| !text.is_empty())
                .take(NEXT)
                .collect(),
            left_out: self.left_out,
            cut_short: cut_short.map(str::to_owned),
        }
    }

    fn sentences(&mut self, said: &[Sentence]) -> Vec<Cited> {
        said.iter().filter_map(|sentence| self.sentence(sentence)).collect()
    }

    /// A sentence that stands; else it is counted, or becomes a doubt where it brings evidence against a finding.
    fn sentence(&mut self, said: &Sentence) -> Option<Cited> {
        match self.grounds.check(&said.text, &said.evidence) {
            Ok(evidence) => return Some(cited(&said.text, evidence)),
            Err(Flaw::DeniesFinding(on)) => {
                if let Some(evidence) = self.grounds.denying(&said.text, &said.evidence) {
                    self.doubts.push(Judgement { on, stance: Stance::Lowers, because: cited(&said.text, evidence) });
                    return None;
                }
                tracing::debug!(denies = %on, "a sentence of a model is left out");
            }
            Err(Flaw::Empty) => return None,
            Err(flaw) => tracing::debug!(%flaw, "a sentence of a model is left out"),
        }
        self.left_out += 1;
        None
    }

    fn judged(&mut self, judged: &Judged) -> Option<Judgement<Cited>> {
        let wanted = judged.on.trim().to_lowercase();
        let on = self.told.hypotheses.iter().find(|hypothesis| hypothesis.id == wanted);
        let evidence = match self.grounds.check(&judged.because.text, &judged.because.evidence) {
            Ok(evidence) => Some(evidence),
            // That is what a judgement is for.
            Err(Flaw::DeniesFinding(_)) => self.grounds.denying(&judged.because.text, &judged.because.evidence),
            Err(_) => None,
        };
        let against = |on: &Hypothesis| match judged.stance {
            Way::Raises => on.is_ruled_out(),
            Way::Lowers | Way::Rejects => !on.is_ruled_out(),
        };
        let kept = on.zip(evidence).filter(|(on, evidence)| {
            // What the rules had weighed already is no reason against them.
            self.is_about(on, &judged.because.text, evidence) && (!against(on) || self.grounds.is_own(evidence))
        });
        self.left_out += u32::from(kept.is_none());
        let (on, evidence) = kept?;
        let stance = match judged.stance {
            Way::Raises => Stance::Raises,
            Way::Lowers => Stance::Lowers,
            Way::Rejects => Stance::Rejects,
        };
        Some(Judgement { on: on.text.clone(), stance, because: cited(&judged.because.text, evidence) })
    }

    /// Whether evidence has to do with a hypothesis: the same piece, the same object, or the same words.
    fn is_about(&self, on: &Hypothesis, because: &str, evidence: &[EvidenceId]) -> bool {
        if evidence.iter().any(|id| on.evidence.contains(id)) {
            return true;
        }
        let subject = contradict::content(&on.text);
        let items = evidence.iter().filter_map(|id| self.shelf.item(*id));
        let of_items =
            items.flat_map(|item| item.names.iter().chain(&item.about)).map(|object| object.name.to_lowercase());
        let names: Vec<String> = of_items.filter(|name| on.text.to_lowercase().contains(name.as_str())).collect();
        !names.is_empty() || contradict::content(because).intersection(&subject).count() > 1
    }

    /// The verdict that a model may have: none without a sentence that stands; and one that differs from what the rules are
    /// sure of only on evidence that they did not have.
    fn verdict(
        &self,
        said: Class,
        root_cause: Option<&Cited>,
        stands: &[&Cited],
        brings_evidence: bool,
    ) -> Option<Verdict> {
        let verdict = match said {
            Class::Abstain => return None,
            Class::Cause => Verdict::Cause,
            Class::Healthy => Verdict::Healthy,
            Class::Recovered => Verdict::Recovered,
            Class::Expected => Verdict::Expected,
            Class::Blind => Verdict::Blind,
            Class::Inconclusive => Verdict::Inconclusive,
        };
        let founded = match verdict {
            Verdict::Cause => root_cause.is_some(),
            // To say that nothing can be said needs no evidence.
            Verdict::Blind | Verdict::Inconclusive => true,
            Verdict::Healthy | Verdict::Recovered | Verdict::Expected => {
                stands.iter().any(|cited| contradict::speaks_for(verdict, &cited.text))
            }
        };
        let (rules, _) = self.told.verdict?;
        let open = matches!(rules, Verdict::Inconclusive | Verdict::Blind);
        (founded && (open || rules == verdict || brings_evidence)).then_some(verdict)
    }

    /// Objects that were seen and that the cause has to do with; those that nobody read are left out.
    fn objects(&self, said: &[Object], cause: &[EvidenceId]) -> Vec<EntityRef> {
        let on_shelf = self.shelf.items().iter().flat_map(|item| item.names.iter().chain(&item.about));
        let seen: Vec<&EntityRef> = self.told.objects.iter().chain(on_shelf).collect();
        let mut found: Vec<EntityRef> = Vec::new();
        for object in said {
            let kind = Kind::parse(&object.kind).unwrap_or_else(|| Kind::Other(object.kind.clone()));
            let namespace = object.namespace.as_str();
            let fits = |seen: &&&EntityRef| {
                let same_kind = seen.kind.as_str().eq_ignore_ascii_case(kind.as_str());
                same_kind
                    && seen.name == object.name
                    && self.grounds.is_named(&object.name, cause)
                    && (namespace.is_empty() || seen.ns() == namespace || seen.ns().is_empty())
            };
            if let Some(seen) = seen.iter().find(fits)
                && !found.contains(seen)
            {
                found.push((*seen).clone());
            }
        }
        found
    }
}

fn cited(text: &str, evidence: Vec<EvidenceId>) -> Cited {
    Cited { text: defused(mark::plain(text).trim().trim_end_matches('.')), evidence }
}

fn sureness(said: Sureness) -> Confidence {
    match said {
        Sureness::Low => Confidence::Low,
        // Nobody has measured how often a model that is sure is right.
        Sureness::Medium | Sureness::High => Confidence::Medium,
    }
}

/// The beginning of a text on one line.
fn clipped(text: &str, cap: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= cap {
        line
    } else {
        format!("{}...", line.chars().take(cap).collect::<String>().trim_end())
    }
}
