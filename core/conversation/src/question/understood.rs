//! The honest list of what is understood, for who asked something else.
//!
//! Must never promise a form that is not read; a test asks every example. Start at [`understood`].

use crate::answer::{Answer, Part};

/// What can be asked, and how.
const UNDERSTOOD: &[(&str, &str)] = &[
    ("Logs", "logs checkout -c app --previous --since 10m --grep timeout"),
    ("Logs before a restart", "what happened before the restart?"),
    ("Events", "events of checkout"),
    ("An object", "describe pod checkout-7d9f"),
    ("Changes", "what changed since yesterday?"),
    ("The cause, with its evidence", "why?"),
    ("What is ruled out", "why not the node?"),
    ("A comparison", "compare with 14:00"),
    ("Who is hit", "who else is hit?"),
    ("Another place", "is eu-west hit as well?"),
    ("What to do", "next steps"),
    ("Metrics", "memory of checkout"),
    ("What happened when", "timeline"),
    ("How it stands", "status"),
    ("An end", "stop"),
];

/// What is understood, each with an example that can be sent as it is.
pub fn understood() -> Answer {
    let row = |(what, example): &(&str, &str)| vec![(*what).to_owned(), (*example).to_owned()];
    Answer::text("I did not understand that. These I do, in these words or close to them:")
        .with(Part::Table { head: ["About", "For example"].map(str::to_owned).to_vec(), rows: UNDERSTOOD.iter().map(row).collect() })
        .with_text("A new question about something else begins with `investigate`.")
}
