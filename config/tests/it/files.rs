//! Files that are no proper configuration: sensible behaviour or one clear sentence.

use std::time::Instant;

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
    assert_eq!(
        World::with_file(text)
            .load()
            .expect("valid")
            .settings
            .log
            .level,
        "info"
    );
}

#[test]
fn anchors_copy_values() {
    let text = "redaction:\n  extra_names: &n [PIN]\n  keep: *n\n";
    assert_eq!(
        World::with_file(text)
            .load()
            .expect("valid")
            .settings
            .redaction
            .keep,
        ["PIN"]
    );
}

#[test]
fn broken_yaml_has_a_place_and_a_hint() {
    let table = [
        ("log:\n\tlevel: info\n", "", "use spaces"),
        ("log: [\n", "", "bracket"),
        ("log: {level: 'a\n", "", "quote"),
        ("log:\n  level: *nobody\n", "", "look at this line"),
        ("a: 1\n---\nb: 2\n", "", ""),
    ];
    for (text, place, hint) in table {
        let errors = World::with_file(text).errors();
        println!("{errors}\n");
        assert!(errors.starts_with(place), "{errors}");
        assert!(errors.contains("this is not valid YAML: "), "{errors}");
        assert!(errors.contains(hint), "{errors}");
        assert_eq!(errors.lines().count(), 2, "{errors}");
    }
}

#[test]
fn too_large_not_text_not_a_file() {
    let large = format!("# {}\n", "x".repeat(1 << 20));
    let large_error = "m.yaml: the file is larger than 1MiB\n    check that it is the right file: a configuration is a few KiB";
    assert_eq!(World::with_file(large).errors(), large_error);
    let latin1 = b"log:\n  level: caf\xe9\n";
    assert_eq!(
        World::with_file(latin1).errors(),
        "m.yaml: line 2 is not UTF-8 text\n    save the file as UTF-8"
    );
    let world = World::new();
    let dir = world.dir().display().to_string();
    let errors = world.env("MIDWATCH_CONFIG", &dir).errors();
    assert!(
        errors.ends_with(": this is not a regular file\n    name the file itself, not its folder"),
        "{errors}"
    );
}

#[test]
fn bombs_and_depth_end_quickly_in_an_error() {
    let mut bomb = "redaction:\n  keep:\n    - &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let again = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("    - &a{level} [{again}]\n"));
    }
    let deep = format!("log: {}", "[".repeat(500_000));
    let closed = format!("log: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let blocks = format!("{}x", "- ".repeat(300_000));
    let cycle = "log: &a [*a]".to_owned();
    for text in [bomb, deep, closed, blocks, cycle] {
        let start = Instant::now();
        let errors = World::with_file(text).errors();
        println!("{errors}\n");
        assert!(errors.len() < 600, "{errors}");
        assert!(start.elapsed().as_secs() < 5);
    }
}

#[test]
fn a_large_file_of_many_mistakes_is_read_in_time() {
    let text: String = (0..40_000)
        .map(|n| format!("some_unknown_key_{n}: 1\n"))
        .collect();
    let start = Instant::now();
    let errors = World::with_file(text).load().expect_err("mistakes");
    let last = errors.0.last().expect("an error");
    assert_eq!(
        (errors.0.len(), last.what.as_str()),
        (26, "there are more than 25 mistakes in this file")
    );
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
