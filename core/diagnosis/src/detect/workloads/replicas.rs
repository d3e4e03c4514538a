//! The replica count itself: zero on purpose, or two hands that pull it to and fro.
//!
//! Start at [`detect`].

use std::collections::BTreeMap;

use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Deployment, Event, Meta};
use crate::view::View;

/// Ups and downs of one ReplicaSet in the window from which on it is no ordinary scaling: a rollout that is undone and
/// done again makes two of each.
const SWINGS: u64 = 4;

/// Zero replicas, and counts that swing.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let deployments = view.deployments.iter().map(|d| (Kind::Deployment, &d.metadata, d.spec.replicas));
    let stateful = view.stateful_sets.iter().map(|s| (Kind::StatefulSet, &s.metadata, s.spec.replicas));
    let zero =
        deployments.chain(stateful).filter(|(.., n)| *n == Some(0)).map(|(kind, meta, _)| zero(view, kind, meta));
    let swings = view.deployments.iter().filter_map(|d| contested(view, d));
    zero.chain(swings).collect()
}

fn zero(view: &View, kind: Kind, meta: &Meta) -> Finding {
    let unit = say::of_meta(kind, meta);
    let event =
        view.events_of(&unit).filter(|e| e.reason == "ScalingReplicaSet" && e.text().contains("Scaled down")).last();
    let by = meta.managed_fields.iter().filter(|m| m.subresource == "scale").max_by_key(|m| *m.time);
    let who = by.map(|m| format!(" (last scaled by {})", m.manager)).unwrap_or_default();
    let since = event.and_then(Event::last).or(by.and_then(|m| *m.time));
    let scale = format!("{} scale {} --replicas=1", say::kubectl(&unit), unit.slash());
    let mut finding =
        Finding::new(Reason::ScaledToZero, unit.clone(), format!("{unit} is scaled to zero replicas{who}"))
            .role(Role::Expected)
            .since(since)
            .because("spec.replicas is 0", evidence::object(&unit, "spec.replicas=0"))
            .action("scale it up again, if it is needed", Some(scale), "low: starts pods")
            .check(say::get(&unit));
    if let Some(event) = event {
        finding = finding.because("when it happened", evidence::event(event));
    }
    finding
}

/// One ReplicaSet goes up and down again and again: two controllers do not agree on the count.
fn contested(view: &View, deployment: &Deployment) -> Option<Finding> {
    let unit = say::of_meta(Kind::Deployment, &deployment.metadata);
    let mut moves: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut newest = None;
    for event in view.events_of(&unit).filter(|e| e.reason == "ScalingReplicaSet") {
        let mut words = event.text().split(' ').skip(1);
        let (Some(way), Some(set)) = (words.next(), words.nth(2)) else { continue };
        let entry = moves.entry(set).or_default();
        if way == "up" {
            entry.0 += event.times();
        } else {
            entry.1 += event.times();
        }
        newest = Some(event);
    }
    let (ups, downs) = moves.into_values().max_by_key(|(up, down)| (*up).min(*down))?;
    if ups.min(downs) < SWINGS {
        return None;
    }
    let scaler = view
        .autoscalers
        .within(unit.ns())
        .find(|h| h.spec.scale_target_ref.kind == "Deployment" && h.spec.scale_target_ref.name == unit.name);
    let hpa = scaler.map(|h| say::of_meta(Kind::HorizontalPodAutoscaler, &h.metadata));
    let hands = hands(deployment, hpa.as_ref());
    let text = format!(
        "two controllers fight over the replica count of {unit}: scaled up {ups} times and down {downs} times{hands}"
    );
    let mut finding = Finding::new(Reason::ReplicasContested, unit.clone(), text)
        .confidence(Confidence::Medium)
        .since(newest.and_then(Event::first))
        .action(
            "let one hand set the replicas: take them out of the manifest that an autoscaler owns",
            Some(say::edit(&unit)),
            "low",
        )
        .check(format!("{} get events --field-selector involvedObject.name={}", say::kubectl(&unit), unit.name));
    if let Some(event) = newest {
        finding = finding.because("the newest swing", evidence::event(event));
    }
    if let Some(hpa) = hpa {
        finding = finding.because(
            "an autoscaler sets it",
            evidence::object(&hpa, format!("spec.scaleTargetRef=Deployment/{}", unit.name)),
        );
    }
    Some(finding)
}

fn hands(deployment: &Deployment, hpa: Option<&EntityRef>) -> String {
    let managers =
        deployment.metadata.managed_fields.iter().filter(|m| m.subresource.is_empty() || m.subresource == "scale");
    let mut names: Vec<String> =
        managers.map(|m| m.manager.clone()).filter(|m| m != "kube-controller-manager").collect();
    names.extend(hpa.map(ToString::to_string));
    names.sort();
    names.dedup();
    if names.is_empty() { String::new() } else { format!(" (it is set by {})", say::some(names, 4)) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::testkit::Scene;

    fn scene(replicas: i64, ups: u64, downs: u64) -> Vec<String> {
        let mut text = format!("\nkind: Deployment\nmetadata: {{name: api}}\nspec: {{replicas: {replicas}}}\n");
        for (n, (message, times)) in
            [("up replica set api-1 from 2 to 5", ups), ("down replica set api-1 from 5 to 2", downs)]
                .into_iter()
                .enumerate()
        {
            write!(
                text,
                "---\nkind: Event\nmetadata: {{name: e{n}}}\ninvolvedObject: {{kind: Deployment, namespace: shop, name: api}}\nreason: ScalingReplicaSet\nmessage: Scaled {message}\ncount: {times}\nlastTimestamp: AGO(1m)\n"
            ).unwrap();
        }
        detect(&Scene::default().yaml(&text).view()).iter().map(|f| format!("{:?} {:?}", f.reason, f.role)).collect()
    }

    #[rstest::rstest]
    #[case::fight(3, 6, 6, &["ReplicasContested Failing"])]
    #[case::an_autoscaler_at_work(3, 2, 2, &[])]
    #[case::many_steps_up(3, 9, 1, &[])]
    #[case::zero(0, 1, 1, &["ScaledToZero Expected"])]
    fn counts(#[case] replicas: i64, #[case] ups: u64, #[case] downs: u64, #[case] expected: &[&str]) {
        assert_eq!(scene(replicas, ups, downs), expected);
    }
}
