//! The documented defaults are the defaults, and every setting is documented.

use std::fmt::Write as _;

use midwatch_config::{Origin, Settings, default_yaml, describe, keys};

use crate::support::World;

#[test]
fn default_yaml_is_the_defaults() {
    let loaded = World::with_file(default_yaml()).load().expect("valid");
    // `Debug` covers every member; the secrets it hides are empty in both and compared by `describe`.
    assert_eq!(format!("{:?}", loaded.settings), format!("{:?}", Settings::default()));
    let shown: Vec<_> = describe(&loaded).into_iter().map(|row| row.value).collect();
    let defaults: Vec<_> = keys().into_iter().map(|key| key.default).collect();
    assert_eq!(shown, defaults);
}

#[test]
fn default_yaml_names_every_key() {
    let loaded = World::with_file(default_yaml()).load().expect("valid");
    for row in describe(&loaded) {
        assert!(matches!(row.origin, Origin::Set(_)), "{} is not in default.yaml", row.key);
    }
}

/// Key and comment of every setting, in order.
fn documented() -> Vec<(String, String)> {
    let (mut section, mut comment, mut found) = (String::new(), String::new(), Vec::new());
    for line in default_yaml().lines() {
        let text = line.trim();
        if let Some(words) = text.strip_prefix('#') {
            write!(comment, "{words}").expect("text");
        } else if let (true, Some((key, _))) = (line.starts_with("  "), text.split_once(':')) {
            found.push((format!("{section}.{key}"), std::mem::take(&mut comment)));
        } else if let Some(name) = line.strip_suffix(':') {
            assert!(!comment.is_empty(), "the section {name} has no comment");
            name.clone_into(&mut section);
            comment.clear();
        } else {
            assert!(text.is_empty(), "{line}");
        }
    }
    found
}

#[test]
fn every_key_is_documented_in_order() {
    let documented = documented();
    let keys = keys();
    assert_eq!(documented.len(), keys.len());
    for ((name, comment), key) in documented.iter().zip(keys) {
        assert_eq!(name, key.key);
        let start = key.doc.trim_end_matches('.');
        assert!(comment.trim().starts_with(start), "{name}: {comment:?} does not start with {start:?}");
        assert!(key.doc.ends_with('.'), "{name}");
    }
}

#[test]
fn ranges_and_words_are_in_the_comments() {
    for ((name, comment), key) in documented().iter().zip(keys()) {
        if let Some((_, range)) = key.expects.split_once(" from ") {
            let (min, max) = range.split_once(" to ").expect("a range");
            assert!(comment.ends_with(&format!("rom {min} to {max}.")), "{name}: {comment:?}, {range}");
        } else if key.expects.contains(" or ") && key.expects.starts_with('`') && !key.expects.contains("true") {
            for word in key.expects.split('`').skip(1).step_by(2) {
                assert!(comment.contains(word), "{name} does not explain {word}");
            }
        }
    }
}

#[test]
fn nothing_given_is_the_defaults() {
    let loaded = World::new().load().expect("valid");
    assert!(loaded.file.is_none());
    assert!(describe(&loaded).iter().all(|row| row.origin == Origin::Default));
    assert_eq!(format!("{:?}", loaded.settings), format!("{:?}", Settings::default()));
}

#[test]
fn the_default_of_every_key_can_be_written_in_every_layer() {
    for key in keys() {
        let (section, leaf) = key.key.split_once('.').expect("a section");
        let file = format!("{section}:\n  {leaf}: {}\n", key.default);
        World::with_file(file).load().expect(key.key);
        if key.default != "null" {
            World::new().env(&key.variable, &key.default).load().expect(key.key);
            World::new().flag(key.key, &key.default, "--some").load().expect(key.key);
        }
    }
}

#[test]
fn keys_say_what_they_expect() {
    let find = |name: &str| keys().into_iter().find(|key| key.key == name).expect("a key");
    let lookback = find("investigation.lookback");
    assert_eq!(lookback.expects, "a duration from 1m to 24h");
    assert_eq!(lookback.default, "1h");
    assert_eq!(lookback.variable, "MIDWATCH__INVESTIGATION__LOOKBACK");
    assert_eq!(find("output.format").expects, "`thread`, `markdown` or `json`");
    assert!(find("redaction.extra_literals").secret);
}
