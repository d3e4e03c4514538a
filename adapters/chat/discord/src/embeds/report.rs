//! The report: the verdict first, then what it stands on, what to do, and what could not be seen.
//!
//! A message is small; what matters least is shortened first, by whole claims and whole actions, and the whole page goes
//! beside it as a file. Must never leave out in silence, nor show half a command. Start at [`render`].

use midwatch_agent::render::{clean, ids, model, when};
use midwatch_agent::request::RunFacts;
use midwatch_diagnosis::report::{Claim, Gap, IncidentSummary, Moment, Recommendation, Report};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::id::JobId;

use super::page::{Page, length};
use super::section::Sections;
use super::{Message, REPEATED, buttons, colour, escape, word};

/// Characters of the line that notifications show, as markup.
const CONTENT_CAP: usize = 200;

/// Characters of the verdict's sentence.
const CAUSE_CAP: usize = 500;

/// Characters of one claim.
const CLAIM_CAP: usize = 300;

/// Characters of the evidence behind a claim.
const SOURCES_CAP: usize = 80;

/// Characters of a command; a longer one stands whole in the page.
const COMMAND_CAP: usize = 700;

/// Characters of a moment.
const MOMENT_CAP: usize = 160;

/// Moments of the timeline.
const MOMENTS_SHOWN: usize = 12;

/// Actions.
const ACTIONS_SHOWN: usize = 4;

/// Points of any other section.
const POINTS_SHOWN: usize = 10;

/// That the rest is in the file.
const LEFT_OUT: &str = "-# Not all fits here: the whole report, with its evidence, is the file beside this message.";

pub(super) fn render(job: JobId, report: &Report, run: RunFacts, may_be_repeated: bool, tag: &str) -> Message {
    let mut page = Page::coloured(colour::of_verdict(report.verdict));
    page.title(&title(report));
    let mut sections = Sections::default();
    let repeated = if may_be_repeated { REPEATED } else { "" };
    sections.put(0, vec![repeated.to_owned()]);
    headline(&mut sections, report);
    let why = if repeats(report) { report.why.get(1..).unwrap_or_default() } else { &report.why };
    claims(&mut sections, 2, "Why", why);
    from_model(&mut sections, report);
    claims(&mut sections, 5, "Ruled out", &report.ruled_out);
    timeline(&mut sections, &report.timeline);
    claims(&mut sections, 4, "Hit", &report.blast_radius);
    actions(&mut sections, &report.recommendations);
    next_probes(&mut sections, &report.next_probes);
    others(&mut sections, report.incidents.get(1..).unwrap_or_default());
    gaps(&mut sections, &report.could_not_see);
    let whole = sections.onto(&mut page, length(LEFT_OUT));
    if !whole {
        page.add(LEFT_OUT);
    }
    Message {
        content: escape::fitting(&format!("{}: {}", word(report.verdict), report.root_cause), CONTENT_CAP),
        embeds: page.finish(&footer(report, run), Some(tag)),
        components: buttons::reported(job),
        files: Vec::new(),
        wants_page: !whole,
    }
}

/// The verdict, and how sure it is. How sure it is that nothing can be told is no news.
fn title(report: &Report) -> String {
    let word = word(report.verdict);
    if matches!(report.verdict, Verdict::Blind | Verdict::Inconclusive) {
        return word.to_owned();
    }
    let lasted = report.lasted().map(|time| format!(", for {time}")).unwrap_or_default();
    format!("{word} (confidence {}{lasted})", report.confidence.as_str())
}

/// The verdict in a sentence, and what it is about.
fn headline(sections: &mut Sections, report: &Report) {
    let cause = escape::bold(&sections.short(&report.root_cause, CAUSE_CAP));
    let mut text = cause;
    if let Some(first) = report.why.first().filter(|_| repeats(report)) {
        text.push_str(&format!(" {}", sources(sections, first)));
    }
    if !report.root_entities.is_empty() {
        let names: Vec<String> = report.root_entities.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        text.push_str(&format!("\nRoot: {}", escape::code(&sections.short(&names, CLAIM_CAP))));
    }
    sections.put(0, vec![text]);
}

/// Whether the first reason says what the headline says; its evidence then stands behind the headline.
fn repeats(report: &Report) -> bool {
    report.why.first().is_some_and(|first| first.text == report.root_cause)
}

/// What a claim stands on, behind it.
fn sources(sections: &mut Sections, claim: &Claim) -> String {
    sections.line(&ids(claim), SOURCES_CAP)
}

fn claims(sections: &mut Sections, rank: u8, title: &str, claims: &[Claim]) {
    let item = |sections: &mut Sections, one: &Claim| {
        format!("{} {}", sections.line(&one.text, CLAIM_CAP), sources(sections, one))
    };
    points(sections, rank, title, claims, item);
}

/// What a model made of it.
fn from_model(sections: &mut Sections, report: &Report) {
    for told in model::told(report) {
        let item = |sections: &mut Sections, point: &model::Point| {
            format!("{} {}", sections.line(&point.text, CLAIM_CAP), sections.line(&point.source, SOURCES_CAP))
        };
        // The title is set bold by `points`: what acts in it is escaped first.
        let title = escape::line(&told.title);
        points(sections, 3, &title, &told.points, item);
    }
}

/// A title and points below it; with less room, fewer points.
fn points<T>(sections: &mut Sections, rank: u8, title: &str, all: &[T], item: impl Fn(&mut Sections, &T) -> String) {
    let items: Vec<String> = all.iter().take(POINTS_SHOWN).map(|one| item(sections, one)).collect();
    let form = |shown: usize| {
        let lines = items.iter().take(shown).map(|item| format!("\n- {item}"));
        let more = all.len() - shown;
        let more = if more > 0 { format!("\n-# and {more} more") } else { String::new() };
        format!("**{title}**{}{more}", lines.collect::<String>())
    };
    sections.cut |= all.len() > items.len();
    sections.put(rank, (1..=items.len()).rev().map(form).collect());
}

/// The earliest and the latest moments; with less room, fewer of both.
fn timeline(sections: &mut Sections, moments: &[Moment]) {
    let shown = moments.len().min(MOMENTS_SHOWN);
    let (first, last) = (&moments[..shown.div_ceil(2)], &moments[moments.len() - shown / 2..]);
    let first: Vec<String> = first.iter().map(|one| moment(sections, one)).collect();
    let last: Vec<String> = last.iter().map(|one| moment(sections, one)).collect();
    let form = |shown: usize| {
        let left = moments.len() - shown;
        let between = if left > 0 { format!("\n-# {left} moments in between are left out") } else { String::new() };
        let (early, late) = (&first[..shown.div_ceil(2)], &last[last.len() - shown / 2..]);
        format!("**Timeline (UTC)**{}{between}{}", early.concat(), late.concat())
    };
    sections.cut |= moments.len() > shown;
    sections.put(6, (1..=shown).rev().map(form).collect());
}

fn moment(sections: &mut Sections, one: &Moment) -> String {
    let details = if one.details.is_empty() { String::new() } else { format!(": {}", one.details) };
    let what = sections.line(&format!("{}{details}", one.event), MOMENT_CAP);
    let source = one.evidence.map(|id| escape::line(&format!(" [{id}]"))).unwrap_or_default();
    format!("\n`{}` {what}{source}", when(one.at))
}

/// What to do; with less room, the first of it.
fn actions(sections: &mut Sections, all: &[Recommendation]) {
    let mut watched = None;
    let mut items = Vec::new();
    for one in all.iter().take(ACTIONS_SHOWN) {
        // Actions on one workload are watched alike; once is enough.
        let check = one.check.as_deref().filter(|check| watched != Some(*check));
        watched = check.or(watched);
        items.push(action(sections, one, check));
    }
    let form = |shown: usize| {
        let more = all.len() - shown;
        let more = if more > 0 { format!("\n-# and {more} more to do") } else { String::new() };
        format!("**Do this**{}{more}", items[..shown].concat())
    };
    sections.cut |= all.len() > items.len();
    sections.put(1, (1..=items.len()).rev().map(form).collect());
}

fn action(sections: &mut Sections, one: &Recommendation, check: Option<&str>) -> String {
    // A number and a point would begin a list, and the command below would be a part of it.
    let mut text = format!("\n{}\\. {}", one.priority, escape::bold(&sections.short(&one.action, CLAIM_CAP)));
    text.push_str(&one.command.as_deref().map(|command| whole(sections, command)).unwrap_or_default());
    if !one.risk.trim().is_empty() {
        text.push_str(&format!("\n-# risk: {}", sections.line(&one.risk, CLAIM_CAP)));
    }
    if let Some(check) = check {
        text.push_str("\n-# then watch:");
        text.push_str(&whole(sections, check));
    }
    text
}

/// A command is shown whole or not at all: half of one must not be run, nor one with other characters in it.
fn whole(sections: &mut Sections, command: &str) -> String {
    if escape::can_be_fenced(command) && length(&clean::block(command)) <= COMMAND_CAP {
        return format!("\n{}", escape::fenced(command));
    }
    sections.cut = true;
    "\n-# (the command is long: it is in the file)".to_owned()
}

fn next_probes(sections: &mut Sections, probes: &[String]) {
    let item = |sections: &mut Sections, probe: &String| escape::code(&sections.short(probe, CLAIM_CAP));
    points(sections, 3, "Would decide it", probes, item);
}

/// Incidents beside the first.
fn others(sections: &mut Sections, incidents: &[IncidentSummary]) {
    let item = |sections: &mut Sections, one: &IncidentSummary| {
        let roots: Vec<String> = one.root_entities.iter().map(ToString::to_string).collect();
        let source = one.why.first().map(|first| format!(" {}", sources(sections, first))).unwrap_or_default();
        let cause = sections.line(&one.root_cause, CLAIM_CAP);
        format!("{cause} (root: {}){source}", sections.line(&roots.join(", "), CLAIM_CAP))
    };
    points(sections, 4, "Also broken", incidents, item);
}

fn gaps(sections: &mut Sections, gaps: &[Gap]) {
    let item = |sections: &mut Sections, gap: &Gap| {
        let what = escape::bold(&sections.short(&gap.what, CLAIM_CAP));
        let why = sections.line(&gap.why, CLAIM_CAP);
        let fix = gap.fix.as_ref().map(|fix| format!("; {}", sections.line(fix, CLAIM_CAP))).unwrap_or_default();
        format!("{what}: {why}{fix}")
    };
    points(sections, 3, "Could not see", gaps, item);
}

/// What belongs to the run; nothing of it is in the report itself.
fn footer(report: &Report, run: RunFacts) -> String {
    format!("{}; as of {} UTC", model::took(run), when(report.as_of))
}
