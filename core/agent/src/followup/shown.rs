//! What a report holds, shown piece by piece: its evidence and its timeline. Pure.

use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::evidence::{Evidence, Excerpt};
use midwatch_diagnosis::report::{Claim, EvidenceId, Moment, Report};

use super::say;
use crate::render::{clean, kind_of};

/// Pieces shown in full when none is named; the others are listed.
const FULL: usize = 8;

/// Claims that are named with a piece.
const CLAIMS: usize = 3;

/// The evidence behind a report: one piece with the command that shows it, or all of it.
pub fn evidence(report: &Report, which: Option<EvidenceId>) -> Answer {
    let all: Vec<(EvidenceId, &Evidence)> = report.ledger.iter().collect();
    if all.is_empty() {
        return Answer::text("The report cites no evidence.");
    }
    if let Some(id) = which {
        if let Some(piece) = report.ledger.get(id) {
            return one(report, id, piece, Answer::default());
        }
        let last = all.last().map(|(id, _)| id.to_string()).unwrap_or_default();
        return Answer::text(format!("There is no evidence {id}; there is `e1` to {}.", say::code(last)));
    }
    let answer = Answer::text(format!("{} of evidence.", say::count(all.len(), "piece")));
    let mut answer = all.iter().take(FULL).fold(answer, |answer, (id, piece)| one(report, *id, piece, answer));
    if all.len() > FULL {
        let row = |(id, piece): &(EvidenceId, &Evidence)| vec![id.to_string(), title(piece), says(piece)];
        let rows = all.iter().skip(FULL).map(row).collect();
        answer =
            say::with_table(answer.with_text("The others; name one to see it whole:"), &["Id", "What", "Says"], rows);
    }
    answer
}

fn one(report: &Report, id: EvidenceId, piece: &Evidence, answer: Answer) -> Answer {
    let claims = report.why.iter().chain(&report.ruled_out).chain(&report.blast_radius);
    let shows: Vec<&Claim> = claims.filter(|c| c.evidence().contains(&id)).take(CLAIMS).collect();
    let shows: Vec<String> = shows.iter().map(|c| say::line(&c.text, say::CELL)).collect();
    let shows = if shows.is_empty() { String::new() } else { format!(" It stands behind: {}.", shows.join("; ")) };
    let quote = format!("{}\n\n$ {}", clean::block(piece.text()), clean::line(&piece.command));
    answer.with_text(format!("{id}: {}.{shows}", title(piece))).with_code(quote)
}

/// What a piece of evidence is, in a clause: `event FailedScheduling on Pod shop/api-1, 3 times`.
pub fn title(piece: &Evidence) -> String {
    let about = say::code_of(&piece.about);
    match &piece.excerpt {
        Excerpt::Event { reason, count, last, .. } => {
            let at = last.map(|at| format!(", last at {} UTC", say::when(at))).unwrap_or_default();
            format!("event {} on {about}, {}{at}", say::line(reason, say::CELL), say::count(*count, "time"))
        }
        Excerpt::Log { number, previous, at, .. } => {
            let run = if *previous { "previous log" } else { "log" };
            let at = at.map(|at| format!(", {} UTC", say::when(at))).unwrap_or_default();
            format!("line {number} of the {run} of {about}{at}")
        }
        Excerpt::Metric { at, .. } => format!("metric of {about} at {} UTC", say::when(*at)),
        Excerpt::Answer { tool, .. } => format!("read of {about} by {}", say::line(tool, say::CELL)),
        Excerpt::Object(_) | Excerpt::Absence(_) => format!("{} {about}", kind_of(piece)),
    }
}

fn says(piece: &Evidence) -> String {
    say::line(piece.text(), say::CELL)
}

/// What happened when, with the onset and the change before it marked.
pub fn timeline(report: &Report) -> Answer {
    if report.timeline.is_empty() {
        return Answer::text("Nothing that the report cites carries a time.");
    }
    let change = before(report);
    let row = |moment: &Moment| {
        let onset = report.since.is_some_and(|since| moment.at == since);
        let mark = match (onset, change == Some(moment)) {
            (true, _) => "onset",
            (_, true) => "change",
            _ => "",
        };
        let details = if moment.details.is_empty() { String::new() } else { format!(": {}", moment.details) };
        let evidence = moment.evidence.map(|id| id.to_string()).unwrap_or_default();
        let what = say::line(&format!("{}{details}", moment.event), say::CELL * 2);
        vec![say::when(moment.at), mark.to_owned(), what, evidence]
    };
    let rows = report.timeline.iter().map(row).collect();
    let lasted = report.lasted().map(|time| format!(" It lasts {time} as of {} UTC.", say::when(report.as_of)));
    let head = format!("{}{}", say::count(report.timeline.len(), "moment"), ", in UTC.");
    say::with_table(Answer::text(head + &lasted.unwrap_or_default()), &["When", "Mark", "What", "Evidence"], rows)
}

/// The last change that came before the onset.
fn before(report: &Report) -> Option<&Moment> {
    let since = report.since?;
    let is_change = |m: &&Moment| {
        let words = m.event.to_lowercase();
        ["replaced revision", "was edited", "was changed", "joined the cluster"].iter().any(|w| words.contains(w))
    };
    report.timeline.iter().filter(|m| m.at <= since).rfind(is_change)
}
