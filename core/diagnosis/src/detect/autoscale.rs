//! Autoscalers that cannot do their work or have no room left, and disruption budgets that block an eviction.
//!
//! Condition types and reasons: <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>. An autoscaler
//! at its minimum, and a budget that forbids what nobody tries, are no trouble.

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Condition, HorizontalPodAutoscaler, PodDisruptionBudget};
use crate::view::View;

use super::say;

/// Seconds at the maximum from which it is told: shorter peaks are what an autoscaler is for.
const LONG_AT_MAXIMUM: i64 = 5 * 60;

/// Judges autoscalers and budgets.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let autoscalers = view.autoscalers.iter().filter_map(|hpa| autoscaler(view, hpa));
    let budgets = view.budgets.iter().filter_map(|pdb| budget(view, pdb));
    autoscalers.chain(budgets).collect()
}

fn autoscaler(view: &View, hpa: &HorizontalPodAutoscaler) -> Option<Finding> {
    let entity = say::of_meta(Kind::HorizontalPodAutoscaler, &hpa.metadata);
    let target = &hpa.spec.scale_target_ref;
    let target = EntityRef::new(Kind::named(&target.kind), entity.ns(), target.name.clone());
    if view.absent(&target) && target.kind.is_workload() {
        return Some(target_missing(view, &entity, &target));
    }
    let of = |kind: &str| hpa.status.conditions.iter().find(|c| c.r#type == kind);
    if let Some(active) = of("ScalingActive").filter(|c| c.status == "False" && c.reason != "ScalingDisabled") {
        return Some(no_metrics(view, &entity, &target, active));
    }
    of("ScalingLimited")
        .filter(|c| c.is_true() && c.reason == "TooManyReplicas")
        .and_then(|c| at_maximum(view, hpa, &entity, &target, c))
}

fn target_missing(view: &View, entity: &EntityRef, target: &EntityRef) -> Finding {
    let known = view.names(&target.kind);
    let near =
        super::nearest::nearest(&target.name, known.iter().filter(|e| e.ns() == target.ns()).map(|e| e.name.as_str()));
    let near = near.map(|n| format!(" (there is {n})")).unwrap_or_default();
    let mut finding = Finding::new(
        Reason::TargetMissing,
        entity.clone(),
        format!("{entity} scales {target}, which does not exist{near}"),
    )
    .because(format!("{target} is not there"), evidence::absence(target))
    .action("correct spec.scaleTargetRef, or delete the autoscaler", Some(say::edit(entity)), "low")
    .check(say::describe(entity));
    if let Some(event) = view.last_event(entity, &["FailedGetScale"]) {
        finding = finding.because(event.text().to_owned(), evidence::event(event)).since(event.first());
    }
    finding
}

/// Which API gives no metrics, or what the pods lack: the condition's own words tell.
fn no_metrics(view: &View, entity: &EntityRef, target: &EntityRef, active: &Condition) -> Finding {
    let words = say::clause(&active.message);
    let says = format!("condition ScalingActive=False: {} {words}", active.reason);
    let missing_request = words.contains("missing request for");
    let claim = if missing_request {
        format!("{entity} cannot compute utilization: {}", brief(&words, "missing request for"))
    } else {
        format!("{entity} gets no metrics: {words}")
    };
    let mut finding = Finding::new(Reason::MetricsUnavailable, entity.clone(), claim)
        .since(*active.last_transition_time)
        .because(says.clone(), evidence::object(entity, says));
    if let Some(event) = view.last_event(
        entity,
        &["FailedGetResourceMetric", "FailedGetPodsMetric", "FailedGetExternalMetric", "FailedGetObjectMetric"],
    ) {
        finding = finding.because(event.text().to_owned(), evidence::event(event));
    }
    if missing_request {
        return finding.blame(target.clone()).action(
            "give every container of the pods a request",
            Some(say::edit(target)),
            "low: the pods are replaced",
        );
    }
    let api = metrics_api(&words);
    finding
        .points_at(EntityRef::new(Kind::APIService, "", api))
        .points_at(EntityRef::new(Kind::Service, "kube-system", "metrics-server"))
        .points_at(EntityRef::new(Kind::Deployment, "kube-system", "metrics-server"))
        .action("see whether the metrics API is served", Some(format!("kubectl get apiservice {api}")), "none")
        .check(say::describe(entity))
}

/// The aggregated API behind a metric: resource, custom, external.
fn metrics_api(words: &str) -> &'static str {
    if words.contains("external.metrics") {
        "v1beta1.external.metrics.k8s.io"
    } else if words.contains("custom.metrics") {
        "v1beta1.custom.metrics.k8s.io"
    } else {
        "v1beta1.metrics.k8s.io"
    }
}

fn brief(words: &str, from: &str) -> String {
    let text = words.find(from).map_or(words, |at| &words[at..]);
    text.split(" of Pod ").next().unwrap_or(text).to_owned()
}

/// What it measures against what it aims at: `cpu at 187 % of its request, target 70 %`.
fn load(hpa: &HorizontalPodAutoscaler) -> Option<String> {
    let (name, now) = hpa.status.current_metrics.iter().find_map(|m| {
        Some((m.pointer("/resource/name")?.as_str()?, m.pointer("/resource/current/averageUtilization")?.as_i64()?))
    })?;
    let same = hpa.spec.metrics.iter().find(|m| m.pointer("/resource/name").and_then(|n| n.as_str()) == Some(name));
    let aim = same.and_then(|m| m.pointer("/resource/target/averageUtilization")?.as_i64());
    let aim = aim.map(|t| format!(", target {t} %")).unwrap_or_default();
    Some(format!("{name} at {now} % of its request{aim}"))
}

fn at_maximum(
    view: &View,
    hpa: &HorizontalPodAutoscaler,
    entity: &EntityRef,
    target: &EntityRef,
    limited: &Condition,
) -> Option<Finding> {
    let since = limited.last_transition_time.or(*hpa.status.last_scale_time)?;
    let max = hpa.spec.max_replicas;
    if view.age(since) < LONG_AT_MAXIMUM || hpa.status.current_replicas < max {
        return None;
    }
    let says = format!(
        "currentReplicas={} maxReplicas={max}; ScalingLimited: {}",
        hpa.status.current_replicas,
        say::clause(&limited.message)
    );
    let mut finding = Finding::new(
        Reason::AutoscalerAtMaximum,
        entity.clone(),
        format!(
            "{entity} has been at its maximum of {max} replicas for {} and wants more (TooManyReplicas){}",
            say::span(view.age(since)),
            load(hpa).map(|l| format!(": {l}")).unwrap_or_default()
        ),
    )
    .confidence(Confidence::Medium)
    .since(Some(since))
    .because(says.clone(), evidence::object(entity, says))
    .action(
        "raise maxReplicas if there is room, or find what costs more than before",
        Some(say::edit(entity)),
        "low: more pods",
    )
    .check(say::get(entity));
    for condition in &hpa.status.conditions {
        if condition.r#type == "ScalingActive" && condition.is_true() {
            let says = format!("ScalingActive: {}", say::clause(&condition.message));
            finding =
                finding.rules_out(format!("missing metrics: {}", condition.reason), evidence::object(entity, says));
        }
    }
    if let Some(event) = view.last_event(entity, &["SuccessfulRescale"]) {
        finding = finding.because(event.text().to_owned(), evidence::event(event));
    }
    finding.pods = view.pods_of(target).into_iter().map(crate::view::relate::pod_ref).collect();
    Some(finding)
}

/// A budget is a cause only when something is being evicted against it: a cordoned node still holds one of its pods
/// and somebody was told so.
fn budget(view: &View, pdb: &PodDisruptionBudget) -> Option<Finding> {
    let entity = say::of_meta(Kind::PodDisruptionBudget, &pdb.metadata);
    if pdb.status.disruptions_allowed > 0 || pdb.status.expected_pods == 0 {
        return None;
    }
    let held = held_pod(view, pdb)?;
    let node = view.nodes.get("", &held.spec.node_name)?;
    let about = crate::view::relate::pod_ref(held);
    let attempt = eviction_attempt(view, &entity.name);
    let says = format!(
        "disruptionsAllowed=0: {} of {} pods are healthy, {} are wanted",
        pdb.status.current_healthy, pdb.status.expected_pods, pdb.status.desired_healthy
    );
    let node_ref = say::of_meta(Kind::Node, &node.metadata);
    let claim = format!(
        "{entity} allows no disruption ({} of {} pods wanted healthy), so the drain of {node_ref} cannot evict pods of it",
        pdb.status.desired_healthy, pdb.status.expected_pods
    );
    let role = if attempt.is_some() { Role::Failing } else { Role::Context };
    let mut finding = Finding::new(Reason::DisruptionBlocked, entity.clone(), claim)
        .role(role)
        .because(says.clone(), evidence::object(&entity, says))
        .because(
            format!("{about} still runs on the cordoned {node_ref}"),
            evidence::object(&about, format!("spec.nodeName={}", node_ref.name)),
        )
        .action(
            "give the workload one more replica, or lower the budget",
            Some(say::edit(&entity)),
            "low: one pod may be evicted",
        )
        .check(say::get(&entity));
    if let Some(evidence) = attempt {
        finding = finding.because(evidence.text().to_owned(), evidence);
    }
    finding.pods.insert(about);
    Some(finding)
}

fn held_pod<'a>(view: &'a View, pdb: &PodDisruptionBudget) -> Option<&'a crate::kube::Pod> {
    view.pods
        .within(pdb.metadata.namespace.as_str())
        .filter(|p| say::is_live(p) && pdb.spec.selector.matches(&p.metadata.labels))
        .find(|p| view.nodes.get("", &p.spec.node_name).is_some_and(|n| n.spec.unschedulable))
        .and_then(|p| view.pods.get(&p.metadata.namespace, &p.metadata.name))
}

/// The eviction API's refusal, in an event or in the log of whoever drains.
fn eviction_attempt(view: &View, budget: &str) -> Option<evidence::Evidence> {
    let refusal =
        |text: &str| text.contains("disruption budget") && (text.contains(budget) || text.contains("Cannot evict"));
    if let Some(event) = view.events().iter().rev().find(|e| refusal(e.text())) {
        return Some(evidence::event(event));
    }
    view.logs().find_map(|(of, previous, log)| {
        let line = log.as_ref().ok()?.tail.iter().rev().find(|l| refusal(&l.text))?;
        Some(evidence::log(of, previous, line))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::finding::{Reason, Role};
    use crate::testkit::Scene;

    const TARGET: &str = "---\nkind: Deployment\nmetadata: {name: web}";

    #[rstest]
    #[case::target_missing("kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: wbe}, maxReplicas: 4}", &[(Reason::TargetMissing, Role::Failing)])]
    #[case::no_metrics("kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 4}\nstatus: {conditions: [{type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, message: no metrics}]}", &[(Reason::MetricsUnavailable, Role::Failing)])]
    #[case::at_maximum("kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 4}\nstatus: {currentReplicas: 4, conditions: [{type: ScalingLimited, status: 'True', reason: TooManyReplicas, lastTransitionTime: AGO(10m)}]}", &[(Reason::AutoscalerAtMaximum, Role::Failing)])]
    #[case::at_maximum_for_a_moment("kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 4}\nstatus: {currentReplicas: 4, conditions: [{type: ScalingLimited, status: 'True', reason: TooManyReplicas, lastTransitionTime: AGO(1m)}]}", &[])]
    #[case::at_minimum("kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 4}\nstatus: {currentReplicas: 1, conditions: [{type: ScalingLimited, status: 'True', reason: TooFewReplicas, lastTransitionTime: AGO(10m)}]}", &[])]
    #[case::target_at_zero("kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 4}\nstatus: {conditions: [{type: ScalingActive, status: 'False', reason: ScalingDisabled}]}", &[])]
    #[case::custom_target("kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Rollout, name: web}, maxReplicas: 4}", &[])]
    #[case::budget_nobody_tests("kind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {selector: {matchLabels: {app: a}}}\nstatus: {expectedPods: 2, desiredHealthy: 2, currentHealthy: 2}", &[])]
    #[case::budget_against_a_drain("kind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {selector: {matchLabels: {app: a}}}\nstatus: {expectedPods: 2, desiredHealthy: 2, currentHealthy: 2}\n---\nkind: Pod\nmetadata: {name: a-1, labels: {app: a}}\nspec: {nodeName: n1}\n---\nkind: Node\nmetadata: {name: n1}\nspec: {unschedulable: true}\n---\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: Pod, namespace: shop, name: a-1}\nmessage: \"Cannot evict pod as it would violate the pod's disruption budget.\"\nlastTimestamp: AGO(1m)", &[(Reason::DisruptionBlocked, Role::Failing)])]
    fn autoscalers_and_budgets(#[case] yaml: &str, #[case] expected: &[(Reason, Role)]) {
        let view = Scene::default().yaml(&format!("{yaml}\n{TARGET}")).view();
        let got: Vec<(Reason, Role)> = super::detect(&view).iter().map(|f| (f.reason, f.role)).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn the_load_is_said() {
        let text = "kind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 4, metrics: [{resource: {name: cpu, target: {averageUtilization: 70}}}]}\nstatus: {currentReplicas: 4, currentMetrics: [{resource: {name: cpu, current: {averageUtilization: 187}}}], conditions: [{type: ScalingLimited, status: 'True', reason: TooManyReplicas, lastTransitionTime: AGO(10m)}]}";
        let view = Scene::default().yaml(&format!("{text}\n{TARGET}")).view();
        let claim = super::detect(&view)[0].claim.clone();
        assert!(claim.ends_with("(TooManyReplicas): cpu at 187 % of its request, target 70 %"), "{claim}");
    }
}
