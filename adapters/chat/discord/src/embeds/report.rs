//! The report (being written).
use midwatch_agent::request::RunFacts;
use midwatch_diagnosis::report::Report;
use midwatch_service::id::JobId;

use super::{Message, buttons, colour, escape, page::Page, word};

pub(super) fn render(job: JobId, report: &Report, _run: RunFacts, _may_be_repeated: bool, tag: &str) -> Message {
    let mut page = Page::coloured(colour::of_verdict(report.verdict));
    page.add(&format!("**{}**: {}", word(report.verdict), escape::short(&report.root_cause, 500)));
    Message { embeds: page.finish("", Some(tag)), components: buttons::reported(job), ..Message::default() }
}
