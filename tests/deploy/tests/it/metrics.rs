//! The exposition of all figures, and its document.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{deploy, filled, text};

/// What a family's samples may be called, by its type:
/// <https://prometheus.io/docs/specs/om/open_metrics_spec/#suffixes>.
fn endings(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total"],
        "gauge" => &[""],
        "histogram" => &["_bucket", "_sum", "_count"],
        other => panic!("no type of ours: {other}"),
    }
}

#[test]
fn the_whole_exposition_is_open_metrics() {
    let metrics = filled();
    let exposed = metrics.encode();
    let body = exposed.strip_suffix("# EOF\n").expect("an end mark");
    let (mut family, mut kind, mut help) = (String::new(), String::new(), false);
    let mut seen = BTreeSet::new();
    for line in body.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, words] => {
                assert!(seen.insert(name.to_owned()), "{name} twice");
                assert!(words.len() > 10 && words.ends_with('.'), "{line}");
                (family, help) = (name.to_owned(), true);
            }
            ["#", "TYPE", name, of] => {
                assert!(help && name == family, "no help before {line}");
                of.clone_into(&mut kind);
            }
            ["#", "UNIT", name, unit] => assert!(name == family && name.ends_with(&format!("_{unit}")), "{line}"),
            _ => {
                let name = line.split(['{', ' ']).next().unwrap();
                let ending = name.strip_prefix(&family).unwrap_or_else(|| panic!("{line} stands below {family}"));
                assert!(endings(&kind).contains(&ending), "{line} is no sample of a {kind}");
                let value = line.rsplit_once(' ').unwrap().1;
                assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            }
        }
    }
    let described: BTreeSet<String> =
        metrics.families().iter().map(|f| f.name.trim_end_matches("_total").to_owned()).collect();
    assert_eq!(seen, described, "every family is registered, and has a value here");
}

#[test]
fn promtool_finds_nothing_to_complain_of() {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut checking = promtool.spawn().expect("`promtool` cannot be started; ./test.sh installs what the tests need");
    checking.stdin.take().unwrap().write_all(filled().encode_plain().as_bytes()).unwrap();
    let output = checking.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
fn every_figure_is_documented() {
    let mut expected = "| Name | Type | Unit | What it says |\n|---|---|---|---|\n".to_owned();
    for family in filled().families() {
        let unit = family.unit.as_deref().unwrap_or("");
        expected += &format!("| `{}` | {} | {unit} | {} |\n", family.name, family.kind, family.help);
    }
    let document = text(deploy().join("METRICS.md"));
    let table = document.find("| Name |").map_or("", |at| &document[at..]);
    assert!(table == expected, "METRICS.md should end in this table:\n{expected}");
}
