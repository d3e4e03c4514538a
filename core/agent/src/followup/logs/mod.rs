//! Lines of logs: of which containers, how many, and what was left out.
//!
//! Must never show lines without saying out of how many they were picked, and by which filter. Start at [`answer`].

mod choose;
mod show;

use jiff::Timestamp;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::question::Logs;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::logs::{PICK_CAP, Pick};
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::report::{Gap, gap_of_log};

use super::read::{Depth, Reader};
use super::say;
use super::target::{find, has_pods};
use crate::request::NoReport;
use choose::{Chosen, Container};
pub(super) use choose::{Nothing, choose};

/// Lines that are shown of one log when nobody says how many.
const LINES: u32 = 50;

/// Commands that show the same.
const COMMANDS: usize = 6;

/// What is asked of each log.
struct Wanted {
    previous: bool,
    lines: u32,
    grep: Option<String>,
    since: Option<Timestamp>,
    /// More lines were asked for than are given.
    capped: Option<u32>,
}

impl Wanted {
    fn new(reader: &Reader<'_>, asked: &Logs) -> Self {
        let most = reader.limits.log_caps.lines.unwrap_or(PICK_CAP).clamp(1, PICK_CAP);
        let lines = asked.lines.unwrap_or(LINES).clamp(1, most);
        let grep = asked.grep.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let capped = asked.lines.filter(|wanted| *wanted > most).map(|_| most);
        Self { previous: asked.previous, lines, grep, since: asked.since.map(|when| reader.moment(when)), capped }
    }

    fn probe(&self, container: &Container, previous: bool) -> Probe {
        let pick = Pick { lines: self.lines, grep: self.grep.clone(), since: self.since };
        Probe::Lines { of: container.of.clone(), previous, pick }
    }
}

/// Shows the lines that were asked for.
pub(super) async fn answer(reader: &mut Reader<'_>, asked: &Logs) -> Result<Answer, NoReport> {
    let targets = match find(reader, asked.target.as_deref(), Depth::Workloads, has_pods).await? {
        Ok(targets) => targets,
        Err(instead) => return Ok(instead),
    };
    let wanted = Wanted::new(reader, asked);
    let chosen = match choose(&reader.view, &targets, asked.container.as_deref(), reader.limits) {
        Ok(chosen) => chosen,
        Err(why) => return Ok(nothing(reader, why)),
    };
    let first = |c: &Container| wanted.probe(c, wanted.previous);
    reader.read(chosen.containers.iter().map(first).collect()).await;
    let instead: Vec<Container> = if wanted.previous { without_previous(reader, &chosen) } else { Vec::new() };
    reader.read(instead.iter().map(|c| wanted.probe(c, false)).collect()).await;

    let mut answer = Answer::default();
    for container in &chosen.containers {
        answer = section(reader, &wanted, container, instead.contains(container), answer);
    }
    if let Some(most) = wanted.capped {
        answer = answer.with_text(format!("More than {most} lines of one log are not shown."));
    }
    if !chosen.left_out.is_empty() {
        answer = answer.with_text(format!("Not read: {}. Name one to see it.", say::some(&chosen.left_out, 8)));
    }
    let commands = chosen.containers.iter().map(|c| wanted.probe(c, wanted.previous && !instead.contains(c)).command());
    answer = say::with_commands(answer, commands, COMMANDS);
    let mut gaps = unread(reader, &wanted, &chosen);
    gaps.extend(reader.gaps(&[Kind::Pod]));
    Ok(say::with_gaps(answer, &gaps))
}

/// One log, or why it is not there.
fn section(reader: &Reader<'_>, wanted: &Wanted, container: &Container, instead: bool, answer: Answer) -> Answer {
    let previous = wanted.previous && !instead;
    let answer = match (instead, reader.view.log(&container.of, true)) {
        (true, Some(Err(ReadFailure::NoPrevious))) => answer.with_text(format!(
            "{} has no previous run: {}. Its current log:",
            container.name(),
            say::count(container.restarts.unsigned_abs(), "restart")
        )),
        (true, Some(Err(why))) => answer.with_text(format!(
            "The log of the previous run of {} could not be read ({}). Its current log:",
            container.name(),
            say::line(&why.to_string(), say::CELL)
        )),
        _ => answer,
    };
    match reader.view.log(&container.of, previous) {
        Some(Ok(digest)) => show::log(&reader.redactor, wanted, container, previous, digest, answer),
        Some(Err(ReadFailure::NotStarted)) => {
            answer.with_text(format!("{} has not started: there is no log yet{}.", container.name(), container.state()))
        }
        _ => answer,
    }
}

/// Containers whose previous log is not there; their current one is shown instead.
fn without_previous(reader: &Reader<'_>, chosen: &Chosen) -> Vec<Container> {
    let missing = |c: &&Container| {
        let log = reader.view.log(&c.of, true);
        matches!(log, Some(Err(ReadFailure::NoPrevious | ReadFailure::NotRecorded | ReadFailure::NotFound(_))))
    };
    chosen.containers.iter().filter(missing).cloned().collect()
}

/// Logs that could not be read, with the rule that is missing or the command that reads them.
fn unread(reader: &Reader<'_>, wanted: &Wanted, chosen: &Chosen) -> Vec<Gap> {
    let logs = reader.view.logs().filter(|(of, ..)| chosen.containers.iter().any(|c| c.of == **of));
    let told = |why: &ReadFailure| matches!(why, ReadFailure::NoPrevious | ReadFailure::NotStarted);
    logs.filter_map(|(of, previous, log)| {
        let why = log.as_ref().err().filter(|why| !told(why))?;
        let pick = Pick { lines: wanted.lines, ..Pick::default() };
        Some(gap_of_log(&Probe::Lines { of: of.clone(), previous, pick }, why))
    })
    .collect()
}

/// Why there is no log to read.
fn nothing(reader: &Reader<'_>, why: choose::Nothing) -> Answer {
    let answer = match why {
        choose::Nothing::Target => {
            let place: Vec<String> = reader.namespaces.iter().map(say::code).collect();
            let place = if place.is_empty() { "the cluster".to_owned() } else { place.join(", ") };
            Answer::text(format!(
                "Of what? This thread is about {place} as a whole. Name a workload or a pod: `logs of NAME`."
            ))
        }
        choose::Nothing::Pods(targets) => {
            Answer::text(format!("{} has no pods, so there is no log to read.", say::names(&targets)))
        }
        choose::Nothing::Container { asked, there } => Answer::text(format!(
            "No container is called {}. There are: {}",
            say::code(&asked),
            say::some(there.iter().map(say::code), 10)
        )),
    };
    say::with_gaps(answer, &reader.gaps(&[Kind::Pod]))
}
