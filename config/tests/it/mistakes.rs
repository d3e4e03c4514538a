//! The exact text of the main mistakes.

use crate::support::World;

/// File, and all that is said about it.
const FILES: &[(&str, &str)] = &[
    (
        "investigation:\n  lokback: 2h\n",
        "m.yaml:2:3: unknown key `lokback` in `investigation`\n    did you mean `lookback`?",
    ),
    (
        "investigation:\n  colour: never\n",
        "m.yaml:2:3: unknown key `colour` in `investigation`\n    did you mean `colour` in the section `output`?",
    ),
    (
        "lookback: 2h\n",
        "m.yaml:1:1: unknown key `lookback`\n    did you mean `lookback` in the section `investigation`?",
    ),
    ("# c\n\noutptu:\n  format: json\n", "m.yaml:3:1: unknown key `outptu`\n    did you mean `output`?"),
    (
        "zebra: 1\n",
        "m.yaml:1:1: unknown key `zebra`\n    valid here: `investigation`, `kubernetes`, `prometheus`, `alertmanager`, `server`, `store`, `jobs`, `incidents`, `packs`, `model`, `mcp`, `permissions`, `conversation`, `slack`, `discord`, `audit`, `console`, `redaction`, `output`, `log`",
    ),
    ("log:\n  zebra: 1\n", "m.yaml:2:3: unknown key `zebra` in `log`\n    valid here: `level`, `format`"),
    (
        "output:\n  format: jsn\n",
        "m.yaml:2:11: `output.format` is `jsn`, expected `thread`, `markdown` or `json`\n    did you mean `json`?",
    ),
    (
        "output:\n  colour: false\n",
        "m.yaml:2:11: `output.colour` is `false`, expected `auto`, `always` or `never`\n    the default is `auto`",
    ),
    (
        "investigation:\n  parallel_reads: 0\n",
        "m.yaml:2:19: `investigation.parallel_reads` is the number `0`, expected a whole number from 1 to 32\n    the default is `5`",
    ),
    (
        "investigation: {parallel_reads: -1}\n",
        "m.yaml:1:33: `investigation.parallel_reads` is the number `-1`, expected a whole number from 1 to 32\n    the default is `5`",
    ),
    (
        "investigation:\n  tail_lines: [1]\n",
        "m.yaml:2:15: `investigation.tail_lines` is a list, expected a whole number from 1 to 100000\n    the default is `1000`",
    ),
    (
        "investigation:\n  lookback: 25h\n",
        "m.yaml:2:13: `investigation.lookback` is `25h`, expected a duration from 1m to 24h\n    write it like `90s`, `15m` or `1h30m`; the default is `1h`",
    ),
    (
        "investigation:\n  lookback: 60\n",
        "m.yaml:2:13: `investigation.lookback` is the number `60`, expected a duration from 1m to 24h\n    add the unit: `60s`, `60m` or `60h`",
    ),
    (
        "investigation:\n  max_log_bytes: 2GB\n",
        "m.yaml:2:18: `investigation.max_log_bytes` is `2GB`, expected a size from 64KiB to 1TiB\n    write it like `64KiB`, `10MiB` or `2GiB`; the default is `2GiB`",
    ),
    (
        "investigation:\n  depth:\n",
        "m.yaml:2:8: `investigation.depth` is nothing, expected `quick`, `standard` or `deep`\n    give a value, or remove the line to get the default, `standard`",
    ),
    (
        "redaction:\n  entropy: yes\n",
        "m.yaml:2:12: `redaction.entropy` is `yes`, expected `true` or `false`\n    the default is `true`",
    ),
    (
        "redaction:\n  keep:\n    - a\n    - 123\n",
        "m.yaml:4:7: an item of `redaction.keep` is a number\n    put it in quotes to make it text",
    ),
    (
        "redaction:\n  keep: {a: b}\n",
        "m.yaml:2:9: `redaction.keep` is a section with keys of its own, expected a list of texts\n    write it like `[first, second]`; `[]` is the empty list",
    ),
    (
        "redaction:\n  extra_names: ['A, B']\n",
        "m.yaml:2:17: an item of `redaction.extra_names` is `A, B`\n    write one name or pattern per item, such as `*_PIN`; several as `[A, B]`",
    ),
    (
        "log:\n  level: inof\n",
        "m.yaml:2:10: `log.level` is `inof`, expected a log filter such as `warn` or `info,midwatch=debug`\n    did you mean `info`?",
    ),
    (
        "log: warn\n",
        "m.yaml:1:6: `log` is text, expected a section with keys of its own\n    valid here: `level`, `format`",
    ),
    (
        "log:\n  level: info\nlog:\n  level: warn\n",
        "m.yaml:3:1: the key `log` is here for the second time\n    the first is in line 1: keep one of them",
    ),
    (
        "log:\n  level: info\n  level: warn\n",
        "m.yaml:3:3: the key `level` in `log` is here for the second time\n    the first is in line 2: keep one of them",
    ),
    (
        "\"a\\e[2Jb\": 1\n",
        "m.yaml:1:1: unknown key `a\\u{1b}[2Jb`\n    valid here: `investigation`, `kubernetes`, `prometheus`, `alertmanager`, `server`, `store`, `jobs`, `incidents`, `packs`, `model`, `mcp`, `permissions`, `conversation`, `slack`, `discord`, `audit`, `console`, `redaction`, `output`, `log`",
    ),
    (
        "- log\n",
        "m.yaml:1:1: the file is a list, expected sections with settings\n    valid here: `investigation`, `kubernetes`, `prometheus`, `alertmanager`, `server`, `store`, `jobs`, `incidents`, `packs`, `model`, `mcp`, `permissions`, `conversation`, `slack`, `discord`, `audit`, `console`, `redaction`, `output`, `log`",
    ),
    (
        "log:\n  <<: {level: info}\n",
        "m.yaml:2:3: unknown key `<<` in `log`\n    merge keys are not supported: write the settings out",
    ),
];

#[test]
fn in_files() {
    for (file, expected) in FILES {
        assert_eq!(World::with_file(file).errors(), *expected, "{file}");
    }
}

#[test]
fn in_variables() {
    let table = [
        (
            "MIDWATCH__INVESTIGATION__LOKBACK",
            "2h",
            "unknown key `investigation.lokback`\n    did you mean MIDWATCH__INVESTIGATION__LOOKBACK?",
        ),
        ("MIDWATCH__LOOKBACK", "2h", "unknown key `lookback`\n    did you mean MIDWATCH__INVESTIGATION__LOOKBACK?"),
        ("MIDWATCH__INVESTGATION", "2h", "unknown key `investgation`\n    did you mean MIDWATCH__INVESTIGATION__...?"),
        ("MIDWATCH__LOG", "x", "unknown key `log`\n    `log` is a section: add `__` and the name of a setting"),
        (
            "MIDWATCH__ZEBRA",
            "x",
            "unknown key `zebra`\n    valid here: `investigation`, `kubernetes`, `prometheus`, `alertmanager`, `server`, `store`, `jobs`, `incidents`, `packs`, `model`, `mcp`, `permissions`, `conversation`, `slack`, `discord`, `audit`, `console`, `redaction`, `output`, `log`",
        ),
        ("MIDWATCH__LOG__ZEBRA", "x", "unknown key `log.zebra`\n    valid here: `level`, `format`"),
        (
            "MIDWATCH_LOG_LEVEL",
            "info",
            "two underscores stand before and between the parts of a setting's name\n    did you mean MIDWATCH__LOG__LEVEL?",
        ),
        (
            "MIDWATCH__INVESTIGATION__DEADLINE",
            "1s",
            "`investigation.deadline` is `1s`, expected a duration from 5s to 30m\n    write it like `90s`, `15m` or `1h30m`; the default is `2m`",
        ),
        (
            "MIDWATCH__INVESTIGATION__LOOKBACK",
            "90",
            "`investigation.lookback` is `90`, expected a duration from 1m to 24h\n    add the unit: `90s`, `90m` or `90h`",
        ),
        (
            "MIDWATCH__REDACTION__KEEP",
            "",
            "`redaction.keep`: the value is empty\n    unset it, or give a value; `[]` is the empty list",
        ),
        (
            "MIDWATCH__REDACTION__KEEP",
            "[a",
            "`redaction.keep`: the value starts like a YAML list or quoted text but does not end like one\n    close the bracket or the quote, or put the whole value in single quotes",
        ),
        (
            "MIDWATCH_CONFIG",
            "/nowhere/m.yaml",
            "there is no file `/nowhere/m.yaml`\n    check the path; relative paths start at the working directory",
        ),
    ];
    for (name, value, expected) in table {
        let errors = World::new().env(name, value).errors();
        assert_eq!(errors, format!("environment variable {name}: {expected}"));
    }
}

#[test]
fn in_flags() {
    let table = [
        (
            "investigation.lookback",
            "9y",
            "`investigation.lookback` is `9y`, expected a duration from 1m to 24h\n    write it like `90s`, `15m` or `1h30m`; the default is `1h`",
        ),
        (
            "investigation.lokback",
            "2h",
            "unknown key `investigation.lokback`\n    did you mean `investigation.lookback`?",
        ),
        (
            "zebra",
            "2h",
            "unknown key `zebra`\n    valid here: `investigation`, `kubernetes`, `prometheus`, `alertmanager`, `server`, `store`, `jobs`, `incidents`, `packs`, `model`, `mcp`, `permissions`, `conversation`, `slack`, `discord`, `audit`, `console`, `redaction`, `output`, `log`",
        ),
    ];
    for (key, value, expected) in table {
        assert_eq!(World::new().flag(key, value, "--since").errors(), format!("flag --since: {expected}"));
    }
}

#[test]
fn the_same_variable_twice() {
    let world = World::new().env("midwatch__log__level", "info").env("MIDWATCH__LOG__LEVEL", "warn");
    let expected = "environment variable midwatch__log__level: the same setting is also set by MIDWATCH__LOG__LEVEL\n    case does not matter in these names: keep one of them";
    assert_eq!(world.errors(), expected);
}

#[test]
fn all_at_once_in_the_order_of_the_layers() {
    let world = World::with_file("log:\n  levle: x\n  format: xml\noutput: []\n").env("MIDWATCH__X", "1").flag(
        "output.format",
        "xml",
        "--output",
    );
    let errors = world.load().expect_err("mistakes").0;
    let places: Vec<_> =
        errors.iter().map(|e| e.place.to_string().replace(&format!("{}/", world.dir().display()), "")).collect();
    assert_eq!(
        places,
        ["m.yaml:2:3", "m.yaml:4:9", "environment variable MIDWATCH__X", "m.yaml:3:11", "flag --output"]
    );
    assert_eq!(world.errors().lines().count(), 10);
}

#[test]
fn log_filters() {
    let load = |level: &str| World::new().env("MIDWATCH__LOG__LEVEL", level).load();
    for good in
        ["warn", "WARN", "off", "info,midwatch=debug", "midwatch_snapshot=trace", "midwatch_config", "a[b]=info"]
    {
        assert!(load(good).is_ok(), "{good}");
    }
    for bad in ["wran", "info,", ",", "midwatch=loud", "midwatch=", "info debug", "debgu,x=info"] {
        assert!(load(bad).is_err(), "{bad}");
    }
}
