//! The forms in which one value shows up: plain, base64 inside any text, URL-encoded, in JSON.
//!
//! Must never give a form so short that it would match ordinary text. Start at [`of`].

use crate::base64;
use std::fmt::Write as _;

/// Shortest base64 form worth searching: shorter ones turn up by chance.
const MIN_BASE64: usize = 10;
/// Shortest line of a value of several lines that is searched on its own.
const MIN_LINE: usize = 20;

/// Every form of a value, the value itself first, without repeats.
pub(crate) fn of(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let mut add = |form: String| {
        if !forms.contains(&form) {
            forms.push(form);
        }
    };
    if let Some(plain) = percent_decoded(value) {
        add(plain);
    }
    add(percent_encoded(value, "%20", b"-_.~"));
    add(percent_encoded(value, "+", b"-_.*"));
    add(percent_encoded(value, "%20", b"-_.~!*'()"));
    add(percent_encoded(value, "%20", b""));
    add(json_escaped(value));
    for shift in 0..3 {
        if let Some(form) = base64_inside(value, shift) {
            add(form.replace('+', "-").replace('/', "_"));
            add(form);
        }
    }
    if value.contains('\n') {
        value.lines().map(str::trim).filter(|line| line.len() >= MIN_LINE).for_each(|line| add(line.to_owned()));
    }
    forms
}

/// The part of the base64 form that is the same whatever stands before and after the value, when
/// the value begins `shift` bytes after a multiple of three.
fn base64_inside(value: &str, shift: usize) -> Option<String> {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(value.as_bytes());
    let text = base64::encode(&bytes);
    // Symbols that also hold bits of neighbours: one or two at the front, one at the end.
    let front = [0, 2, 3][shift];
    let end = bytes.len() * 8 / 6;
    text.get(front..end).filter(|form| form.len() >= MIN_BASE64).map(str::to_owned)
}

/// The encoders of URLs, forms and scripts leave different signs as they are.
fn percent_encoded(value: &str, space: &str, keeps: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || keeps.contains(&byte) => {
                out.push(char::from(byte));
            }
            b' ' => out.push_str(space),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// The plain text of a percent-encoded value: a password in a URL is logged by the server decoded.
pub(crate) fn percent_decoded(value: &str) -> Option<String> {
    if !value.contains('%') {
        return None;
    }
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = value.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let plain = hex.filter(|_| byte == b'%');
        out.push(plain.unwrap_or(byte));
        at += if plain.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).ok()
}

fn json_escaped(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_at_every_offset() {
        let value = "hunter2-correct";
        let forms = of(value);
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "\n", "@db", "&x=1"] {
                let text = base64::encode(format!("{before}{value}{after}").as_bytes());
                assert!(forms.iter().any(|form| text.contains(form.as_str())), "{text}");
            }
        }
    }

    #[test]
    fn forms_of_a_value_with_odd_characters() {
        let forms = of("p@ss w/rd\"1");
        assert!(forms.contains(&"p%40ss%20w%2Frd%221".to_owned()));
        assert!(forms.contains(&"p@ss w/rd\\\"1".to_owned()));
        assert!(of("p%40ssword").contains(&"p@ssword".to_owned()));
    }
}
