//! The report: the verdict first, then what it stands on, what to do, and what could not be seen.
//!
//! A message is small; when not all fits, what matters least goes first, and the whole page goes beside it as a file.
//! Must never leave out in silence. Start at [`render`].

use midwatch_agent::render::{clean, ids, model, when};
use midwatch_agent::request::RunFacts;
use midwatch_diagnosis::report::{Claim, Gap, IncidentSummary, Moment, Recommendation, Report};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::button::Button;
use midwatch_service::id::JobId;
use slack_morphism::prelude::{SlackBlock, SlackRichTextElement};

use super::page::{self, Look, Page, buttons, context};
use super::rich::{self, Rich};
use super::{Message, answer, repeated, word};

/// Characters of one claim.
const CLAIM_CAP: usize = 500;

/// Characters of a command; a longer one stands whole in the page.
const COMMAND_CAP: usize = 1_000;

/// Claims of one section.
const CLAIMS_SHOWN: usize = 10;

/// Moments of the timeline.
const MOMENTS_SHOWN: usize = 12;

/// Actions.
const ACTIONS_SHOWN: usize = 4;

/// Gaps.
const GAPS_SHOWN: usize = 6;

/// A section, and how soon it is left out: the largest goes first.
struct Section {
    rank: u8,
    blocks: Vec<SlackBlock>,
}

/// The sections of a report, and whether all of it is in them.
#[derive(Default)]
struct Sections {
    all: Vec<Section>,
    cut: bool,
}

impl Sections {
    fn put(&mut self, rank: u8, blocks: Vec<SlackBlock>) {
        if !blocks.is_empty() {
            self.all.push(Section { rank, blocks });
        }
    }

    /// A title, and points below it.
    fn points(&mut self, rank: u8, title: &str, items: Vec<Rich>, more: usize) {
        if items.is_empty() {
            return;
        }
        self.cut |= more > 0;
        let mut elements = vec![rich::line(Rich::bold(title)), rich::bullets(items)];
        if more > 0 {
            elements.push(rich::line(Rich::default().with_faint(&format!("and {more} more"))));
        }
        self.put(rank, vec![rich::block(elements)]);
    }

    fn claims(&mut self, rank: u8, title: &str, claims: &[Claim]) {
        let more = claims.len().saturating_sub(CLAIMS_SHOWN);
        let items = claims.iter().take(CLAIMS_SHOWN).map(|one| claim(self, one)).collect();
        self.points(rank, title, items, more);
    }

    /// A text that may be cut; then it is known that something is.
    fn short<'a>(&mut self, text: &'a str, cap: usize) -> std::borrow::Cow<'a, str> {
        self.cut |= text.chars().nth(cap).is_some();
        clean::shorten(text, cap)
    }

    /// What fits, in the order of reading; false when something had to go.
    fn onto(mut self, page: &mut Page) -> bool {
        let mut ranks: Vec<u8> = self.all.iter().map(|section| section.rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        // The page that holds everything up to a rank, for the largest rank that fits.
        while let Some(worst) = ranks.pop() {
            let mut tried = Page::default();
            if self.all.iter().all(|section| tried.add(section.blocks.clone())) {
                break;
            }
            self.cut = true;
            self.all.retain(|section| section.rank < worst);
        }
        let fitted = self.all.into_iter().all(|section| page.add(section.blocks));
        fitted && !self.cut
    }
}

pub(super) fn render(look: Look, job: JobId, report: &Report, run: RunFacts, may_be_repeated: bool) -> Message {
    let mut sections = Sections::default();
    let headline = headline(&mut sections, report);
    let mut top: Vec<SlackBlock> = repeated(may_be_repeated).into_iter().collect();
    top.push(rich::line_block(headline));
    sections.put(0, top);
    roots(&mut sections, report);
    sections.claims(2, "Why", if repeats(report) { report.why.get(1..).unwrap_or_default() } else { &report.why });
    from_model(&mut sections, report);
    sections.claims(5, "Ruled out", &report.ruled_out);
    timeline(&mut sections, look, report);
    sections.claims(4, "Hit", &report.blast_radius);
    actions(&mut sections, &report.recommendations);
    next_probes(&mut sections, &report.next_probes);
    others(&mut sections, report.incidents.get(1..).unwrap_or_default());
    gaps(&mut sections, &report.could_not_see);
    let mut page = Page::default();
    let whole = sections.onto(&mut page);
    let left_out = (!whole)
        .then(|| context("Not all fits here: the whole report, with its evidence, is the file beside this message."));
    let footer = context(&footer(report, run));
    let buttons = buttons(&Button::REPORTED, job);
    let mut message = Message::new(&notification(report), page.finish(left_out.into_iter().chain([footer, buttons])));
    message.wants_page = !whole;
    message
}

/// The verdict in a line.
fn headline(sections: &mut Sections, report: &Report) -> Rich {
    // How sure it is that nothing can be told is no news.
    let sure = match report.verdict {
        Verdict::Blind | Verdict::Inconclusive => String::new(),
        _ => {
            let lasted = report.lasted().map(|time| format!(", for {time}")).unwrap_or_default();
            format!(" (confidence {}{lasted})", report.confidence.as_str())
        }
    };
    let source = report.why.first().filter(|_| repeats(report)).map(|first| format!(" {}", ids(first)));
    let cause = sections.short(&report.root_cause, 2 * CLAIM_CAP);
    Rich::bold(word(report.verdict))
        .with(&sure)
        .with(": ")
        .with_bold(&clean::line(&cause))
        .with_faint(&source.unwrap_or_default())
}

fn notification(report: &Report) -> String {
    format!("{}: {}", word(report.verdict), report.root_cause)
}

/// Whether the first reason says what the headline says; its evidence then stands behind the headline.
fn repeats(report: &Report) -> bool {
    report.why.first().is_some_and(|first| first.text == report.root_cause)
}

fn roots(sections: &mut Sections, report: &Report) {
    if !report.root_entities.is_empty() {
        let names: Vec<String> = report.root_entities.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        let names = sections.short(&names, CLAIM_CAP);
        sections.put(1, vec![rich::line_block(Rich::bold("Root ").with_code(&clean::line(&names)))]);
    }
}

fn claim(sections: &mut Sections, claim: &Claim) -> Rich {
    Rich::plain(&clean::line(&sections.short(&claim.text, CLAIM_CAP))).with_faint(&format!(" {}", ids(claim)))
}

/// What a model made of it.
fn from_model(sections: &mut Sections, report: &Report) {
    for told in model::told(report) {
        let more = told.points.len().saturating_sub(CLAIMS_SHOWN);
        let point = |sections: &mut Sections, point: &model::Point| {
            let text = clean::line(&sections.short(&point.text, CLAIM_CAP)).into_owned();
            Rich::plain(&text).with_faint(&format!(" {}", point.source))
        };
        let items = told.points.iter().take(CLAIMS_SHOWN).map(|one| point(sections, one)).collect();
        sections.points(3, &clean::line(&told.title), items, more);
    }
}

/// The earliest and the latest moments, as a table.
fn timeline(sections: &mut Sections, look: Look, report: &Report) {
    let moments = &report.timeline;
    if moments.is_empty() {
        return;
    }
    let half = MOMENTS_SHOWN / 2;
    let is_shown = |index: usize| moments.len() <= MOMENTS_SHOWN || index < half || index >= moments.len() - half;
    let left = moments.len().saturating_sub(MOMENTS_SHOWN);
    let rows: Vec<Vec<String>> = moments
        .iter()
        .enumerate()
        .filter(|(index, _)| is_shown(*index))
        .map(|(_, one)| moment(sections, one))
        .collect();
    let head: Vec<String> = ["Time (UTC)", "What", "Evidence"].map(str::to_owned).into();
    let drawn = || answer::drawn(&head, &rows).map(|text| rich::block(vec![rich::preformatted(&text)]));
    let Some(body) = page::table(&head, &rows).filter(|_| look.table).or_else(drawn) else {
        sections.cut = true;
        return;
    };
    let title =
        if left > 0 { format!("Timeline ({left} moments in between are left out)") } else { "Timeline".to_owned() };
    sections.cut |= left > 0;
    sections.put(6, vec![rich::line_block(Rich::bold(&title)), body]);
}

fn moment(sections: &mut Sections, one: &Moment) -> Vec<String> {
    let details = if one.details.is_empty() { String::new() } else { format!(": {}", one.details) };
    let what = format!("{}{details}", one.event);
    let what = sections.short(&what, 200).into_owned();
    vec![when(one.at), what, one.evidence.map(|id| format!("[{id}]")).unwrap_or_default()]
}

fn actions(sections: &mut Sections, actions: &[Recommendation]) {
    let mut elements: Vec<SlackRichTextElement> = Vec::new();
    let mut told = None;
    for one in actions.iter().take(ACTIONS_SHOWN) {
        let action = sections.short(&one.action, CLAIM_CAP).into_owned();
        elements
            .push(rich::line(Rich::plain(&format!("{}. ", one.priority)).with_bold(&clean::line(&action)).with("\n")));
        command(sections, &mut elements, one.command.as_deref());
        let risk = sections.short(&one.risk, CLAIM_CAP).into_owned();
        elements.push(rich::line(Rich::default().with_faint(&format!("risk: {}\n", clean::line(&risk)))));
        // Actions on one workload are watched alike; once is enough.
        if let Some(check) = one.check.as_ref().filter(|check| told != Some(*check)) {
            elements.push(rich::line(Rich::default().with_faint("then watch:\n")));
            command(sections, &mut elements, Some(check));
            told = Some(check);
        }
    }
    if elements.is_empty() {
        return;
    }
    sections.cut |= actions.len() > ACTIONS_SHOWN;
    elements.insert(0, rich::line(Rich::bold("Do this\n")));
    sections.put(1, vec![rich::block(elements)]);
}

/// A command is shown whole or not at all: half of one must not be run.
fn command(sections: &mut Sections, elements: &mut Vec<SlackRichTextElement>, command: Option<&str>) {
    match command {
        Some(text) if text.chars().nth(COMMAND_CAP).is_some() => {
            sections.cut = true;
            elements.push(rich::line(Rich::default().with_faint("(the command is long: it is in the file)\n")));
        }
        Some(text) => elements.push(rich::preformatted(text)),
        None => {}
    }
}

fn next_probes(sections: &mut Sections, probes: &[String]) {
    let more = probes.len().saturating_sub(CLAIMS_SHOWN);
    let item = |sections: &mut Sections, probe: &str| {
        Rich::default().with_code(&clean::line(&sections.short(probe, CLAIM_CAP)))
    };
    let items = probes.iter().take(CLAIMS_SHOWN).map(|probe| item(sections, probe)).collect();
    sections.points(3, "Would decide it", items, more);
}

/// Incidents beside the first.
fn others(sections: &mut Sections, incidents: &[IncidentSummary]) {
    let more = incidents.len().saturating_sub(CLAIMS_SHOWN);
    let item = |sections: &mut Sections, one: &IncidentSummary| {
        let roots: Vec<String> = one.root_entities.iter().map(ToString::to_string).collect();
        let source = one.why.first().map(ids).unwrap_or_default();
        let cause = clean::line(&sections.short(&one.root_cause, CLAIM_CAP)).into_owned();
        Rich::plain(&cause).with_faint(&clean::line(&format!(" (root: {}) {source}", roots.join(", "))))
    };
    let items = incidents.iter().take(CLAIMS_SHOWN).map(|one| item(sections, one)).collect();
    sections.points(4, "Also broken", items, more);
}

fn gaps(sections: &mut Sections, gaps: &[Gap]) {
    let more = gaps.len().saturating_sub(GAPS_SHOWN);
    let item = |sections: &mut Sections, gap: &Gap| {
        let why = format!(": {}", gap.why);
        let what = clean::line(&sections.short(&gap.what, CLAIM_CAP)).into_owned();
        let line = Rich::bold(&what).with(&clean::line(&sections.short(&why, CLAIM_CAP)));
        match &gap.fix {
            Some(fix) => line.with_faint(&format!("; {}", clean::line(&sections.short(fix, CLAIM_CAP)))),
            None => line,
        }
    };
    let items = gaps.iter().take(GAPS_SHOWN).map(|gap| item(sections, gap)).collect();
    sections.points(3, "Could not see", items, more);
}

/// What belongs to the run; nothing of it is in the report itself.
fn footer(report: &Report, run: RunFacts) -> String {
    format!("{}; as of {} UTC", model::took(run), when(report.as_of))
}
