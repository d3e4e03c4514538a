//! A plan as a post: what would be read, why, and by which command.

use midwatch_agent::request::Plan;

use crate::look::Look;
use crate::page::{Ink, Page, Text};
use crate::report::Section;

/// The whole post. Reads of one reason stand together.
pub(crate) fn render(look: Look, plan: &Plan) -> String {
    let mut page = Page::new(look);
    let text = Text::new(Ink::Strong, "Plan").with(Ink::Plain, &format!(" for {}", plan.about));
    page.para("", Ink::Plain, &text.with(Ink::Faint, &format!(" ({}; nothing is read)", plan.source)));
    page.empty();
    let mut why = "";
    for read in &plan.reads {
        if read.why != why {
            why = read.why;
            page.para("", Ink::Plain, &Text::new(Ink::Strong, why));
        }
        page.para("  - ", Ink::Plain, &Text::plain(&read.probe.to_string()));
        page.command(4, &read.probe.command());
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
