//! A plan as a post: what would be read, why, and by which command.

use midwatch_agent::request::Plan;

use crate::look::Look;
use crate::page::{Ink, Page, Text};
use crate::report::Section;

/// The whole post. Reads of one reason stand together.
pub(crate) fn render(look: Look, plan: &Plan) -> String {
    let mut page = Page::new(look);
    let text = Text::new(Ink::Strong, "Plan").with(Ink::Plain, &format!(" for {}", plan.about));
    let source = format!(" ({}; {} reads, none of them made)", plan.source, plan.reads.len());
    page.para("", Ink::Plain, &text.with(Ink::Faint, &source));
    page.empty();
    let mut why = "";
    for read in &plan.reads {
        if read.why != why {
            why = read.why;
            page.para("", Ink::Plain, &Text::new(Ink::Strong, why));
        }
        page.command(2, &read.probe.command());
    }
    if !plan.then.is_empty() {
        page.empty();
        let mut section = Section::new(&mut page, "Then");
        for step in &plan.then {
            section.para("- ", &Text::plain(step));
        }
    }
    page.finish()
}
