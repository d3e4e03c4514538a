//! What each kind of message looks like, whole.
//!
//! Must never put text of the outside anywhere but through `page`. Start at [`render`].

use midwatch_service::post::{Opening, PostBody};

use crate::answer;
use crate::look::Look;
use crate::opening::{alerts, who};
use crate::page::{Ink, Page, Text};
use crate::report;

use super::rows;
use super::storm;

/// The whole message.
pub(super) fn render(look: Look, body: &PostBody) -> String {
    match body {
        PostBody::Opening(opening) => opened(look, opening),
        PostBody::Living(living) => rows::page(look, &rows::of_living(living)),
        PostBody::Storm(table) => storm::page(look, table),
        PostBody::Report { report, run, may_be_repeated, .. } => {
            let mark =
                if *may_be_repeated { notice(look, "The report below may be a repetition.") } else { String::new() };
            mark + &report::render((look, *run), report)
        }
        PostBody::Notice { text } => notice(look, text),
        PostBody::Answer { answer, may_be_repeated } => {
            let mark =
                if *may_be_repeated { notice(look, "The answer below may be a repetition.") } else { String::new() };
            mark + &answer::render(look, answer)
        }
        PostBody::Private(private) => answer::render(look, &private.answer),
    }
}

fn opened(look: Look, opening: &Opening) -> String {
    let mut page = Page::new(look);
    page.para("", Ink::Strong, &Text::new(Ink::Strong, &opening.title));
    alerts(&mut page, &opening.alerts, usize::try_from(opening.more).unwrap_or(usize::MAX));
    if let Some(question) = &opening.question {
        page.para(who(&page, "you"), Ink::Strong, &Text::plain(question));
    }
    if let Some(asked_by) = &opening.asked_by {
        page.para(who(&page, ""), Ink::Plain, &Text::new(Ink::Faint, &format!("asked by {asked_by}")));
    }
    if let Some(previous) = &opening.previous {
        page.para(who(&page, ""), Ink::Plain, &Text::new(Ink::Faint, &format!("seen before: thread {previous}")));
    }
    page.gutter(" |");
    page.empty();
    page.finish()
}

/// A line of the program itself; more lines stand below the first.
fn notice(look: Look, text: &str) -> String {
    let mut page = Page::new(look);
    let mut lead = who(&page, " +- Midwatch");
    for line in text.lines() {
        page.para(lead, Ink::Strong, &Text::plain(line));
        lead = who(&page, "");
    }
    page.finish()
}
