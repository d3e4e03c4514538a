//! Packs as people write them, and as they should not.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use midwatch_agent::request::{Depth, SourceKind};
use midwatch_diagnosis::alert::Alert;
use midwatch_explore::budget::Budget;
use midwatch_explore::tool::Toolsets;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn alert(labels: &[(&str, &str)]) -> Alert {
    let labels: BTreeMap<String, String> = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Alert { name: labels.get("alertname").cloned().unwrap_or_default(), firing: true, labels, ..Alert::default() }
}

fn built_in() -> Packs {
    Packs::load(midwatch_config::builtin_packs(), None).unwrap()
}

fn taken_by(packs: &Packs, alerts: &[Alert]) -> String {
    packs.for_alerts(alerts).unwrap().id.name
}

#[rstest]
#[case("KubePodCrashLooping", "crash")]
#[case("KubePodNotReady", "crash")]
#[case("KubeContainerWaiting", "crash")]
#[case("ContainerOOMKilled", "crash")]
#[case("PodRestartingTooOften", "crash")]
#[case("KubeDeploymentReplicasMismatch", "rollout")]
#[case("KubeStatefulSetUpdateNotRolledOut", "rollout")]
#[case("KubeDaemonSetRolloutStuck", "rollout")]
#[case("KubeNodeNotReady", "nodes")]
#[case("NodeFilesystemAlmostOutOfSpace", "nodes")]
#[case("KubeletDown", "nodes")]
#[case("KubePersistentVolumeFillingUp", "storage")]
#[case("KubeJobFailed", "jobs")]
#[case("KubeCronJobRunning", "jobs")]
#[case("CheckoutLatencyHigh", "pace")]
#[case("HighP99", "pace")]
#[case("Watchdog", "default")]
#[case("", "default")]
fn the_built_in_pack_for_an_alert(#[case] name: &str, #[case] pack: &str) {
    assert_eq!(taken_by(&built_in(), &[alert(&[("alertname", name)])]), pack);
}

#[test]
fn the_built_in_packs_are_named_as_their_files_and_take_questions() {
    let packs = built_in();
    let names: Vec<String> = packs.all().map(|(pack, _)| pack.id.name.clone()).collect();
    assert_eq!(names, midwatch_config::builtin_packs().iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for verb in [Verb::Investigate, Verb::Ask] {
        assert_eq!(packs.for_verb(verb, None).unwrap().id.name, "question");
    }
    assert_eq!(packs.for_verb(Verb::Stop, None), None);
}

/// The documented defaults are the defaults.
#[test]
fn the_default_pack_says_what_a_pack_that_says_nothing_does() {
    let default = Pack::clone(&built_in().get("default").unwrap());
    let id = default.id.clone();
    let description = default.description.clone();
    assert_eq!(default.triggers.alerts, [AllOf::default()]);
    assert_eq!(default, Pack { triggers: default.triggers.clone(), id, description, ..Pack::default() });
}

#[test]
fn a_pack_with_every_key() {
    let text = r#"
name: shop
version: 2.1.0-rc.1+7
description: The shop.
triggers:
  alerts:
    - [severity="critical", 'namespace=~"shop|pay"']
    - {team: shop}
  verbs: [ask]
  channels: ["sre-*", ops]
sources: [kubernetes]
detectors: {use: [pod, log], except: [pod.oom]}
depth: deep
lookback: 1h30m
priority: low
budgets: {deadline: 90s, max_attempts: 1, max_reads: 7, parallel_reads: 2, pods_per_workload: 1, tail_lines: 5, max_log_bytes: 64KiB}
model:
  enabled: false
  instructions: |
    Look at the queue.
    Then at the database.
  toolsets: [logs, mcp, mcp.git-hub_2]
  budgets: {steps: 3, calls: 0, tokens: 5000, usd: 0.05, wall: 1m30s, bytes: 2MiB, call_timeout: 4s}
"#;
    let mistakes = check(text, "shop.yaml").unwrap_err().to_string();
    assert_eq!(mistakes, "shop.yaml:7:7: either every item is a list of matchers, or none is");
    let pack = check(&text.replace("{team: shop}", "[team: shop]"), "shop.yaml").unwrap();
    assert_eq!(pack.triggers.alerts.iter().map(|a| a.0.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((pack.depth, pack.priority), (Depth::Deep, Some(Priority::Low)));
    assert_eq!((pack.lookback.as_secs(), pack.deadline.as_secs()), (5400, 90));
    let limits = pack.limits();
    assert_eq!((limits.max_reads, limits.parallel_reads, limits.pods_per_workload), (7, 2, 1));
    assert_eq!(limits.log_caps, LogCaps { lines: Some(5), bytes: Some(65_536) });
    assert_eq!(limits.sources, BTreeSet::from([SourceKind::Kubernetes]));
    assert!(limits.detectors.off().any(|id| id == "pod.oom") && limits.detectors.off().all(|id| id != "log.cause"));
    assert!(!pack.model.enabled);
    let base = Budget { parallel: 9, ..Budget::default() };
    let brief = pack.model.brief(pack.depth, &base);
    assert_eq!((brief.instructions.as_str(), brief.depth), ("Look at the queue.\nThen at the database.", Depth::Deep));
    assert!(brief.toolsets.allows("logs") && brief.toolsets.allows("mcp.any") && !brief.toolsets.allows("metrics"));
    let budget = Budget {
        steps: 3,
        calls: 0,
        tokens: 5_000,
        micro_usd: Some(50_000),
        wall: Duration::from_secs(90),
        bytes: 2 << 20,
        per_call: Duration::from_secs(4),
        parallel: 9,
    };
    assert_eq!(brief.budget, budget);
}

#[test]
fn a_pack_that_says_nothing_of_a_model_has_it_as_configured() {
    let pack = check("name: a\nversion: 1.0.0\ndescription: d\n", "p").unwrap();
    let base = Budget { steps: 7, micro_usd: Some(1), ..Budget::default() };
    let brief = pack.model.brief(Depth::Quick, &base);
    assert!(pack.model.enabled && brief.instructions.is_empty() && brief.toolsets == Toolsets::All);
    assert_eq!((brief.budget, brief.depth), (base, Depth::Quick));
}

#[rstest]
#[case("usd: 0", 0)]
#[case("usd: 10000", 10_000_000_000)]
#[case("usd: 0.000001", 1)]
#[case("usd: 1.5", 1_500_000)]
fn dollars_are_read_to_the_millionth(#[case] budget: &str, #[case] micros: u64) {
    let text = format!("name: a\nversion: 1.0.0\ndescription: d\nmodel: {{budgets: {{{budget}}}}}\n");
    assert_eq!(check(&text, "p").unwrap().model.budgets.micro_usd, Some(micros));
}

#[test]
fn every_mistake_about_a_model_is_told_with_its_place() {
    let text = "\
name: a
version: 1.0.0
description: d
model:
  enabled: yes please
  instruction: x
  instructions: 7
  toolsets: [logs, log, mcp., mcp.a/b, 3]
  budgets:
    step: 1
    steps: 0
    calls: 1001
    tokens: 10
    usd: -1
    wall: 1h
    bytes: 1KiB
    call_timeout: 5
";
    insta::assert_snapshot!(check(text, "p.yaml").unwrap_err(), @r#"
    p.yaml:5:12: this is `yes please`; expected true or false
    p.yaml:6:3: there is no key `instruction` here; did you mean `instructions`?
    p.yaml:7:17: this is `7`; expected text
    p.yaml:8:20: there is no set of tools `log`; did you mean `logs`?; `mcp.NAME` is the set of one MCP server
    p.yaml:8:25: there is no set of tools `mcp.`; did you mean `mcp`?; `mcp.NAME` is the set of one MCP server
    p.yaml:8:31: there is no set of tools `mcp.a/b`; valid here: kubernetes, logs, metrics, graph, time, mcp; `mcp.NAME` is the set of one MCP server
    p.yaml:8:40: this is `3`; expected the name of a set of tools
    p.yaml:10:5: there is no key `step` here; did you mean `steps`?
    p.yaml:11:12: this is `0`; expected a whole number from 1 to 200
    p.yaml:12:12: this is `1001`; expected a whole number from 0 to 1000
    p.yaml:13:13: this is `10`; expected a whole number from 1000 to 100000000
    p.yaml:14:10: this is `-1`; expected US dollars from 0 to 10000, such as `0.25`
    p.yaml:15:11: this is `1h`; expected a duration with its unit from 5s to 30m, such as `90s`, `15m` or `1h30m`
    p.yaml:16:12: this is `1KiB`; expected a size from 1MiB to 16GiB, such as `10MiB`
    p.yaml:17:19: this is `5`; expected a duration with its unit from 1s to 5m, such as `90s`, `15m` or `1h30m`
    "#);
    for (text, says) in [
        ("model: off", "p:4:8: this is `off`; expected a mapping with enabled, instructions, toolsets, budgets"),
        (
            "model: {toolsets: []}",
            "p:4:19: this is a list; expected a list of sets of tools, or `all`, with at least one",
        ),
        ("model: {budgets: 7}", "p:4:18: this is `7`; expected a mapping with budgets"),
        ("model: {budgets: {usd: 0.0000001}}", "expected US dollars from 0 to 10000, such as `0.25`"),
        ("model: {budgets: {usd: 10001}}", "expected US dollars"),
        ("model: {budgets: {usd: 1e300}}", "expected US dollars"),
    ] {
        let told = check(&format!("name: a\nversion: 1.0.0\ndescription: d\n{text}\n"), "p").unwrap_err().to_string();
        assert!(told.contains(says), "{text}: {told}");
    }
    let long = format!("name: a\nversion: 1.0.0\ndescription: d\nmodel: {{instructions: {}}}\n", "x".repeat(9_000));
    let told = check(&long, "p").unwrap_err().to_string();
    assert!(told.contains("the instructions have 9000 bytes; at most 8192"), "{told}");
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let text = "\
name: Shop!
version: 1
descripton: x
triggers:
  alerts: ['a=~\"(\"', 'b', 7]
  verb: [ask]
  channels: []
sources: [prometheus, kubernets]
detectors: {use: [pod, pods.crash], except: all}
depth: depe
lookback: 90
lookback: 1h
budgets:
  deadline: 1s
  max_reads: 0
  tail_lines: many
  max_log_bytes: 1GB
";
    insta::assert_snapshot!(check(text, "p.yaml").unwrap_err(), @r#"
    p.yaml:1:1: the pack has no `description`
    p.yaml:1:7: a name has 1 to 63 small letters, digits and hyphens, and begins with a letter
    p.yaml:2:10: `1` is no version; expected one such as `1.0.0`
    p.yaml:3:1: there is no key `descripton` here; did you mean `description`?
    p.yaml:5:12: the expression `(` is not usable: unclosed group
    p.yaml:5:22: after the label `b` comes one of =, !=, =~, !~
    p.yaml:5:27: this is `7`; expected a matcher: `severity="critical"`
    p.yaml:6:3: there is no key `verb` here; did you mean `verbs`?
    p.yaml:7:13: `channels` says where `verbs` count, and there are none
    p.yaml:7:13: this is a list; expected a list of channels, with at least one
    p.yaml:8:23: there is no `kubernets` here; did you mean `kubernetes`?
    p.yaml:9:24: there is no detector `pods.crash`; did you mean `pod.crash`?
    p.yaml:9:45: this is `all`; expected a list of detectors or of their families, with at least one
    p.yaml:10:8: there is no `depe` here; did you mean `deep`?
    p.yaml:11:11: this is `90`; expected a duration with its unit from 1m to 24h, such as `90s`, `15m` or `1h30m`
    p.yaml:12:1: the key `lookback` is here for the second time; the first is in line 11
    p.yaml:14:13: this is `1s`; expected a duration with its unit from 5s to 30m, such as `90s`, `15m` or `1h30m`
    p.yaml:15:14: this is `0`; expected a whole number from 1 to 10000
    p.yaml:16:15: this is `many`; expected a whole number from 1 to 100000
    p.yaml:17:18: this is `1GB`; expected a size from 64KiB to 1TiB, such as `10MiB`
    "#);
}

#[rstest]
#[case("", "p: the file is empty")]
#[case("# only a comment\n", "p: the file is empty")]
#[case("[1]", "p:1:1: this is a list; expected a mapping")]
#[case("name: [", "is not valid YAML")]
#[case("name: a\n---\nname: b\n", "is not valid YAML")]
#[case("name: a\nversion: 1.0.0\ndescription: d\ntriggers: {alerts: []}\n", "no matcher is here")]
#[case("name: a\nversion: 1.0.0\ndescription: d\ntriggers: {alerts: ''}\n", "no matcher is here")]
#[case("name: a\nversion: 1.0.0\ndescription: d\ntriggers: {alerts: {severity: 1}}\n", "expected text in quotes")]
#[case("name: a\nversion: 1.0.0\ndescription: d\nsources: [prometheus]\n", "p:4:10: `kubernetes` is missing")]
#[case("name: a\nversion: 1.0.0\ndescription: d\ntriggers: {verbs: [stop]}\n", "there is no `stop` here")]
fn one_mistake(#[case] text: &str, #[case] says: &str) {
    let told = check(text, "p").unwrap_err().to_string();
    assert!(told.contains(says), "{told}");
}

#[test]
fn a_file_cannot_move_the_cursor() {
    let told = check("\"na\\u001b[2Jme\": x\n", "p\u{1b}.yaml").unwrap_err().to_string();
    assert!(!told.contains('\u{1b}') && told.contains("\\u{1b}"), "{told}");
}

#[rstest]
#[case(r#"severity="critical""#, &[("severity", "critical")], true)]
#[case(r#"{severity="critical",}"#, &[("severity", "critical")], true)]
#[case("severity=critical", &[("severity", "critical")], true)]
#[case("severity = critical , a != b", &[("severity", "critical")], true)]
#[case(r#"severity="critical""#, &[("severity", "Critical")], false)]
#[case(r#"namespace=~"shop|pay""#, &[("namespace", "pay")], true)]
#[case(r#"namespace=~"shop|pay""#, &[("namespace", "shop-2")], false)]
#[case(r#"namespace=~"shop|pay""#, &[("namespace", "my-pay")], false)]
#[case(r#"namespace!~"shop|pay""#, &[("namespace", "shop-2")], true)]
#[case(r#"namespace!~"shop.*""#, &[], true)]
#[case(r#"namespace!="shop""#, &[], true)]
#[case(r#"namespace="""#, &[], true)]
#[case(r"namespace=", &[], true)]
#[case(r#"namespace=~".+""#, &[], false)]
#[case(r#""service.name"="a b""#, &[("service.name", "a b")], true)]
#[case("größe=~\"\u{1f4a5}+\"", &[("größe", "\u{1f4a5}\u{1f4a5}")], true)]
#[case(r#"path="a\\b\"c""#, &[("path", "a\\b\"c")], true)]
#[case(r#"host=~"a\.b""#, &[("host", "axb")], false)]
#[case(r#"host=~"a\.b""#, &[("host", "a.b")], true)]
#[case("{}", &[("a", "b")], true)]
#[case("", &[], true)]
fn matchers(#[case] text: &str, #[case] labels: &[(&str, &str)], #[case] fits: bool) {
    assert_eq!(AllOf::parse(text).unwrap().fits(&alert(labels).labels), fits);
}

#[rstest]
#[case("=x")]
#[case("a")]
#[case("a==b")]
#[case("a=b c=d")]
#[case(r#"a="b"#)]
#[case(r#"a="b\"#)]
#[case("{a=b")]
#[case("a=b}")]
#[case("{")]
#[case(r#"a=~"(""#)]
#[case(r#"a=~"x)|(?:y""#)]
#[case(r#"a=~"(x{1000}){1000}""#)]
#[case("a=b,,c=d")]
fn no_matchers(#[case] text: &str) {
    AllOf::parse(text).unwrap_err();
}

proptest! {
    #[test]
    fn a_matcher_that_is_shown_reads_back(label in ".{1,12}", value in ".{0,12}", negated: bool) {
        let shown = Matcher::equal(&label, &value).to_string();
        let shown = if negated { shown.replacen('=', "!=", usize::from(!label.contains('='))) } else { shown };
        let read = AllOf::parse(&shown).unwrap();
        prop_assert_eq!(read.0.len(), 1);
        prop_assert_eq!(read.0[0].to_string(), shown);
    }

    #[test]
    fn no_text_is_too_odd_to_be_told(text in "\\PC{0,200}|[a-z:\\[\\]{}\\n \"=~!,-]{0,200}") {
        let _ = AllOf::parse(&text);
        if let Err(errors) = check(&text, "p") {
            prop_assert!(!errors.mistakes.is_empty());
        }
    }
}

#[test]
fn the_most_specific_is_taken_then_ones_own_then_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, alerts: &str| {
        let text = format!("name: {name}\nversion: 1.0.0\ndescription: d\ntriggers: {{alerts: {alerts}}}\n");
        std::fs::write(dir.path().join(format!("{name}.yaml")), text).unwrap();
    };
    write("zz", "{severity: critical}");
    write("bb", "{team: shop, severity: critical}");
    write("aa", "{team: shop, env: prod}");
    std::fs::write(dir.path().join("README.md"), "no pack").unwrap();
    let packs = Packs::load(midwatch_config::builtin_packs(), Some(dir.path())).unwrap();
    let crash = ("alertname", "KubePodCrashLooping");
    assert_eq!(taken_by(&packs, &[alert(&[crash])]), "crash");
    assert_eq!(taken_by(&packs, &[alert(&[crash, ("severity", "critical")])]), "zz");
    assert_eq!(taken_by(&packs, &[alert(&[("severity", "critical"), ("team", "shop")])]), "bb");
    let both = alert(&[("severity", "critical"), ("team", "shop"), ("env", "prod")]);
    assert_eq!(taken_by(&packs, std::slice::from_ref(&both)), "aa");
    let mut resolved = both;
    resolved.firing = false;
    assert_eq!(taken_by(&packs, &[resolved, alert(&[crash])]), "crash");
}

#[test]
fn channels_come_before_anywhere() {
    let pack = |name: &str, more: &str| {
        format!("name: {name}\nversion: 1.0.0\ndescription: d\ntriggers: {{verbs: [ask]{more}}}\n")
    };
    let (any, sre) = (pack("any", ""), pack("sre", ", channels: ['sre-*']"));
    let packs = Packs::load(&[("any", &any), ("sre", &sre)], None).unwrap();
    let taken = |channel| packs.for_verb(Verb::Ask, channel).unwrap().id.name;
    assert_eq!(
        (taken(Some("sre-night")), taken(Some("random")), taken(None)),
        ("sre".into(), "any".into(), "any".into())
    );
}

#[test]
fn ones_own_replaces_a_built_in_one_and_two_of_a_name_are_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let text = "name: crash\nversion: 9.0.0\ndescription: mine\n";
    std::fs::write(dir.path().join("a.yaml"), text).unwrap();
    let packs = Packs::load(midwatch_config::builtin_packs(), Some(dir.path())).unwrap();
    assert_eq!(packs.get("crash").unwrap().id.version, "9.0.0");
    assert_eq!(taken_by(&packs, &[alert(&[("alertname", "KubePodCrashLooping")])]), "default");
    std::fs::write(dir.path().join("b.yml"), text).unwrap();
    std::fs::write(dir.path().join("c.yaml"), "x").unwrap();
    let errors = Packs::load(midwatch_config::builtin_packs(), Some(dir.path())).unwrap_err();
    assert_eq!(errors.0.len(), 2, "{errors}");
    assert!(errors.to_string().contains("is in") && Packs::load(&[], Some(&dir.path().join("gone"))).is_err());
}
