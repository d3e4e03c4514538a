//! Past reports, found by their words.
//!
//! Must never hand a word of the question to FTS5 unquoted: in quotes everything is text. Start at [`find`].

use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::Redacted;
use midwatch_service::port::store::CommitError;
use midwatch_service::search::{FOUND, Findable, FoundReport, WORD, WORDS};
use rusqlite::{Connection, Row};

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{micros, moment, rows, word};

/// A word of the headline counts as much as four of the text.
const FIND: &str = "SELECT r.job, r.at, r.verdict, r.headline,
        snippet(report_words, -1, '', '', '...', 24)
    FROM report_words JOIN reports AS r ON r.number = report_words.rowid
    WHERE report_words MATCH ?1
    ORDER BY bm25(report_words, 4.0, 1.0), r.at DESC, r.number DESC LIMIT ?2";

pub(crate) fn write(db: &Connection, new: &Findable) -> Result<(), Fault> {
    let Findable { job, at, verdict, headline, text } = new;
    let job = job.to_string();
    if first(db, "SELECT 1 FROM jobs WHERE id = ?1", [&job], |_| Ok(()))?.is_none() {
        return Err(CommitError::NotFound(format!("job {job}")).into());
    }
    change(
        db,
        "INSERT INTO reports (job, at, verdict, headline, text) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (job) DO UPDATE SET at = ?2, verdict = ?3, headline = ?4, text = ?5",
        (job, micros(*at), verdict.as_str(), headline, text),
    )?;
    Ok(())
}

pub(crate) fn find(db: &Connection, words: &str, limit: usize) -> Result<Vec<FoundReport>, Fault> {
    let question = question(words);
    if question.is_empty() {
        return Ok(Vec::new());
    }
    all(db, FIND, (question, rows(limit.min(FOUND))), found)
}

/// Every word in quotes, as the beginning of a longer one: <https://www.sqlite.org/fts5.html#full_text_query_syntax>.
/// What FTS5 takes apart in it has to stand together. Signs alone are no words.
fn question(words: &str) -> String {
    let plain = |c: char| if c == '"' || c.is_control() { ' ' } else { c };
    let plain: String = words.chars().map(plain).collect();
    let words = plain.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
    let quoted = words.take(WORDS).map(|word| format!("\"{}\" *", word.chars().take(WORD).collect::<String>()));
    quoted.collect::<Vec<_>>().join(" ")
}

fn found(row: &Row<'_>) -> Result<FoundReport, Fault> {
    let text: String = row.get(2)?;
    let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == text);
    Ok(FoundReport {
        job: word("job", &row.get::<_, String>(0)?)?,
        at: moment(row.get(1)?)?,
        verdict: verdict.ok_or_else(|| Fault::Damaged(format!("`{text}` is no verdict")))?,
        headline: Redacted::kept(row.get(3)?),
        snippet: Redacted::kept(row.get(4)?),
    })
}
