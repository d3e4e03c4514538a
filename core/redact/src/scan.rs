//! From a text to its hits and from hits to the safe text.
//!
//! Must never skip a rule because another one found something, and must end: every pass hides
//! more, and their number is bounded. Start at [`hide`].

use crate::hit::{Dress, Hit, Rule};
use crate::kind::{Finding, SecretKind};
use crate::redactor::{Entropy, Redactor};
use crate::triggers::{self, Trigger};
use crate::{blocks, commands, entropy, headers, manifests, pairs, settle, tokens, urls};
use std::borrow::Cow;
use std::ops::Range;

/// Hiding one secret can bring another one to light (a run that was too odd to judge is cut);
/// so a text is read again until nothing is found.
const MAX_PASSES: usize = 8;

/// A text while the rules read it.
pub(crate) struct Scan<'a> {
    pub(crate) text: &'a str,
    pub(crate) bytes: &'a [u8],
    pub(crate) hits: Vec<Hit>,
    /// Places that look random and are known to be public: certificates.
    pub(crate) public: Vec<Range<usize>>,
    /// End of the last name that was read: several words of one name are one name.
    pub(crate) names_read: usize,
    /// Up to here it is known that no block ends and no JWT begins: what was searched in vain is
    /// not searched again.
    pub(crate) no_pem_end: usize,
    pub(crate) no_jwt: usize,
    /// Nesting depths at which `kind: Secret` was seen.
    pub(crate) secret_objects: Vec<manifests::Seen>,
}

impl Scan<'_> {
    /// Whether the last hit is of the same rule and covers the place already.
    pub(crate) fn is_hidden(&self, at: usize, rule: Rule) -> bool {
        self.hits.last().is_some_and(|hit| hit.rule == rule && hit.start <= at && at < hit.end)
    }

    pub(crate) fn hit(&mut self, span: Range<usize>, kind: SecretKind, rule: Rule) {
        if span.start < span.end {
            self.hits.push(Hit::new(span, kind, rule));
        }
    }
}

/// What the rules find, without what was learned. Not merged.
pub(crate) fn rules(text: &str, entropy: Entropy) -> Vec<Hit> {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        hits: Vec::new(),
        public: Vec::new(),
        names_read: 0,
        no_pem_end: 0,
        no_jwt: 0,
        secret_objects: Vec::new(),
    };
    for (trigger, start, end) in triggers::find(text) {
        match trigger {
            Trigger::Name => {
                manifests::note(&mut scan, start, end);
                pairs::at(&mut scan, start, end);
            }
            Trigger::Token(index) => tokens::at(&mut scan, index, start),
            Trigger::Command(index) => commands::at(&mut scan, index, end),
            Trigger::Url => urls::at(&mut scan, start, end),
            Trigger::GoMysql => urls::go_mysql(&mut scan, start),
            Trigger::Oracle => urls::oracle(&mut scan, end),
            Trigger::Scheme => headers::at(&mut scan, start, end),
            Trigger::Pem => blocks::pem(&mut scan, start),
            Trigger::PemBase64 => blocks::pem_base64(&mut scan, start),
            Trigger::LastApplied => blocks::last_applied(&mut scan, start, end),
            Trigger::Telegram => tokens::telegram(&mut scan, start),
        }
    }
    manifests::find(&mut scan);
    entropy::find(&mut scan, entropy);
    scan.hits
}

fn all(redactor: &Redactor, text: &str) -> Vec<Hit> {
    let mut hits = rules(text, redactor.policy().entropy);
    redactor.literals().find(text, &mut hits);
    redactor.policy().secret_names.find(text, &mut hits);
    if hits.is_empty() {
        return hits;
    }
    let public = &redactor.policy().public;
    hits.retain(|hit| !text.get(hit.start..hit.end).is_some_and(|text| public.contains(text)));
    settle::settle(text, hits)
}

/// The text with its secrets hidden.
pub(crate) fn hide<'a>(redactor: &Redactor, text: &'a str) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_PASSES {
        let hits = all(redactor, &text);
        if hits.is_empty() {
            break;
        }
        text = Cow::Owned(render(&text, &hits));
    }
    text
}

fn render(text: &str, hits: &[Hit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for hit in hits {
        out.push_str(&text[at..hit.start]);
        let quote = match hit.dress {
            Dress::Plain => String::new(),
            Dress::Quoted(slashes) => "\\".repeat(slashes) + "\"",
        };
        out.push_str(&quote);
        out.push_str(hit.kind.replacement());
        out.push_str(&quote);
        at = hit.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The findings of the first pass.
pub(crate) fn explain(redactor: &Redactor, text: &str) -> Vec<Finding> {
    let (mut line, mut column, mut at) = (1, 1, 0);
    all(redactor, text)
        .into_iter()
        .map(|hit| {
            for c in text[at..hit.start].chars() {
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            at = hit.start;
            Finding {
                line,
                column,
                length: text[hit.start..hit.end].chars().count(),
                kind: hit.kind,
                rule: hit.rule.name,
                why: hit.rule.why,
                replacement: hit.kind.replacement(),
            }
        })
        .collect()
}
