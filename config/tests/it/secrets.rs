//! Secret settings, their `_file` siblings, and that no value is ever shown.

use midwatch_config::{SECRET_FILE_LIMIT, SecretFileError, describe, read_secret, read_secret_lines};
use secrecy::ExposeSecret as _;

use crate::support::World;

fn literals(world: &World) -> Vec<String> {
    let settings = world.load().expect("valid").settings;
    settings.redaction.extra_literals.iter().map(|s| s.expose_secret().to_owned()).collect()
}

#[test]
fn a_file_is_found_beside_the_configuration() {
    let world = World::with_file("redaction:\n  extra_literals_file: literals.txt\n");
    let path = world.write("literals.txt", "hunter22\r\n\n#not a comment\nlast one\n");
    assert_eq!(literals(&world), ["hunter22", "#not a comment", "last one"]);
    let rows = describe(&world.load().expect("valid"));
    let row = rows.iter().find(|row| row.key == "redaction.extra_literals").expect("a row");
    assert_eq!(row.value, "(set)");
    assert_eq!(row.origin.to_string(), format!("secret file {}", path.display()));
}

#[test]
fn literals_from_the_environment() {
    let variable = "MIDWATCH__REDACTION__EXTRA_LITERALS";
    assert_eq!(literals(&World::new().env(variable, "p@ss: word # x")), ["p@ss: word # x"]);
    assert_eq!(literals(&World::new().env(variable, "['one1', \"two2\"]")), ["one1", "two2"]);
    assert_eq!(literals(&World::new().env(variable, "12345678")), ["12345678"]);
}

#[test]
fn both_set_is_a_mistake_in_any_layers() {
    let both = World::with_file("redaction:\n  extra_literals: [hunter22]\n  extra_literals_file: x\n");
    let errors = both.errors();
    assert!(
        errors.starts_with(
            "m.yaml:3:24: `redaction.extra_literals` and `redaction.extra_literals_file` are both set, the first by "
        ),
        "{errors}"
    );
    assert!(errors.ends_with("m.yaml:2:19\n    keep one of them"), "{errors}");

    let across = World::with_file("redaction:\n  extra_literals_file: x\n")
        .env("MIDWATCH__REDACTION__EXTRA_LITERALS", "hunter22");
    assert_eq!(
        across.errors(),
        "m.yaml:2:24: `redaction.extra_literals` and `redaction.extra_literals_file` are both set, the first by environment variable MIDWATCH__REDACTION__EXTRA_LITERALS\n    keep one of them"
    );
}

#[test]
fn an_empty_list_beside_a_file_is_not_set() {
    let world = World::with_file("redaction:\n  extra_literals: []\n  extra_literals_file: l\n");
    world.write("l", "hunter22");
    assert_eq!(literals(&world), ["hunter22"]);
}

#[test]
fn files_that_hold_no_secret() {
    let table: &[(&str, Option<Vec<u8>>, &str)] = &[
        (
            "missing",
            None,
            "cannot be read: No such file or directory (os error 2)\n    check the path and that this user may read the file",
        ),
        ("empty", Some(vec![]), "is empty\n    write the secret into it, or remove the setting"),
        ("newline", Some(b"\n".to_vec()), "is empty\n    write the secret into it, or remove the setting"),
        (
            "large",
            Some(vec![b'x'; SECRET_FILE_LIMIT + 1]),
            "is larger than 64KiB\n    check that it is the right file: a secret is small",
        ),
        ("bytes", Some(vec![0xff; 8]), "is not UTF-8 text\n    save it as UTF-8 text"),
        (".", None, "is not a regular file\n    name the file itself, not its folder"),
    ];
    for (name, content, expected) in table {
        let world = World::with_file(format!("redaction:\n  extra_literals_file: {name}\n"));
        if let Some(content) = content {
            world.write(name, content);
        }
        let errors = world.errors();
        assert_eq!(errors, format!("m.yaml:2:24: `redaction.extra_literals_file`: secret file {name} {expected}"));
    }
}

#[test]
fn a_single_secret_loses_only_its_last_newline() {
    let world = World::new();
    for (content, expected) in
        [("abc", "abc"), ("abc\n", "abc"), ("abc\r\n", "abc"), (" a \n\n", " a \n"), ("a\nb\n", "a\nb")]
    {
        let path = world.write("s", content);
        assert_eq!(read_secret(&path).expect("a secret").expose_secret(), expected);
    }
    let path = world.write("s", vec![b'x'; SECRET_FILE_LIMIT]);
    assert!(read_secret(&path).is_ok());
    let path = world.write("s", "long enough\nabc\n");
    assert!(matches!(read_secret_lines(&path), Err(SecretFileError::ShortLine { line: 2, .. })));
}

#[test]
fn no_mistake_shows_a_secret() {
    let secret = "hunter22hunter22";
    let table = [
        format!("redaction:\n  extra_literals: {{a: {secret}}}\n"),
        format!("redaction:\n  extra_literals: [{secret}, [{secret}]]\n"),
        format!("redaction:\n  extra_literals: [{secret}, 12345678]\n"),
        format!("redaction:\n  extra_literals: [{secret}, abc]\n"),
        format!("redaction:\n  extra_literals: [{secret}, '']\n"),
        format!("redaction:\n  extra_literals: [{secret}\n"),
        format!("redaction:\n  extra_literals: \"{secret}\n"),
        format!("redaction:\n  extra_literals: [*{secret}]\n"),
        format!("redaction:\n  extra_literals: [!{secret} x]\n"),
        format!("redaction:\n  extra_literals: {secret}: x: y\n"),
        format!("redaction:\n  extra_literals: [{secret}]\n  extra_literals_file: x\n"),
    ];
    for file in table {
        let errors = World::with_file(&file).load().expect_err(&file);
        assert!(!format!("{errors} {errors:?}").contains("hunter"), "{file}\n{errors}");
        assert!(!errors.to_string().contains("12345678"), "{errors}");
    }
    for value in [format!("[{secret}"), format!("\"{secret}"), format!("[{secret}: {secret}]")] {
        let errors = World::new().env("MIDWATCH__REDACTION__EXTRA_LITERALS", &value).errors();
        assert!(!errors.contains("hunter"), "{errors}");
    }
    let loaded = World::with_file(format!("redaction: {{extra_literals: [{secret}]}}")).load().expect("valid");
    assert!(!format!("{loaded:?} {:?}", describe(&loaded)).contains("hunter"));
}
