//! Files that are no proper configuration: sensible behaviour or one clear sentence.

use std::fmt::Write as _;

use crate::support::World;

#[test]
fn files_without_settings_change_nothing() {
    let table = [
        "",
        "\n",
        "# only a comment\n",
        "---\n",
        "---\n# c\n...\n",
        "{}",
        "log:\n",
        "log: {}\n",
        "\u{feff}",
        "null\n",
        "~",
    ];
    for text in table {
        let loaded = World::with_file(text).load();
        assert!(loaded.is_ok(), "{text:?}: {loaded:?}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_fine() {
    let text = "\u{feff}log:\r\n  level: info\r\n";
    assert_eq!(World::with_file(text).load().expect("valid").settings.log.level, "info");
}

#[test]
fn anchors_copy_values() {
    let text = "redaction:\n  extra_names: &n [PIN]\n  keep: *n\n";
    assert_eq!(World::with_file(text).load().expect("valid").settings.redaction.keep, ["PIN"]);
}

#[test]
fn broken_yaml_has_a_place_and_a_hint() {
    const LOOK: &str = "look at this line and the one before it: indentation, a missing `:`, an open quote or bracket";
    let not_yaml =
        |place: &str, what: &str, fix: &str| format!("m.yaml:{place}: this is not valid YAML: {what}\n    {fix}");
    let table = [
        (
            "log:\n\tlevel: info\n",
            not_yaml(
                "2:2",
                "tabs disallowed within this context (block indentation)",
                "YAML does not allow tabs at the start of a line: use spaces",
            ),
        ),
        ("log: [\n", not_yaml("1:6", "unclosed bracket '['", LOOK)),
        ("log: {level: 'a\n", not_yaml("1:14", "unclosed quote", LOOK)),
        (
            "redaction:\n  extra_names: [*_DSN]\n",
            "m.yaml:2:17: a value starts with `*` and so stands for an anchor, which does not exist\n    put the value in quotes to make it text: `\"*_DSN\"`".to_owned(),
        ),
        (
            "log: {}\n---\nlog: {}\n",
            "m.yaml:2:1: there is more than one document in the file\n    keep one and remove the `---` between them".to_owned(),
        ),
        (
            "log: &a [*a]\n",
            "m.yaml:1:10: an anchor contains itself\n    write the value out".to_owned(),
        ),
    ];
    for (text, expected) in table {
        assert_eq!(World::with_file(text).errors(), expected);
    }
}

#[test]
fn too_large_not_text_not_a_file() {
    let large = format!("# {}\n", "x".repeat(1 << 20));
    let large_error =
        "m.yaml: the file is larger than 1MiB\n    check that it is the right file: a configuration is a few KiB";
    assert_eq!(World::with_file(large).errors(), large_error);
    let latin1 = b"log:\n  level: caf\xe9\n";
    assert_eq!(World::with_file(latin1).errors(), "m.yaml: line 2 is not UTF-8 text\n    save the file as UTF-8");
    let world = World::new();
    let dir = world.dir().display().to_string();
    let errors = world.env("MIDWATCH_CONFIG", &dir).errors();
    assert!(errors.ends_with(": this is not a regular file\n    name the file itself, not its folder"), "{errors}");
}

/// Nine lists of nine aliases each: 9^10 texts when expanded.
fn bomb() -> String {
    let mut bomb = "redaction:\n  keep:\n    - &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let again = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "    - &a{level} [{again}]").expect("text");
    }
    bomb
}

#[test]
fn bombs_and_depth_end_quickly_in_an_error() {
    let deep = "values are nested too deeply\n    settings are at most five levels deep";
    let table = [
        (bomb(), "aliases (`*name`) copy too many values\n    write the values out"),
        (format!("log: {}", "[".repeat(500_000)), deep),
        (format!("log: {}{}", "[".repeat(100_000), "]".repeat(100_000)), deep),
        (format!("{}x", "- ".repeat(300_000)), deep),
        (format!("{}x", "? ".repeat(300_000)), deep),
    ];
    for (text, expected) in table {
        let errors = World::with_file(text).errors();
        assert!(errors.ends_with(expected), "{errors}");
    }
}

#[test]
fn a_file_of_many_mistakes_lists_the_first() {
    let text = "unknown: 1\n".repeat(90_000);
    let errors = World::with_file(text).load().expect_err("mistakes").0;
    let last = errors.last().expect("an error");
    assert_eq!((errors.len(), last.what.as_str()), (26, "there are more than 25 mistakes in this file"));
}

#[test]
fn a_long_list_is_fine() {
    let text = format!("redaction:\n  keep:\n{}", "    - abcdefgh\n".repeat(10_000));
    let settings = World::with_file(text).load().expect("valid").settings;
    assert_eq!(settings.redaction.keep.len(), 10_000);
}
