//! The report as the last post of the thread: the verdict first, then what it stands on.
//!
//! Must never leave out what could not be seen. Start at [`render`].

use midwatch_agent::render::{clean, ids, model, when};
use midwatch_agent::request::RunFacts;
use midwatch_diagnosis::report::{Claim, IncidentSummary, Moment, Recommendation, Report};
use midwatch_diagnosis::verdict::Verdict;

use crate::evidence;
use crate::look::Look;
use crate::opening::who;
use crate::page::{Ink, Page, Text};

/// Moments shown; the page and the JSON have all.
const MOMENTS_SHOWN: usize = 10;

/// Gaps shown one by one.
const GAPS_SHOWN: usize = 6;

/// The whole post.
pub(crate) fn render((look, run): (Look, RunFacts), report: &Report) -> String {
    let mut page = Page::new(look);
    page.gutter(" |");
    page.empty();
    page.gutter("");
    let lead = who(&page, " +- Midwatch");
    page.para(lead, Ink::Strong, &headline(report));
    page.gutter("    ");
    if !report.root_entities.is_empty() {
        let roots: Vec<String> = report.root_entities.iter().map(ToString::to_string).collect();
        section(&mut page, "Root", &[Text::plain(&roots.join(", "))]);
    }
    claims(&mut page, "Why", if repeats(report) { &report.why[1..] } else { &report.why });
    from_model(&mut page, report);
    claims(&mut page, "Ruled out", &report.ruled_out);
    timeline(&mut page, report);
    claims(&mut page, "Hit", &report.blast_radius);
    actions(&mut page, &report.recommendations);
    if !report.next_probes.is_empty() {
        let mut items = Section::new(&mut page, "Would decide");
        for probe in &report.next_probes {
            if probe.starts_with("kubectl ") {
                items.command(0, probe);
            } else {
                items.para("", &Text::plain(probe));
            }
        }
    }
    others(&mut page, report);
    gaps(&mut page, report);
    evidence::render(&mut page, report);
    footer(&mut page, report, run);
    page.finish()
}

/// The verdict in a line.
fn headline(report: &Report) -> Text {
    let (word, ink) = word(report.verdict);
    // How sure it is that nothing can be told is no news.
    let sure = match report.verdict {
        Verdict::Blind | Verdict::Inconclusive => String::new(),
        _ => {
            let lasted = report.lasted().map(|time| format!(", for {time}")).unwrap_or_default();
            format!(" (confidence {}{lasted})", report.confidence.as_str())
        }
    };
    let source = if repeats(report) { report.why.first().map(ids).unwrap_or_default() } else { String::new() };
    Text::new(ink, &format!("{word}{sure}:"))
        .with(Ink::Strong, &format!(" {}", report.root_cause))
        .with(Ink::Faint, &format!(" {source}"))
}

/// A verdict as it begins a line.
pub(crate) fn word(verdict: Verdict) -> (&'static str, Ink) {
    match verdict {
        Verdict::Cause => ("CAUSE", Ink::Bad),
        Verdict::Healthy => ("HEALTHY", Ink::Good),
        Verdict::Recovered => ("RECOVERED", Ink::Good),
        Verdict::Expected => ("EXPECTED", Ink::Good),
        Verdict::Blind => ("BLIND", Ink::Open),
        Verdict::Inconclusive => ("INCONCLUSIVE", Ink::Open),
    }
}

/// Whether the first reason says what the headline says; its evidence then stands behind the headline.
fn repeats(report: &Report) -> bool {
    report.why.first().is_some_and(|first| first.text == report.root_cause)
}

/// A label and what stands beside it; below it when the terminal is narrow.
pub(crate) struct Section<'a> {
    page: &'a mut Page,
    label: Option<&'static str>,
}

/// Columns of a label.
const LABEL: usize = 15;

impl<'a> Section<'a> {
    pub(crate) fn new(page: &'a mut Page, label: &'static str) -> Self {
        Self { page, label: Some(label) }
    }

    /// The lead of the next line: the label once, then its room.
    fn lead(&mut self) -> String {
        let label = self.label.take();
        if self.page.is_narrow() {
            if let Some(label) = label {
                self.page.para("", Ink::Plain, &Text::new(Ink::Strong, label));
            }
            return "  ".to_owned();
        }
        format!("{:LABEL$}", label.unwrap_or_default())
    }

    pub(crate) fn para(&mut self, lead: &str, text: &Text) {
        let lead = format!("{}{lead}", self.lead());
        self.page.para(&lead, Ink::Strong, text);
    }

    pub(crate) fn command(&mut self, at: usize, command: &str) {
        let lead = self.lead();
        if lead.trim().is_empty() {
            self.page.command(lead.len() + at, command);
        } else {
            // A label stands in the line; the command must still not be wrapped.
            self.page.labelled(&lead, command);
        }
    }
}

fn section(page: &mut Page, label: &'static str, items: &[Text]) {
    let mut section = Section::new(page, label);
    for text in items {
        section.para("", text);
    }
}

fn claims(page: &mut Page, label: &'static str, claims: &[Claim]) {
    let items: Vec<Text> = claims.iter().map(claim).collect();
    section(page, label, &items);
}

fn claim(claim: &Claim) -> Text {
    Text::plain(&claim.text).with(Ink::Faint, &format!(" {}", ids(claim)))
}

/// What a model made of it, under a line that says so.
fn from_model(page: &mut Page, report: &Report) {
    let told = model::told(report);
    if told.is_empty() {
        return;
    }
    let mut section = Section::new(page, "Model");
    for part in told {
        section.para("", &Text::new(Ink::Strong, &part.title));
        for point in part.points {
            section.para("- ", &Text::plain(&point.text).with(Ink::Faint, &format!(" {}", point.source)));
        }
    }
}

/// The earliest and the latest moments; the day is told once when all are of one.
fn timeline(page: &mut Page, report: &Report) {
    let moments = &report.timeline;
    let one_day = moments.iter().all(|m| when(m.at).get(..10) == when(report.as_of).get(..10));
    let mut section = Section::new(page, "Timeline");
    let half = MOMENTS_SHOWN / 2;
    for (index, moment) in moments.iter().enumerate() {
        if moments.len() > MOMENTS_SHOWN && index == half {
            let left = moments.len() - MOMENTS_SHOWN;
            section.para("", &Text::new(Ink::Faint, &format!("... {left} more (all of them: -o markdown)")));
        }
        if moments.len() <= MOMENTS_SHOWN || index < half || index >= moments.len() - half {
            section.para(&format!("{}  ", clock(moment, one_day)), &happened(moment));
        }
    }
}

fn clock(moment: &Moment, one_day: bool) -> String {
    let full = when(moment.at);
    if one_day { full.get(11..).unwrap_or_default().to_owned() } else { full.get(5..).unwrap_or_default().to_owned() }
}

fn happened(moment: &Moment) -> Text {
    let mut text = Text::plain(&clean::shorten(&moment.event, 120));
    if !moment.details.is_empty() {
        text = text.with(Ink::Faint, &format!(": {}", clean::shorten(&moment.details, 90)));
    }
    match moment.evidence {
        Some(id) => text.with(Ink::Faint, &format!(" [{id}]")),
        None => text,
    }
}

fn actions(page: &mut Page, actions: &[Recommendation]) {
    let mut section = Section::new(page, "Do");
    let mut told = None;
    for one in actions {
        section.para(&format!("{}. ", one.priority), &Text::new(Ink::Strong, &one.action));
        if let Some(command) = &one.command {
            section.command(3, command);
        }
        section.para("   ", &Text::new(Ink::Faint, &format!("risk: {}", one.risk)));
        // Actions on one workload are watched alike; once is enough.
        if let Some(check) = one.check.as_ref().filter(|check| told != Some(*check)) {
            section.para("   ", &Text::new(Ink::Faint, "then watch:"));
            section.command(3, check);
            told = Some(check);
        }
    }
}

/// Incidents beside the first.
fn others(page: &mut Page, report: &Report) {
    let mut section = Section::new(page, "Also broken");
    for incident in report.incidents.iter().skip(1) {
        section.para("", &other(incident));
    }
}

fn other(incident: &IncidentSummary) -> Text {
    let roots: Vec<String> = incident.root_entities.iter().map(ToString::to_string).collect();
    let source = incident.why.first().map(ids).unwrap_or_default();
    let rest = format!(" (root: {}) {source}", roots.join(", "));
    Text::plain(&incident.root_cause).with(Ink::Faint, &rest)
}

fn gaps(page: &mut Page, report: &Report) {
    let mut section = Section::new(page, "Could not see");
    for gap in report.could_not_see.iter().take(GAPS_SHOWN) {
        let what = clean::shorten(&gap.what, 300);
        let mut text = Text::plain(&what).with(Ink::Faint, &format!(": {}", gap.why));
        if let Some(fix) = &gap.fix {
            text = text.with(Ink::Faint, &format!("; {fix}"));
        }
        section.para("", &text);
    }
    let more = report.could_not_see.len().saturating_sub(GAPS_SHOWN);
    if more > 0 {
        section.para("", &Text::new(Ink::Faint, &format!("and {more} more (all of them: -o markdown)")));
    }
}

/// What belongs to the run; nothing of it is in the report itself.
fn footer(page: &mut Page, report: &Report, run: RunFacts) {
    let took = model::took(run);
    page.para("", Ink::Plain, &Text::new(Ink::Faint, &format!("{took}; as of {} UTC", when(report.as_of))));
}

/// Notes of the program itself, a paragraph each; what begins with a dollar sign is a command.
pub(crate) fn notes(look: Look, notes: &Vec<String>) -> String {
    let mut page = Page::new(look);
    page.empty();
    for note in notes {
        match note.strip_prefix("$ ") {
            Some(command) => page.command(2, command),
            None => page.para("", Ink::Plain, &Text::plain(note)),
        }
    }
    page.finish()
}
