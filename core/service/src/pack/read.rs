//! From the text of a pack's file to the pack, or to all of its mistakes.
//!
//! Must never ignore a key. Start at [`pack`]; `trigger` reads when the pack is taken.

use std::collections::BTreeSet;

use midwatch_agent::request::{Depth, SourceKind};
use midwatch_diagnosis::detect::Detectors;

use super::mistakes::{Mistake, instead, quote};
use super::values::{self, Section, each};
use super::yaml::{self, Located, Node};
use super::{FILE_CAP, Pack, model, trigger};
use crate::job::Priority;

const KEYS: [&str; 11] = [
    "name",
    "version",
    "description",
    "triggers",
    "sources",
    "detectors",
    "depth",
    "lookback",
    "priority",
    "budgets",
    "model",
];
const BUDGETS: [&str; 7] =
    ["deadline", "max_attempts", "max_reads", "parallel_reads", "pods_per_workload", "tail_lines", "max_log_bytes"];
const DEPTHS: [(&str, Depth); 3] = [("quick", Depth::Quick), ("standard", Depth::Standard), ("deep", Depth::Deep)];
const PRIORITIES: [(&str, Priority); 3] =
    [("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High)];

/// Reads a pack.
pub(super) fn pack(text: &str) -> Result<Pack, Vec<Mistake>> {
    let whole = |message: String| vec![Mistake { line: 0, column: 0, message }];
    if text.len() > FILE_CAP {
        return Err(whole(format!("the file has {} bytes; a pack has at most {FILE_CAP}", text.len())));
    }
    let root = yaml::parse(text).map_err(|mistake| vec![mistake])?;
    if root.value == Node::Nothing {
        return Err(whole("the file is empty; a pack has at least `name`, `version` and `description`".to_owned()));
    }
    let place = Located { value: (), line: root.line, column: root.column };
    let entries = values::mapping(root, "the keys of a pack").map_err(|mistake| vec![mistake])?;
    let mut mistakes = Vec::new();
    let mut section = Section::open(entries, &KEYS, &mut mistakes);
    let pack = read(&mut section, &place, &mut mistakes);
    if mistakes.is_empty() { Ok(pack) } else { Err(mistakes) }
}

fn read(section: &mut Section, place: &Located<()>, mistakes: &mut Vec<Mistake>) -> Pack {
    let mut pack = Pack::default();
    let mut required = |key: &str, into: &mut String, read: fn(Located<Node>) -> Result<String, Mistake>| match section
        .take(key)
        .map(read)
    {
        Some(Ok(value)) => *into = value,
        Some(Err(mistake)) => mistakes.push(mistake),
        None => mistakes.push(place.wrong(format!("the pack has no `{key}`"))),
    };
    required("name", &mut pack.id.name, name);
    required("version", &mut pack.id.version, version);
    required("description", &mut pack.description, values::text);
    if let Some(node) = section.take("triggers") {
        pack.triggers = trigger::triggers(node, mistakes);
    }
    if let Some(node) = section.take("sources") {
        pack.sources = sources(node, mistakes);
    }
    if let Some(node) = section.take("detectors") {
        pack.detectors = detectors(node, mistakes);
    }
    section.read("depth", &mut pack.depth, mistakes, |node| values::word(&node, &DEPTHS));
    section.read("lookback", &mut pack.lookback, mistakes, |node| values::duration(&node, "1m", "24h"));
    section.read("priority", &mut pack.priority, mistakes, |node| values::word(&node, &PRIORITIES).map(Some));
    if let Some(node) = section.take("budgets") {
        budgets(node, &mut pack, mistakes);
    }
    if let Some(node) = section.take("model") {
        pack.model = model::section(node, mistakes);
    }
    pack
}

/// A name that can be a file's name, a label of a metric and an argument: a DNS label as Kubernetes has them.
fn name(node: Located<Node>) -> Result<String, Mistake> {
    let wrong = node.wrong("a name has 1 to 63 small letters, digits and hyphens, and begins with a letter");
    let name = values::text(node)?;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = name.len() <= 63 && name.chars().all(good) && name.starts_with(|c: char| c.is_ascii_lowercase());
    if fits { Ok(name) } else { Err(wrong) }
}

/// Three numbers, and what semver lets follow them: <https://semver.org>.
fn version(node: Located<Node>) -> Result<String, Mistake> {
    let wrong = node.wrong(format!("{} is no version; expected one such as `1.0.0`", node.value.found()));
    let Node::Text(text) = node.value else { return Err(wrong) };
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let number = |n: &&str| !n.is_empty() && n.len() <= 9 && n.bytes().all(|b| b.is_ascii_digit());
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let fits = numbers.len() == 3 && numbers.iter().all(number) && text.chars().all(rest) && text.len() <= 63;
    if fits { Ok(text) } else { Err(wrong) }
}

fn sources(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> BTreeSet<SourceKind> {
    if is_all(&node) {
        return SourceKind::ALL.into();
    }
    let place = Located { value: (), line: node.line, column: node.column };
    let items = match values::list(node, "sources, or `all`") {
        Ok(items) => items,
        Err(mistake) => {
            mistakes.push(mistake);
            return BTreeSet::new();
        }
    };
    let words = SourceKind::ALL.map(|kind| (kind.as_str(), kind));
    let before = mistakes.len();
    let found: BTreeSet<SourceKind> = each(items, mistakes, |item| values::word(&item, &words)).into_iter().collect();
    if mistakes.len() == before && !found.contains(&SourceKind::Kubernetes) {
        mistakes.push(place.wrong("`kubernetes` is missing: without it there is nothing that metrics could be about"));
    }
    found
}

/// `all`, a list of names, or a mapping of `use` and `except`.
fn detectors(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> Detectors {
    let place = Located { value: (), line: node.line, column: node.column };
    let mut chosen = Detectors::default();
    let mut except = None;
    let wanted = match node.value {
        Node::Map(entries) => {
            let mut section = Section::open(entries, &["use", "except"], mistakes);
            except = section.take("except");
            section.take("use")
        }
        value => Some(Located { value, line: node.line, column: node.column }),
    };
    if let Some(wanted) = wanted.filter(|wanted| !is_all(wanted)) {
        let names = detector_names(wanted, mistakes);
        chosen = Detectors::only(names.iter().map(String::as_str)).unwrap_or_default();
    }
    if let Some(except) = except {
        let names = detector_names(except, mistakes);
        chosen = chosen.clone().except(names.iter().map(String::as_str)).unwrap_or(chosen);
    }
    if chosen.is_none() && mistakes.is_empty() {
        mistakes.push(place.wrong("no detector is left: such a pack would find nothing"));
    }
    chosen
}

/// Names that are known; the others are mistakes.
fn detector_names(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> Vec<String> {
    let items = match values::list(node, "detectors or of their families") {
        Ok(items) => items,
        Err(mistake) => {
            mistakes.push(mistake);
            return Vec::new();
        }
    };
    let valid = Detectors::names();
    let known = |item: Located<Node>| match &item.value {
        Node::Text(text) if valid.contains(&text.as_str()) => Ok(text.clone()),
        Node::Text(text) => Err(item.wrong(format!("there is no detector {}; {}", quote(text), instead(text, &valid)))),
        other => Err(item.wrong(format!("this is {}; expected the name of a detector", other.found()))),
    };
    each(items, mistakes, known)
}

fn budgets(node: Located<Node>, pack: &mut Pack, mistakes: &mut Vec<Mistake>) {
    let entries = match values::mapping(node, "budgets") {
        Ok(entries) => entries,
        Err(mistake) => return mistakes.push(mistake),
    };
    let mut section = Section::open(entries, &BUDGETS, mistakes);
    let usize_of = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    section.read("deadline", &mut pack.deadline, mistakes, |node| values::duration(&node, "5s", "30m"));
    section.read("max_attempts", &mut pack.max_attempts, mistakes, |node| values::count(&node, 1, 10));
    section.read("max_reads", &mut pack.max_reads, mistakes, |n| values::count(&n, 1, 10_000).map(usize_of));
    section.read("parallel_reads", &mut pack.parallel_reads, mistakes, |n| values::count(&n, 1, 32).map(usize_of));
    section
        .read("pods_per_workload", &mut pack.pods_per_workload, mistakes, |n| values::count(&n, 1, 10).map(usize_of));
    section.read("tail_lines", &mut pack.tail_lines, mistakes, |node| values::count(&node, 1, 100_000));
    section.read("max_log_bytes", &mut pack.max_log_bytes, mistakes, |node| values::size(&node, "64KiB", "1TiB"));
}

pub(super) fn is_all(node: &Located<Node>) -> bool {
    node.value == Node::Text("all".to_owned())
}
