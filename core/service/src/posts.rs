//! From what a post tells to alerts: their labels looked up among those that fire, or as far as they are told.
//!
//! Pure. Must never invent a label: what is not certain stays an annotation. Start at [`resolve`].

use std::collections::BTreeMap;

use midwatch_conversation::posted::{PostedAlert, PostedAlerts, tokens};
use midwatch_diagnosis::alert::Alert;
pub(crate) use midwatch_diagnosis::alert::VALUES;

use crate::lifecycle::covers;

/// The alerts of a post.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolved {
    /// Those that were found: with all their labels.
    pub alerts: Vec<Alert>,
    /// Those that were not: with the labels that are told, each standing for whatever has them.
    pub told: Vec<Alert>,
}

/// The alerts of a post. Those that fire are looked up among `firing`; what is resolved fires nowhere any more, so it stays
/// as it is told.
pub fn resolve(posted: &PostedAlerts, firing: Option<&[Alert]>) -> Resolved {
    let mut resolved = Resolved::default();
    for one in &posted.alerts {
        let told = alert_of(one, posted);
        let found: Vec<&Alert> = match firing {
            Some(firing) if told.firing => firing.iter().filter(|alert| alert.firing && covers(&told, alert)).collect(),
            _ => Vec::new(),
        };
        match found.as_slice() {
            [] => resolved.told.push(told),
            found if fits(found, &told, posted) => resolved.alerts.extend(found.iter().copied().cloned()),
            // More than it tells of: what they all share is certain.
            found => resolved.told.push(Alert { labels: shared(found), ..told }),
        }
    }
    let mut seen = Vec::new();
    resolved.alerts.retain(|alert| {
        let is_new = !seen.contains(&alert.labels);
        seen.push(alert.labels.clone());
        is_new
    });
    resolved
}

/// Whether these are the alerts that a post tells of: the group of a summary, or the one of a list.
fn fits(found: &[&Alert], told: &Alert, posted: &PostedAlerts) -> bool {
    let most = if posted.summary { posted.count.unwrap_or(u64::MAX) } else { 1 };
    u64::try_from(found.len()).is_ok_and(|found| found <= most) || found.iter().all(|alert| alert.labels == told.labels)
}

fn shared(alerts: &[&Alert]) -> BTreeMap<String, String> {
    let Some((first, rest)) = alerts.split_first() else { return BTreeMap::new() };
    let mut shared = first.labels.clone();
    shared.retain(|name, value| rest.iter().all(|alert| alert.labels.get(name) == Some(value)));
    shared
}

/// An alert as it is told.
fn alert_of(posted: &PostedAlert, post: &PostedAlerts) -> Alert {
    let mut labels = posted.labels.clone();
    let mut annotations = posted.annotations.clone();
    if !posted.name.is_empty() {
        labels.entry("alertname".to_owned()).or_insert_with(|| posted.name.clone());
    }
    if let Some(namespace) = namespace(posted).filter(|_| !labels.contains_key("namespace")) {
        labels.insert("namespace".to_owned(), namespace.to_owned());
    }
    let values = values(posted, post).join(" ");
    if !values.is_empty() {
        annotations.insert(VALUES.to_owned(), values);
    }
    let generator_url = posted.link.clone().filter(|link| link.starts_with("http://") || link.starts_with("https://"));
    let (name, firing) = (posted.name.clone(), posted.firing);
    Alert { name, firing, labels, annotations, generator_url, ..Alert::default() }
}

/// The values that count. A group that is resolved is resolved whole, whatever else its last alerts had in common.
fn values<'a>(posted: &'a PostedAlert, post: &PostedAlerts) -> Vec<&'a str> {
    let all = posted.values.iter().map(String::as_str);
    match post.group.as_deref().filter(|_| post.summary && !posted.firing) {
        Some(group) => all.filter(|value| tokens(group).any(|word| word == *value)).collect(),
        None => all.collect(),
    }
}

/// The first value, when something else that is told says that it is a namespace: a service's name
/// (`redis.shop:6379`), or words (`Pod shop/checkout-0`, `namespace shop`).
fn namespace(posted: &PostedAlert) -> Option<&str> {
    let first = posted.values.first()?.as_str();
    let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if first.is_empty() || first.len() > 63 || !first.chars().all(is_label) {
        return None;
    }
    let of_service = |value: &String| {
        let host = value.split(':').next().unwrap_or_default();
        let mut parts = host.split('.').skip(1);
        parts.next() == Some(first) && parts.next().is_none_or(|next| next == "svc")
    };
    let of_words = |text: &String| {
        let words = text.split(|c: char| c.is_whitespace() || "\"'`(),".contains(c));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let path =
            |word: &&str| word.split_once('/').is_some_and(|(namespace, name)| namespace == first && !name.is_empty());
        words.iter().any(path)
            || words.windows(2).any(|two| matches!(two, [a, b] if a.eq_ignore_ascii_case("namespace") && *b == first))
    };
    let hinted = posted.values.iter().any(of_service) || posted.annotations.values().any(of_words);
    hinted.then_some(first)
}

#[cfg(test)]
mod tests {
    use midwatch_conversation::posted::{Post, read};
    use rstest::rstest;

    use super::*;

    fn post(text: &str) -> PostedAlerts {
        read(&Post { text: text.to_owned(), ..Post::default() }).unwrap()
    }

    fn firing(pod: &str, severity: &str) -> Alert {
        let labels =
            [("alertname", "KubePodCrashLooping"), ("namespace", "shop"), ("pod", pod), ("severity", severity)];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Alert { name: "KubePodCrashLooping".to_owned(), firing: true, labels, ..Alert::default() }
    }

    #[rstest]
    #[case::the_whole_group("[FIRING:2] KubePodCrashLooping shop (warning)", 2, 0)]
    #[case::fewer_than_told("[FIRING:3] KubePodCrashLooping shop (warning)", 2, 0)]
    #[case::one_of_them("[FIRING:1] KubePodCrashLooping shop (p-1 warning)", 1, 0)]
    #[case::grouped_by_namespace("[FIRING:2] shop (KubePodCrashLooping warning)", 2, 0)]
    #[case::which_of_them("[FIRING:1] KubePodCrashLooping shop (warning)", 0, 1)]
    #[case::another_value("[FIRING:1] KubePodCrashLooping pay (warning)", 0, 1)]
    #[case::another_name("[FIRING:1] KubePodNotReady shop (warning)", 0, 1)]
    #[case::over("[RESOLVED] KubePodCrashLooping shop (warning)", 0, 1)]
    #[case::by_labels("FIRING KubePodCrashLooping namespace=shop pod=p-2", 1, 0)]
    #[case::too_few_labels("FIRING KubePodCrashLooping namespace=shop", 0, 1)]
    fn alerts_are_looked_up(#[case] text: &str, #[case] alerts: usize, #[case] told: usize) {
        let known = [firing("p-1", "warning"), firing("p-2", "warning"), firing("p-3", "critical")];
        let resolved = resolve(&post(text), Some(&known[..2]));
        assert_eq!((resolved.alerts.len(), resolved.told.len()), (alerts, told), "{resolved:?}");
        let severe = resolve(&post(text), Some(&known[2..]));
        assert!(severe.alerts.iter().all(|alert| alert.label("pod") == Some("p-3")));
    }

    #[test]
    fn what_all_that_match_share_is_certain() {
        let known = [firing("p-1", "warning"), firing("p-2", "warning")];
        let told = resolve(&post("[FIRING:1] KubePodCrashLooping shop (warning)"), Some(&known)).told;
        assert_eq!((told[0].label("namespace"), told[0].label("pod")), (Some("shop"), None));
    }

    #[test]
    fn without_alertmanager_nothing_is_lost_and_nothing_invented() {
        let told = resolve(&post("[FIRING:1] KubePodCrashLooping shop (prod-eu p-1 warning)"), None).told;
        let labels: Vec<(&str, &str)> =
            told[0].labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(labels, [("alertname", "KubePodCrashLooping"), ("severity", "warning")]);
        assert_eq!(told[0].annotations[VALUES], "shop prod-eu p-1 warning");
    }

    #[rstest]
    #[case::of_a_service("[FIRING:1] RedisMemoryHigh shop (prod-eu redis-cart.shop:6379 warning)", Some("shop"))]
    #[case::of_words("[FIRING:1] RedisMemoryHigh shop (x)\nPod shop/redis-0 is full", Some("shop"))]
    #[case::named("[FIRING:1] RedisMemoryHigh shop (x)\nin namespace `shop`", Some("shop"))]
    #[case::not_said("[FIRING:1] RedisMemoryHigh shop (prod-eu warning)", None)]
    #[case::another("[FIRING:1] RedisMemoryHigh prod-eu (redis-cart.shop:6379)", None)]
    fn a_namespace_is_told_twice(#[case] text: &str, #[case] namespace: Option<&str>) {
        assert_eq!(resolve(&post(text), None).told[0].label("namespace"), namespace);
    }
}
