//! Questions about objects and figures: events, descriptions, changes, metrics, each with what they are of.
//!
//! Start at [`read`].

use super::cursor::Cursor;
use super::logs::SHOW;
use super::name::{Target, is_form_of_verb, is_surely_name};
use super::phrase::Word;
use super::{Metric, Question, When};

const EVENTS: &[&str] = &[
    "kubernetes events", "k8s events", "cluster events", "warning events", "recent events", "latest events", "last events", "events", "warnings",
];

const CHANGED: &[&str] = &[
    "what has changed", "what have you changed", "what changed", "what is changed", "what was changed", "what did change", "what is different", "what is new",
    "what has been changed", "what else changed", "what was deployed", "what got deployed", "what has been deployed", "what was rolled out",
    "what did the last deploy change", "what did the deploy change", "what did the deployment change", "what did the last deployment change",
    "what did the rollout change", "what did the last rollout change", "what did the release change", "what did the last release change",
    "did anyone deploy", "did anybody deploy", "did someone deploy", "did somebody deploy", "did we deploy", "did they deploy",
    "has anyone deployed", "has anybody deployed", "has someone deployed", "who deployed", "did anyone change anything", "did anyone change something",
    "did someone change something", "did somebody change something", "did anyone change", "did anything change", "did something change",
    "has anything changed", "has something changed", "anything changed", "anything change", "when was the last deploy",
    "when was the last deployment", "when was the last rollout", "when was the last release", "when was the last change",
    "was there a deploy", "was there a deployment", "was there a rollout", "was there a release", "was there a change", "was there any change",
    "were there any changes", "were there any deploys", "were there any deployments", "were there changes", "have there been any changes",
    "any recent changes", "any recent deploys", "any recent deployments", "any recent rollouts", "any changes", "any deploys", "any deployments", "any rollouts",
    "recent changes", "recent deploys", "recent deployments", "latest changes", "last changes", "the last deploy", "the last rollout", "last deploy",
    "last rollout", "changes", "the changes", "rollout history", "revision history", "diff of the revisions",
    "diff revisions", "diff revision", "diff the revisions", "compare revisions", "compare the revisions", "the diff", "diff",
];

/// Words that may end a question about changes, and narrow nothing.
const BESIDES: &[&str] = &["besides that", "apart from that", "except that", "other than that", "recently", "lately", "exactly", "anything", "something", "there"];

const METRICS: &[(&[&str], Option<Metric>)] = &[
    (&["memory usage", "memory use", "memory consumption", "mem usage", "memory", "mem", "ram", "working set"], Some(Metric::Memory)),
    (&["cpu usage", "cpu use", "cpu throttling", "cpu load", "cpu", "throttling"], Some(Metric::Cpu)),
    (&["restart count", "restart counts", "number of restarts", "restarts", "restart rate"], Some(Metric::Restarts)),
    (&["resource usage", "metrics", "metric", "graphs", "graph", "charts", "chart"], None),
];

/// A question about an object or a figure.
pub(super) fn read(words: &[Word]) -> Option<Question> {
    events(words).or_else(|| describe(words)).or_else(|| changed(words)).or_else(|| metrics(words))
}

fn events(words: &[Word]) -> Option<Question> {
    let mut at = Cursor::new(words);
    at.take(&["kubectl", "k"]);
    let show = at.take(SHOW);
    at.take(&["the", "all", "any", "all the"]);
    if at.take(EVENTS) {
        at.take(&["are there", "were there", "happened"]);
        return of(&mut at, true).map(|target| Question::Events { target });
    }
    // `checkout events`
    let target = at.target().filter(|target| show || matches!(target, Target::Named(name) if is_surely_name(name)))?;
    (at.take(&["events"]) && at.is_done()).then(|| Question::Events { target: target.name() })
}

fn describe(words: &[Word]) -> Option<Question> {
    let mut at = Cursor::new(words);
    at.take(&["kubectl", "k"]);
    if at.take(&["describe", "details of", "the details of", "show me the details of", "show details of", "show the details of", "show me details of"]) {
        let target = if at.is_done() { None } else { at.target()?.name() };
        return at.is_done().then_some(Question::Describe { target });
    }
    // `show deploy/checkout`, `get pod checkout-abc`: only what can be nothing but an object.
    at.take(&["show me", "show us", "show", "give me", "get me", "get", "see", "view", "look at"]).then_some(())?;
    at.take(&["the"]);
    let target = at.target()?.name().filter(|name| name.contains('/'))?;
    at.is_done().then_some(Question::Describe { target: Some(target) })
}

fn changed(words: &[Word]) -> Option<Question> {
    let mut at = Cursor::new(words);
    at.take(SHOW);
    if !at.take(CHANGED) {
        at = Cursor::new(words);
        at.take(CHANGED).then_some(())?;
    }
    let (mut target, mut since): (Option<Target>, Option<When>) = (None, None);
    while !at.is_done() {
        if at.take(BESIDES) {
            continue;
        }
        match at.since() {
            Some(when) => since.replace(when).is_none().then_some(())?,
            None => target.replace(place(&mut at)?).is_none().then_some(())?,
        }
    }
    Some(Question::Changed { target: target.and_then(Target::name), since })
}

fn metrics(words: &[Word]) -> Option<Question> {
    let how_much = how_much(words);
    if how_much.is_some() {
        return how_much;
    }
    let mut at = Cursor::new(words);
    let show = at.take(&["what is", "how is"]) || at.take(SHOW);
    at.take(&["the", "all", "its", "current"]);
    let metric = |at: &mut Cursor<'_>| METRICS.iter().find(|(names, _)| at.take(names)).map(|(_, metric)| *metric);
    if let Some(what) = metric(&mut at) {
        return of(&mut at, false).map(|target| Question::Metrics { target, what });
    }
    // `checkout memory`
    let target = at.target().filter(|target| show || matches!(target, Target::Named(name) if is_surely_name(name)))?;
    let what = metric(&mut at)?;
    at.is_done().then(|| Question::Metrics { target: target.name(), what })
}

/// `how much memory does checkout use`, `how often did it restart`.
fn how_much(words: &[Word]) -> Option<Question> {
    let mut at = Cursor::new(words);
    let what = if at.take(&["how much memory", "how much ram"]) {
        Metric::Memory
    } else if at.take(&["how much cpu"]) {
        Metric::Cpu
    } else if at.take(&["how often", "how many times"]) {
        at.take(&["did", "has", "does"]).then_some(())?;
        let target = at.target()?.name();
        return (at.take(&["restarted", "restart", "crashed", "crash"]) && at.is_done())
            .then_some(Question::Metrics { target, what: Some(Metric::Restarts) });
    } else {
        at.take(&["how many restarts"]).then_some(())?;
        return of(&mut at, false).map(|target| Question::Metrics { target, what: Some(Metric::Restarts) });
    };
    at.take(&["does", "is", "did"]).then_some(())?;
    let target = at.target()?.name();
    at.take(&["use", "using", "need", "consume", "have", "eat"]).then_some(())?;
    at.is_done().then_some(Question::Metrics { target, what: Some(what) })
}

/// What it is of, to the end of the sentence; `bare` also without a word before it.
fn of(at: &mut Cursor<'_>, bare: bool) -> Option<Option<String>> {
    if at.is_done() {
        return Some(None);
    }
    let mut ahead = *at;
    let target = match place(&mut ahead) {
        Some(target) => target,
        None => at.target().filter(|target| bare && matches!(target, Target::Named(name) if !is_form_of_verb(name)))?,
    };
    let at = if ahead.is_done() { ahead } else { *at };
    at.is_done().then(|| target.name())
}

/// `of checkout`, `in namespace shop`.
fn place(at: &mut Cursor<'_>) -> Option<Target> {
    // `in shop` alone names a place; the reading of targets knows namespaces by their own `in`.
    at.take(&["of", "for", "in", "on", "from", "to", "about"]).then_some(())?;
    at.target()
}
