//! The report as JSON: the fields of the report format, in a fixed order.
//!
//! The wire structs stand here and nowhere else, so that a change of the domain types cannot change the format by
//! accident. Must never hold what belongs to the run (elapsed time, reads). Start at [`render`].

use std::fmt::Write as _;

use midwatch_diagnosis::report::Report;
use serde::Serialize;

use super::clean;

mod convert;
mod wire;

/// The whole report as pretty JSON.
pub(super) fn render(report: &Report) -> String {
    pretty(&wire::WireReport::from(report))
}

/// Pretty JSON whose strings hold no character that acts on a terminal. Outside of strings JSON has none of them
/// but the line feed, so they can be escaped in the finished text.
pub(crate) fn pretty<T: Serialize>(value: &T) -> String {
    // Plain structs with string keys: serialising them cannot fail.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let acts = |c: char| c != '\n' && clean::is_active(c);
    if !text.contains(acts) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}
