//! Arbitrary text is an error or a configuration, never a panic.

use midwatch_config::{default_yaml, keys};
use proptest::prelude::*;

use crate::support::World;

/// Words that get past the first checks.
fn yamlish() -> impl Strategy<Value = String> {
    let mut words: Vec<String> = keys().iter().flat_map(|k| k.key.split('.').map(str::to_owned)).collect();
    let marks = [
        "\n", "\n  ", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "<<", "'", "\"", "# ", "|\n", "1h", "5", "true",
        "~", "\t", "!!int ", "? ", "---\n", "é", "\u{0}",
    ];
    words.extend(marks.map(str::to_owned));
    proptest::collection::vec(proptest::sample::select(words), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = World::with_file(bytes).load();
    }

    #[test]
    fn text(text in ".*") {
        let _ = World::with_file(&text).load().map_err(|e| e.to_string());
        let _ = World::new().env(&format!("MIDWATCH__{text}"), &text).load().map_err(|e| e.to_string());
    }

    #[test]
    fn nearly_yaml(text in yamlish()) {
        if let Err(errors) = World::with_file(&text).load() {
            let shown = errors.to_string();
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
        }
    }

    #[test]
    fn any_value_in_any_key(index in 0_usize..100, value in "\\PC{0,40}") {
        let keys = keys();
        let key = &keys[index % keys.len()];
        let _ = World::new().env(&key.variable, &value).load().map_err(|e| e.to_string());
        let _ = World::new().flag(key.key, &value, "--flag").load().map_err(|e| e.to_string());
    }

    #[test]
    fn a_damaged_default_file(cut in 0_usize..5000, junk in ".{0,5}") {
        let text = default_yaml();
        let at = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (head, tail) = text.split_at(at);
        let _ = World::with_file(format!("{head}{junk}{tail}")).load().map_err(|e| e.to_string());
    }
}
