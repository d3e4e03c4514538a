//! Whether a claim says the opposite of something: of what it cites, or of what the report found.
//!
//! Reads no meaning: it knows words for trouble and for its absence, of a few things that reports speak of, and negation. A
//! claim that denies what its own evidence shows is wrong; one that denies what the rules found has to bring evidence of its
//! own. Start at [`against_evidence`] and [`against_report`].

use std::collections::BTreeSet;
use std::sync::LazyLock;

use midwatch_diagnosis::verdict::Verdict;
use regex::Regex;

use super::numbers::stem;
use super::told::Told;
use super::words;

/// Something that can be well or not, and the words for both.
struct Topic {
    bad: &'static str,
    good: &'static str,
}

const TOPICS: &[Topic] = &[
    Topic {
        bad: r"oom[- ]?kill\w*|out[- ]of[- ]memory|\boom\b|memory cgroup",
        good: r"enough memory|within (?:its|the) memory",
    },
    Topic {
        bad: r"crash\w*|fail(?:s|ed|ing|ure|ures)?\b|unready|notready|unhealthy|unavailable|\bdown\b|broken|backoff|back-off|not ready|ready=false|does not work|exited with|\bfatal\b|\bpanic\b",
        good: r"\bhealthy\b|\bworks\b|\bworking\b|\bfine\b|\bready\b|ready=true|running normally|all is well|serves normally|no problem|nothing is wrong|operational",
    },
    Topic {
        bad: r"does not exist|do not exist|doesn't exist|\bmissing\b|not found|\babsent\b|is not among|no such",
        good: r"\bexists?\b|is present|is there\b|is not missing",
    },
    Topic {
        bad: r"imagepullbackoff|errimagepull|cannot be pulled|could not be pulled|pull failed|failed to pull",
        good: r"was pulled|successfully pulled|pulls fine",
    },
    Topic {
        bad: r"unschedulable|failedscheduling|cannot be scheduled|could not be scheduled|\bpending\b",
        good: r"\bscheduled\b|successfully assigned",
    },
    Topic {
        bad: r"\brestart(?:ed|ing)\b|\brestarts?[=: ]+[1-9]|restartcount\W{1,3}[1-9]|\b[1-9][0-9]* restarts?\b",
        good: r"\brestarts?[=: ]+0\b|restartcount\W{1,3}0\b|\b(?:no|without|zero|0) restarts?\b",
    },
    Topic { bad: r"\berrors?\b|\bexceptions?\b", good: r"error-free" },
    Topic { bad: r"\bforbidden\b|\bdenied\b|\bunauthori[sz]ed\b", good: r"\ballowed\b|\bpermitted\b" },
];

static PATTERNS: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    let read = |pattern: &str| Regex::new(&format!("(?i){pattern}"));
    TOPICS.iter().filter_map(|topic| Some((read(topic.bad).ok()?, read(topic.good).ok()?))).collect()
});

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:not|no|never|without|nor|neither|none|cannot|zero|ruled out|rules out|excludes?|excluded|isn't|wasn't|aren't|weren't|doesn't|didn't|don't|hasn't|haven't|can't|nothing)\b").unwrap()
});

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static BLAMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:causes?|caused|causing|because|due to|root|culprit|responsible|explains?|explained|to blame|triggers?|triggered|leads? to|led to|comes from|stems from)\b").unwrap()
});

/// The place of health among the topics.
const HEALTH: usize = 1;

/// That something is not well, in the words for being well.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static UNWELL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\b(?:un)?(?:ready|healthy|available)\b").unwrap());

/// That there is no trouble.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static ABSENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:no|without|zero|0) (?:\w+ )?(?:errors?|restarts?|crash\w*|failures?|oom\w*|warnings?|events?)\b|\brestarts? 0\b").unwrap()
});

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static CAME_BACK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:recover\w*|resolved|came back|is back|no longer|again|ceased|went away|(?:stopped|ended) at)\b",
    )
    .unwrap()
});

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static MEANT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:expected|planned|intend\w*|by design|on purpose|maintenance|scheduled?|suspend\w*|paused?|scaled|rollout|rolling|cordon\w*|drain\w*|completed?|succeeded|exit(?:ed)? (?:with )?(?:code )?0)\b").unwrap()
});

/// Words that say nothing about what a sentence is about.
const EMPTY: &str = "\
    the and that this with from its has have had was were are for not now did does been which their there they \
    itself because since still also into than then but any all will other never cannot without pod deployment \
    namespace container";

/// Whether a sentence says what such a verdict says: that something is well, that it came back, that it was meant.
pub(super) fn speaks_for(verdict: Verdict, text: &str) -> bool {
    let is_well = PATTERNS.get(HEALTH).is_some_and(|topic| sign(text, topic) == Some(Sign::Good));
    match verdict {
        Verdict::Healthy => is_well || ABSENT.is_match(text),
        Verdict::Recovered => is_well || CAME_BACK.is_match(text),
        Verdict::Expected => MEANT.is_match(text),
        Verdict::Cause | Verdict::Blind | Verdict::Inconclusive => true,
    }
}

/// Whether a word says nothing about what a sentence is about.
pub(super) fn is_empty(word: &str) -> bool {
    words::among(EMPTY, word)
}

/// How a text stands to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Good,
    Bad,
    Both,
}

/// A claim that denies what its own evidence shows: the words of the claim.
pub(super) fn against_evidence(claim: &str, says: &str) -> bool {
    let signs = PATTERNS.iter().enumerate().filter_map(|(n, topic)| Some((n, topic, sign(claim, topic)?)));
    signs.into_iter().any(|(n, topic, claimed)| match sign(says, topic) {
        Some(Sign::Bad) => claimed == Sign::Good,
        // That something is ready does not deny that something fails; it denies that it is not ready.
        Some(Sign::Good) => claimed == Sign::Bad && (n != HEALTH || UNWELL.is_match(claim)),
        Some(Sign::Both) | None => false,
    })
}

/// What of the report a claim denies. What the cited evidence itself shows is no denial: another pod may be fine.
pub(super) fn against_report<'a>(claim: &str, says: &str, told: &'a Told) -> Option<&'a str> {
    let lower = claim.to_lowercase();
    let of_subject = told.subjects.iter().any(|name| words::holds(&lower, name));
    let denied = told.findings.iter().find(|finding| opposes(claim, says, finding, of_subject));
    denied.or_else(|| told.ruled_out.iter().find(|rival| blames(claim, rival))).map(String::as_str)
}

/// Findings are about the subject of the report, whether they name it or not.
fn opposes(claim: &str, says: &str, finding: &str, of_subject: bool) -> bool {
    let of_finding = content(finding);
    let of_claim = content(claim);
    let shared = of_claim.intersection(&of_finding).count();
    if shared == 0 && !of_subject {
        return false;
    }
    let on_topic = PATTERNS.iter().any(|topic| {
        let (claimed, found) = (sign(claim, topic), sign(finding, topic));
        let opposite =
            matches!((claimed, found), (Some(Sign::Good), Some(Sign::Bad)) | (Some(Sign::Bad), Some(Sign::Good)));
        opposite && sign(says, topic).is_none()
    });
    let smaller = of_claim.len().min(of_finding.len());
    let same_words = smaller >= 3 && shared * 10 >= smaller * 7;
    on_topic || same_words && is_negated(claim) != is_negated(finding) && !repeats_a_negation(claim, says)
}

/// Whether what a claim negates is negated in the same words by what it cites: `the setting is not set` denies nothing
/// where the log says so, however often the finding says `not`.
fn repeats_a_negation(claim: &str, says: &str) -> bool {
    let (claim, says) = (claim.to_lowercase(), says.to_lowercase());
    let mut negations = NEGATION.find_iter(&claim).peekable();
    negations.peek().is_some()
        && negations.all(|found| {
            let words: Vec<&str> = claim[found.start()..].split_whitespace().take(2).collect();
            says.contains(words.join(" ").trim_end_matches(|c: char| !c.is_alphanumeric()))
        })
}

/// Whether a claim blames what was ruled out: `the node: other pods on it are fine` is about the node.
fn blames(claim: &str, rival: &str) -> bool {
    let Some((named, _)) = rival.split_once(':') else { return false };
    let rival: BTreeSet<String> = content(named);
    let blamed = BLAMES.find(claim);
    blamed.is_some() && !is_negated(claim) && !rival.is_empty() && rival.is_subset(&content(claim))
}

fn is_negated(text: &str) -> bool {
    NEGATION.find_iter(text).count() % 2 == 1
}

/// What a text says on a topic.
fn sign(text: &str, (bad, good): &(Regex, Regex)) -> Option<Sign> {
    let mut sign = None;
    let bads = bad.find_iter(text).map(|found| (found.start(), found.as_str(), Sign::Bad, Sign::Good));
    let goods = good.find_iter(text).map(|found| (found.start(), found.as_str(), Sign::Good, Sign::Bad));
    for (start, word, plain, negated) in bads.chain(goods).take(1000) {
        // `not ready` is found as trouble: its `ready` is no sign of its own.
        let denied = NEGATION.is_match(before(text, start)) && !NEGATION.is_match(word);
        let this = if denied { negated } else { plain };
        sign = match sign {
            None => Some(this),
            Some(sign) if sign == this => Some(sign),
            Some(_) => return Some(Sign::Both),
        };
    }
    sign
}

/// The few words before a place, within its clause.
fn before(text: &str, at: usize) -> &str {
    let clause = text[..at].rfind([',', ';', '.', ':', '\n', '(', '|']).map_or(0, |end| end + 1);
    let clause = &text[clause..at];
    let few = clause.trim_end().rmatch_indices(char::is_whitespace).nth(3).map_or(0, |(start, _)| start);
    &clause[few..]
}

/// What a text is about: stems of its words.
pub(super) fn content(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let parts = lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).filter(|word| word.len() > 2);
    let says = |word: &&str| !is_empty(word) && !is_empty(stem(word)) && !words::among(words::TERMS, word);
    parts.filter(says).map(|word| stem(word).to_owned()).collect()
}
