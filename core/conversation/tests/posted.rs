//! Posts of other programs, as they post them, and the alerts that are read of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;

use midwatch_conversation::posted::{ALERTS_CAP, Post, PostedAlert, PostedAlerts, Section, read, title_key, tokens};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::Value;

/// A message as Slack or Discord has it, as an adapter would give it.
fn post(name: &str) -> Post {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/posts").join(format!("{name}.json"));
    let wire: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let section = |wire: &Value| Section {
        pretext: text(wire, "pretext"),
        title: text(wire, "title"),
        link: wire["title_link"].as_str().or(wire["url"].as_str()).map(str::to_owned),
        text: text(wire, "text") + &text(wire, "description"),
        fields: wire["fields"].as_array().into_iter().flatten().map(|f| (text(f, "title"), text(f, "value"))).collect(),
        footer: text(wire, "footer"),
        colour: wire["color"].as_str().map(str::to_owned),
        fallback: text(wire, "fallback"),
    };
    let sections = [&wire["attachments"], &wire["embeds"]].into_iter().filter_map(Value::as_array).flatten();
    Post {
        author: wire["username"].as_str().map(str::to_owned),
        text: text(&wire, "text") + &text(&wire, "content"),
        sections: sections.map(section).collect(),
    }
}

fn told(name: &str) -> PostedAlerts {
    read(&post(name)).unwrap_or_else(|| panic!("{name} is an alert"))
}

fn values(alert: &PostedAlert) -> Vec<&str> {
    alert.values.iter().map(String::as_str).collect()
}

const CRASH: &[&str] = &["shop", "prod-eu", "checkout", "kube-state-metrics", "monitoring/k8s", "warning"];
const DISK: &[&str] =
    &["prod-eu", "/dev/nvme0n1p1", "ext4", "10.0.3.17:9100", "node-exporter", "/var/lib/containerd", "critical"];

#[rstest]
#[case::two_pods("slack-firing-two-pods", "KubePodCrashLooping", CRASH, 2, Some("warning"))]
#[case::a_disk("slack-firing-node-filesystem", "NodeFilesystemAlmostOutOfSpace", DISK, 1, Some("critical"))]
#[case::redis("slack-firing-redis", "RedisMemoryHigh", &["shop", "prod-eu", "redis-cart.shop:6379", "warning"], 1, Some("warning"))]
fn a_default_title_tells_values(
    #[case] name: &str,
    #[case] alert: &str,
    #[case] all: &[&str],
    #[case] count: u64,
    #[case] severity: Option<&str>,
) {
    let posted = told(name);
    assert_eq!((posted.source.as_str(), posted.count, posted.summary), ("alertmanager", Some(count), true));
    let [one] = posted.alerts.as_slice() else { panic!("{posted:?}") };
    assert_eq!((one.name.as_str(), one.firing, values(one)), (alert, true, all.to_vec()));
    assert_eq!(one.labels.get("severity").map(String::as_str), severity);
    assert_eq!(one.labels.keys().filter(|name| *name != "severity").collect::<Vec<_>>(), ["alertname"]);
    assert!(one.link.as_deref().unwrap().starts_with("http://alertmanager"));
}

#[test]
fn a_resolved_title_speaks_for_its_group() {
    let posted = told("slack-resolved-two-pods");
    assert_eq!((posted.group.as_deref(), posted.count), (Some("KubePodCrashLooping shop"), None));
    assert_eq!((posted.alerts[0].firing, values(&posted.alerts[0])), (false, CRASH.to_vec()));
    assert_eq!(posted.group, told("slack-firing-two-pods").group);
}

#[rstest]
#[case::firing("discord-firing-two-pods", true, Some(2))]
#[case::resolved("discord-resolved-two-pods", false, None)]
fn a_default_list_tells_every_label(#[case] name: &str, #[case] firing: bool, #[case] count: Option<u64>) {
    let posted = told(name);
    assert_eq!((posted.count, posted.summary, posted.alerts.len()), (count, false, 2));
    for (alert, pod) in posted.alerts.iter().zip(["checkout-765c7c474c-8vsxh", "checkout-765c7c474c-97sqt"]) {
        assert_eq!((alert.name.as_str(), alert.firing, alert.labels.len()), ("KubePodCrashLooping", firing, 8));
        assert_eq!((alert.labels["pod"].as_str(), alert.labels["prometheus"].as_str()), (pod, "monitoring/k8s"));
        assert_eq!(alert.annotations["summary"], "Pod is crash looping.");
        assert!(alert.link.as_deref().unwrap().starts_with("http://prometheus.example/graph?"));
    }
}

#[test]
fn labels_of_a_list_may_hold_anything() {
    let alert = &told("discord-firing-node-filesystem").alerts[0];
    assert_eq!(alert.labels["instance"], "10.0.3.17:9100");
    assert_eq!(alert.labels["mountpoint"], "/var/lib/containerd");
    assert_eq!(alert.link, None);
}

#[rstest]
#[case::one("slack-details", "alertmanager", &[("KubePodCrashLooping", true)])]
#[case::two("slack-details-two", "alertmanager", &[("InstanceDown", true), ("InstanceDown", true)])]
#[case::both_states("teams-two-lists", "alertmanager", &[("KubeDeploymentReplicasMismatch", true), ("KubeDeploymentReplicasMismatch", false)])]
#[case::grafana("grafana-list", "grafana", &[("High request latency", true), ("High request latency", false)])]
#[case::old_grafana("grafana-old-alerting", "grafana", &[("Queue is long", true)])]
#[case::old_grafana_ok("grafana-old-ok", "grafana", &[("Queue is long", false)])]
#[case::pagerduty("pagerduty-triggered", "pagerduty", &[("Checkout answers 503", true)])]
#[case::pagerduty_of_alertmanager("pagerduty-of-alertmanager", "pagerduty", &[("KubePodCrashLooping", true)])]
#[case::pagerduty_resolved("pagerduty-resolved", "pagerduty", &[("Checkout answers 503", false)])]
#[case::datadog("datadog-triggered", "datadog", &[("High memory on pods", true)])]
#[case::datadog_recovered("datadog-recovered", "datadog", &[("Disk is full", false)])]
#[case::datadog_warn("datadog-warn", "datadog", &[("Disk is nearly full", true)])]
#[case::opsgenie("opsgenie-created", "opsgenie", &[("Checkout answers 503", true)])]
#[case::opsgenie_closed("opsgenie-closed", "opsgenie", &[("Checkout answers 503", false)])]
#[case::sentry("sentry-issue", "sentry", &[("TypeError: cannot read properties of undefined", true)])]
#[case::cloudwatch("cloudwatch-subject", "cloudwatch", &[("checkout-5xx", true)])]
#[case::cloudwatch_ok("cloudwatch-ok", "cloudwatch", &[("checkout-5xx", false)])]
#[case::cloudwatch_by_chat("cloudwatch-chatbot", "cloudwatch", &[("checkout-5xx", true)])]
#[case::cloudwatch_by_sns("cloudwatch-sns", "cloudwatch", &[("checkout-5xx", true)])]
#[case::text("text-one-line", "text", &[("KubePodCrashLooping", true)])]
#[case::text_resolved("text-resolved", "text", &[("KubePodCrashLooping", false)])]
#[case::labels("text-labels-only", "text", &[("Queue is long", true)])]
#[case::pasted_json("text-webhook-body", "alertmanager", &[("InstanceDown", true), ("InstanceDown", false)])]
fn who_posts_what(#[case] name: &str, #[case] source: &str, #[case] alerts: &[(&str, bool)]) {
    let posted = told(name);
    let read: Vec<(&str, bool)> = posted.alerts.iter().map(|alert| (alert.name.as_str(), alert.firing)).collect();
    assert_eq!((posted.source.as_str(), read), (source, alerts.to_vec()));
}

#[rstest]
#[case::details("slack-details", &[("pod", "checkout-765c7c474c-8vsxh"), ("severity", "critical"), ("namespace", "shop")])]
#[case::grafana("grafana-list", &[("instance", "api-1"), ("grafana_folder", "Shop")])]
#[case::pagerduty("pagerduty-triggered", &[("service", "checkout"), ("severity", "high")])]
#[case::datadog("datadog-triggered", &[("namespace", "shop"), ("kube_namespace", "shop"), ("pod", "checkout-765c7c474c-8vsxh"), ("deployment", "checkout"), ("cluster", "prod-eu"), ("env", "prod"), ("severity", "error"), ("priority", "P2")])]
#[case::datadog_scope("datadog-recovered", &[("host", "web-1"), ("service", "shop")])]
#[case::opsgenie("opsgenie-created", &[("severity", "critical"), ("namespace", "shop"), ("team", "payments")])]
#[case::sentry("sentry-issue", &[("project", "shop-web"), ("environment", "production"), ("severity", "error")])]
#[case::cloudwatch("cloudwatch-sns", &[("region", "EU (Ireland)"), ("account", "123456789012"), ("LoadBalancer", "app/shop/1")])]
#[case::text("text-one-line", &[("namespace", "shop"), ("pod", "checkout-abc"), ("severity", "critical")])]
#[case::text_over_lines("text-labels-only", &[("namespace", "shop"), ("queue", "mails")])]
fn labels_that_are_told_by_name(#[case] name: &str, #[case] labels: &[(&str, &str)]) {
    let alert = &told(name).alerts[0];
    for (label, value) in labels {
        assert_eq!(alert.labels.get(*label).map(String::as_str), Some(*value), "{label} of {:?}", alert.labels);
    }
}

#[test]
fn words_for_people_are_annotations() {
    let details = told("slack-details");
    assert_eq!(details.alerts[0].annotations["summary"], "Pod is crash looping.");
    let description = "Pod shop/checkout-765c7c474c-8vsxh (checkout) is waiting:\nback-off 5m0s";
    assert_eq!(details.alerts[0].annotations["description"], description);
    let grafana = told("grafana-list");
    assert_eq!(grafana.alerts[0].annotations["description"], "p99 is 22.5 s\nsince noon");
    assert_eq!(grafana.alerts[0].annotations["value"], "B=22.5, C=1");
    assert_eq!(grafana.alerts[1].annotations.get("description"), None);
}

#[rstest]
#[case::pagerduty("pagerduty-triggered", "pagerduty-resolved")]
#[case::opsgenie("opsgenie-created", "opsgenie-closed")]
#[case::grafana("grafana-old-alerting", "grafana-old-ok")]
#[case::cloudwatch("cloudwatch-subject", "cloudwatch-ok")]
#[case::text("text-one-line", "text-resolved")]
fn an_end_is_of_the_same_group_as_the_beginning(#[case] begin: &str, #[case] end: &str) {
    let (begin, end) = (told(begin), told(end));
    assert!(begin.group.is_some());
    assert_eq!((begin.group, begin.source), (end.group, end.source));
}

#[rstest]
#[case::chatter("we are firing the old pods")]
#[case::question("is checkout firing?")]
#[case::name("KubePodCrashLooping again, anyone?")]
#[case::a_command("kubectl get pods namespace=shop")]
#[case::capitals("FIRING the old pods now")]
#[case::alert_of_a_person("ALERT please look at namespace=shop")]
#[case::resolved_talk("RESOLVED by Ada, thanks")]
#[case::triggered_talk("Triggered: the deployment of checkout")]
#[case::ok("OK: will do")]
#[case::json("{\"hello\": \"world\"}")]
#[case::broken_json("[{\"labels\": ")]
#[case::nothing("")]
#[case::a_number("#4711: see the ticket")]
fn chatter_is_no_alert(#[case] text: &str) {
    assert_eq!(read(&Post { text: text.to_owned(), ..Post::default() }), None);
    let sections = vec![Section { title: text.to_owned(), ..Section::default() }];
    assert_eq!(read(&Post { sections, ..Post::default() }), None);
}

#[test]
fn own_posts_are_none() {
    assert_eq!(read(&Post { author: Some("Midwatch".to_owned()), ..post("slack-firing-redis") }), None);
}

#[rstest]
#[case::by_namespace("[FIRING:1] shop (KubePodCrashLooping prod-eu checkout)", "KubePodCrashLooping", &["shop", "prod-eu", "checkout"])]
#[case::nothing_grouped("[FIRING:3]  (InstanceDown page)", "InstanceDown", &["page"])]
#[case::words("[FIRING:1] High latency (api prod)", "High latency", &["api", "prod"])]
#[case::snake("[FIRING:1] instance_down worker-1", "instance_down", &["worker-1"])]
#[case::cut("[FIRING:1] InstanceDown (worker-1 node-expo\u{2026}", "InstanceDown", &["worker-1"])]
#[case::marked(":fire: *[FIRING:1] InstanceDown worker-1*", "InstanceDown", &["worker-1"])]
fn titles(#[case] title: &str, #[case] name: &str, #[case] all: &[&str]) {
    let posted = read(&Post { text: title.to_owned(), ..Post::default() }).unwrap();
    assert_eq!((posted.alerts[0].name.as_str(), values(&posted.alerts[0])), (name, all.to_vec()));
}

#[test]
fn a_list_that_the_platform_cut_off_loses_its_last_alert_only() {
    let mut post = post("discord-firing-two-pods");
    let text = &mut post.sections[0].text;
    let at = text.rfind(" - pod = ").unwrap();
    text.replace_range(at + " - pod = checkout".len().., "...");
    let posted = read(&post).unwrap();
    assert_eq!((posted.alerts.len(), posted.count), (1, Some(2)));
}

#[test]
fn a_huge_post_is_bounded() {
    let one = "FIRING KubePodCrashLooping namespace=shop pod=p\n".repeat(50_000);
    assert_eq!(read(&Post { text: one, ..Post::default() }).unwrap().alerts.len(), ALERTS_CAP);
    let pairs: Vec<String> = (0..10_000).map(|n| format!("l{n}={}", "v".repeat(9_000))).collect();
    let pairs = pairs.join(" ");
    let text = format!("FIRING InstanceDown alertname=InstanceDown {pairs}");
    let alert = &read(&Post { text, ..Post::default() }).unwrap().alerts[0];
    assert!(alert.labels.len() <= 128 && alert.labels.values().all(|value| value.len() <= 4096));
}

#[test]
fn a_title_key_is_the_same_from_a_title_and_from_labels() {
    let alert = &told("slack-firing-two-pods").alerts[0];
    let labels =
        ["warning", "KubePodCrashLooping", "monitoring/k8s", "checkout", "shop", "prod-eu", "kube-state-metrics"];
    let of_title = title_key(&alert.name, alert.values.iter().map(String::as_str));
    assert_eq!(of_title, title_key("KubePodCrashLooping", labels));
    assert!(of_title.is_some());
    assert_eq!(title_key("warning", []), None, "one word tells no groups apart");
}

/// A rule's name, labels without a word that a title could not hold.
fn any_alert() -> impl Strategy<Value = BTreeMap<String, String>> {
    let labels = prop::collection::btree_map("[a-z_][a-z0-9_]{0,12}", "[a-zA-Z0-9/:._\u{e4}-]{0,20}[a-z0-9]", 0..8);
    ("[A-Z][a-z]{1,8}[A-Z][a-z]{1,8}", labels).prop_map(|(name, mut labels)| {
        labels.insert("alertname".to_owned(), name);
        labels
    })
}

/// As Alertmanager's default template writes it, grouped by the name and so many more labels.
fn title(labels: &BTreeMap<String, String>, firing: bool, grouped: usize) -> String {
    let state = if firing { "FIRING:1" } else { "RESOLVED" };
    let others: Vec<&str> = labels.iter().filter(|(n, _)| *n != "alertname").map(|(_, v)| v.as_str()).collect();
    let (group, common) = others.split_at(grouped.min(others.len()));
    let mut words = vec![labels["alertname"].as_str()];
    words.extend(group);
    let common = if common.is_empty() { String::new() } else { format!("({})", common.join(" ")) };
    format!("[{state}] {} {common}", words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_default_title_reads_back(labels in any_alert(), firing in any::<bool>(), grouped in 0..4_usize) {
        let title = title(&labels, firing, grouped);
        let sections = vec![Section { title: title.clone(), ..Section::default() }];
        let posted = read(&Post { sections, ..Post::default() }).unwrap();
        let alert = &posted.alerts[0];
        prop_assert_eq!((&alert.name, alert.firing), (&labels["alertname"], firing));
        let told: Vec<&str> = labels.iter().filter(|(n, _)| *n != "alertname").map(|(_, v)| v.as_str()).collect();
        prop_assert_eq!(values(alert), told);
        let of_labels = title_key(&labels["alertname"], labels.values().map(String::as_str));
        prop_assert_eq!(title_key(&alert.name, alert.values.iter().map(String::as_str)), of_labels);
    }

    #[test]
    fn a_default_list_reads_back(alerts in prop::collection::vec((any_alert(), "[ -~]{0,40}"), 1..5), firing in any::<bool>()) {
        let mut text = format!("\n\nAlerts {}:\n", if firing { "Firing" } else { "Resolved" });
        for (labels, words) in &alerts {
            text.push_str("Labels:\n");
            for (name, value) in labels {
                text.push_str(&format!(" - {name} = {value}\n"));
            }
            text.push_str(&format!("Annotations:\n - summary = {words}\nSource: http://p/graph\n"));
        }
        let sections = vec![Section { title: title(&alerts[0].0, firing, 0), text, ..Section::default() }];
        let posted = read(&Post { sections, ..Post::default() }).unwrap();
        prop_assert_eq!(posted.alerts.len(), alerts.len());
        for (read, (labels, words)) in posted.alerts.iter().zip(&alerts) {
            prop_assert_eq!(read.firing, firing);
            for (name, value) in labels {
                prop_assert_eq!(read.labels.get(name), Some(value));
            }
            prop_assert_eq!(read.annotations.get("summary").map_or("", String::as_str), words.trim());
        }
    }

    #[test]
    fn nothing_panics_and_everything_is_bounded(
        author in prop::option::of("(grafana|opsgenie|sentry|datadog|.{0,8})"),
        text in "(\\PC|\n|\\[FIRING:|Labels:|\n - a = |\\*Alert:\\* |Triggered #1: |\\[OK\\]|\\{|FIRING Ab|alertname=){0,60}",
        title in "(\\[FIRING:2\\] |Triggered: \\[P1\\] |ALARM: \")?(\\PC|\\(|\\)){0,80}",
        field in ("(priority|tags|service|\\PC{0,9})", "\\PC{0,30}"),
    ) {
        let section = Section { title, text: text.clone(), fields: vec![field], ..Section::default() };
        if let Some(posted) = read(&Post { author, text, sections: vec![section] }) {
            prop_assert!(!posted.alerts.is_empty() && posted.alerts.len() <= ALERTS_CAP);
            prop_assert!(posted.alerts.iter().all(|alert| !alert.name.is_empty() || !alert.values.is_empty() || !alert.labels.is_empty()));
        }
    }

    #[test]
    fn tokens_have_no_blanks(text in "\\PC{0,60}") {
        prop_assert!(tokens(&text).all(|token| !token.is_empty() && !token.contains(char::is_whitespace)));
    }
}
