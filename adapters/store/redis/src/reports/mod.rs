//! Past reports, found by their words.
//!
//! ```text
//! report:JOB      string: the report as it is found
//! reports:words   sorted set, score 0: WORD JOB for every word of every report, the newest job of a word first
//! ```
//!
//! A search looks up the rarest of the words that are asked for, reads a bounded number of reports that have it, the newest,
//! and weighs those: a question of common words alone finds the newest that say them all, not all that ever did.
//!
//! Must never take a sign of a question for more than a sign. Start at [`find`].

mod weigh;
mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::Redacted;
use midwatch_service::id::JobId;
use midwatch_service::search::{FOUND, Findable, FoundReport};
use serde::{Deserialize, Serialize};

use self::weigh::{Weighed, weigh};
use self::words::{Phrase, question, tokens};
use crate::fault::Fault;
use crate::jobs;
use crate::keys::Keys;
use crate::rounds::all;
use crate::unit::{Cell, Unit};
use crate::value::{json, number, parse, word};

/// Entries of one word that are read in a search.
const ENTRIES: u64 = 2_000;

/// Reports that are weighed in a search: more than are given.
const WEIGHED: usize = 300;

/// Words of one report that it is found by.
const TERMS: usize = 5_000;

/// A report as it is kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    at: Timestamp,
    verdict: String,
    headline: String,
    text: String,
}

fn report(keys: &Keys, job: JobId) -> Cell {
    Cell::text(keys.key(format_args!("report:{job}")))
}

fn index(keys: &Keys) -> String {
    keys.key("reports:words")
}

pub(crate) fn write(unit: &mut Unit, new: &Redacted<Findable>) -> Result<(), Fault> {
    jobs::cells::must_exist(unit, new.job)?;
    let Findable { job, at, verdict, headline, text } = Findable::clone(new);
    forget(unit, job)?;
    let kept = Kept { at, verdict: verdict.as_str().to_owned(), headline, text };
    let (cell, index) = (report(unit.keys(), job), index(unit.keys()));
    for entry in entries(job, &kept)? {
        unit.enter(&index, "0", &entry);
    }
    unit.set(cell, Some(json(&kept)?));
    Ok(())
}

/// A report is not found any more.
pub(crate) fn forget(unit: &mut Unit, job: JobId) -> Result<(), Fault> {
    let (cell, index) = (report(unit.keys(), job), index(unit.keys()));
    let Some(text) = unit.get(&cell)? else { return Ok(()) };
    for entry in entries(job, &parse("a report", &text)?)? {
        unit.remove(&index, &entry);
    }
    unit.set(cell, None);
    Ok(())
}

/// What a report is found by.
fn entries(job: JobId, kept: &Kept) -> Result<Vec<String>, Fault> {
    let job = newest_first(job)?;
    let words = tokens(&kept.headline).into_iter().chain(tokens(&kept.text));
    let mut seen = BTreeSet::new();
    let words = words.map(|token| token.word).filter(|word| seen.insert(word.clone()));
    Ok(words.take(TERMS).map(|word| format!("{word} {job:032x}")).collect())
}

/// Ids are in the order they were made; turned around they are the other way.
fn newest_first(job: JobId) -> Result<u128, Fault> {
    let id = u128::from_str_radix(&job.to_string(), 16);
    Ok(!id.map_err(|_| Fault::Damaged(format!("job {job} has no id of ours")))?)
}

/// The job of an entry of the index.
fn of_entry(entry: &str) -> Result<JobId, Fault> {
    let turned = entry.rsplit(' ').next().and_then(|job| u128::from_str_radix(job, 16).ok());
    let turned = turned.ok_or_else(|| Fault::Damaged(format!("`{entry}` leads to no report")))?;
    word("job", &format!("{:032x}", !turned))
}

pub(crate) fn find(unit: &mut Unit, words: &str, limit: usize) -> Result<Vec<FoundReport>, Fault> {
    let question = question(words);
    let jobs = candidates(unit, &question)?;
    let kept = all(jobs.iter().map(|job| {
        let cell = report(unit.keys(), *job);
        unit.peek(&cell)?.map(|text| parse::<Kept>("a report", &text)).transpose()
    }))?;
    let said = jobs.into_iter().zip(kept).filter_map(|(job, kept)| {
        let kept = kept?;
        let weighed = weigh(&question, &kept.headline, &kept.text)?;
        Some((job, kept, weighed))
    });
    let mut found: Vec<(JobId, Kept, Weighed)> = said.collect();
    found.sort_by(|(a, kept, weighed), (b, other, than)| {
        than.weight.total_cmp(&weighed.weight).then(other.at.cmp(&kept.at)).then(b.cmp(a))
    });
    found.into_iter().take(limit.min(FOUND)).map(|(job, kept, weighed)| told(job, kept, weighed)).collect()
}

/// The newest reports that may hold every phrase.
fn candidates(unit: &mut Unit, question: &[Phrase]) -> Result<Vec<JobId>, Fault> {
    let index = index(unit.keys());
    let ranges: BTreeSet<(String, String)> = question.iter().flat_map(Phrase::terms).collect();
    let mut terms = all(ranges.into_iter().map(|(from, to)| {
        let count = unit.ask(["ZLEXCOUNT", &index, &from, &to])?;
        Ok((number::<u64>("count", count.first().map_or("0", String::as_str))?, from, to))
    }))?;
    terms.sort_unstable();
    // What is rarest is always read; of the others those that can be read whole.
    let rarest = terms.iter().take(1);
    let others = terms.iter().skip(1).filter(|(count, ..)| *count <= ENTRIES);
    let sets = all(rarest.chain(others).map(|(_, from, to)| {
        let entries = unit.ask(["ZRANGEBYLEX", &index, from, to, "LIMIT", "0", &ENTRIES.to_string()])?;
        entries.iter().map(|entry| of_entry(entry)).collect::<Result<BTreeSet<JobId>, Fault>>()
    }))?;
    let jobs = sets.into_iter().reduce(|both, set| &both & &set).unwrap_or_default();
    Ok(jobs.into_iter().rev().take(WEIGHED).collect())
}

fn told(job: JobId, kept: Kept, weighed: Weighed) -> Result<FoundReport, Fault> {
    let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == kept.verdict);
    Ok(FoundReport {
        job,
        at: kept.at,
        verdict: verdict.ok_or_else(|| Fault::Damaged(format!("`{}` is no verdict", kept.verdict)))?,
        headline: Redacted::kept(kept.headline),
        snippet: Redacted::kept(weighed.snippet),
    })
}
