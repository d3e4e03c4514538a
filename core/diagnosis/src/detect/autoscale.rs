//! Autoscalers: no target, no metrics, at the maximum for long, swinging; and those that work.
//!
//! Start at [`detect`]. Resting at the minimum is what an autoscaler is for.

use super::nearest::nearest;
use super::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Condition, Event, HorizontalPodAutoscaler};
use crate::view::View;

/// At its maximum for less than this many seconds an autoscaler meets a peak, as it should.
const LONG: i64 = 600;

/// Metrics are missing for this long after every start of a workload.
const PATIENCE: i64 = 180;

/// Ups and downs in the window from which on the count swings.
const SWINGS: u64 = 4;

/// The aggregated APIs that serve metrics.
const APIS: &[(&str, &str)] = &[
    ("external.metrics.k8s.io", "v1beta1.external.metrics.k8s.io"),
    ("custom.metrics.k8s.io", "v1beta1.custom.metrics.k8s.io"),
    ("metrics.k8s.io", "v1beta1.metrics.k8s.io"),
    ("resource metrics API", "v1beta1.metrics.k8s.io"),
    ("external metrics API", "v1beta1.external.metrics.k8s.io"),
    ("custom metrics API", "v1beta1.custom.metrics.k8s.io"),
];

struct Scaler<'a> {
    view: &'a View,
    hpa: &'a HorizontalPodAutoscaler,
    entity: EntityRef,
    target: EntityRef,
}

/// What each autoscaler is doing.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    view.autoscalers.iter().filter_map(|hpa| Scaler::new(view, hpa).finding()).collect()
}

impl<'a> Scaler<'a> {
    fn new(view: &'a View, hpa: &'a HorizontalPodAutoscaler) -> Self {
        let target = &hpa.spec.scale_target_ref;
        let target = EntityRef::new(Kind::named(&target.kind), &hpa.metadata.namespace, target.name.clone());
        Self { view, hpa, entity: say::of_meta(Kind::HorizontalPodAutoscaler, &hpa.metadata), target }
    }

    fn condition(&self, kind: &str, status: &str) -> Option<&'a Condition> {
        self.hpa.status.conditions.iter().find(|c| c.r#type == kind && c.status == status)
    }

    fn says(&self, condition: &Condition) -> Evidence {
        let text = format!("{}={} {}: {}", condition.r#type, condition.status, condition.reason, condition.message);
        evidence::object(&self.entity, text)
    }

    fn finding(&self) -> Option<Finding> {
        self.target_missing()
            .or_else(|| self.blind())
            .or_else(|| self.swings())
            .or_else(|| self.at_maximum())
            .or_else(|| self.working())
    }

    fn target_missing(&self) -> Option<Finding> {
        let condition = self.condition("AbleToScale", "False").filter(|c| c.reason == "FailedGetScale");
        let told = condition.is_some_and(|c| c.message.contains("not found"));
        // A target of a kind without a table of ours was not read: only the controller can say that it is gone.
        let absent = self.target.kind.is_workload() && self.view.absent(&self.target);
        if !told && !absent {
            return None;
        }
        let names = self.view.names(&self.target.kind);
        let here = names.iter().filter(|n| n.namespace == self.target.namespace).map(|n| n.name.as_str());
        let near = nearest(&self.target.name, here).map(|n| format!(" ({n} exists)")).unwrap_or_default();
        let text = format!("{} scales {}, which is not found{near}", self.entity, self.target);
        let mut finding = Finding::new(Reason::TargetMissing, self.entity.clone(), text)
            .since(condition.and_then(|c| *c.last_transition_time));
        if let Some(condition) = condition {
            finding = finding.because("the controller's own words", self.says(condition));
        }
        if absent {
            finding = finding.because("no such object", evidence::absence(&self.target));
        }
        Some(
            finding
                .action(
                    "name the workload that is meant in scaleTargetRef",
                    Some(say::edit(&self.entity)),
                    "low: it begins to scale",
                )
                .check(say::get(&self.entity)),
        )
    }

    /// The metrics cannot be read, or cannot be related to requests.
    fn blind(&self) -> Option<Finding> {
        let condition = self.condition("ScalingActive", "False").filter(|c| c.reason != "ScalingDisabled")?;
        let since = *condition.last_transition_time;
        if since.is_some_and(|at| self.view.age(at) < PATIENCE) {
            return None;
        }
        let words = anonymous(&say::clause(&condition.message));
        let text = format!(
            "{} cannot compute a replica count for {} ({}): {words}",
            self.entity, self.target, condition.reason
        );
        let mut finding = Finding::new(Reason::MetricsUnavailable, self.entity.clone(), text)
            .since(since)
            .because("the controller's own words", self.says(condition));
        if let Some(event) =
            self.view.last_event(&self.entity, &["FailedGetResourceMetric", "FailedComputeMetricsReplicas"])
        {
            finding = finding.because("it is told again and again", evidence::event(event));
        }
        if condition.message.contains("missing request for") {
            return Some(
                finding
                    .blame(self.target.clone())
                    .rules_out(
                        "the metrics API: it answered, only the request to compare with is missing",
                        self.says(condition),
                    )
                    .action(
                        "set the request in the pod template",
                        Some(say::edit(&self.target)),
                        "low: replaces the pods",
                    )
                    .check(say::get(&self.entity)),
            );
        }
        let unready = say::live_pods(self.view, &self.target).iter().any(|p| !p.is_ready());
        let finding = match APIS.iter().find(|(words, _)| condition.message.contains(words)) {
            Some((_, name)) if !condition.message.contains("no metrics returned") => self.api_down(finding, name),
            _ if unready => finding.points_at(self.target.clone()),
            _ => finding,
        };
        Some(finding.check(say::get(&self.entity)))
    }

    fn api_down(&self, finding: Finding, name: &str) -> Finding {
        let api = EntityRef::new(Kind::APIService, "", name);
        let seen = self.view.meta(&api).is_some();
        let server = EntityRef::new(Kind::Deployment, "kube-system", "metrics-server");
        let finding = finding.points_at(api.clone()).points_at(server).action(
            format!("see why the API {name} does not answer"),
            Some(say::describe(&api)),
            "none",
        );
        if seen || self.view.absent(&api) { finding.blame(api) } else { finding }
    }

    fn swings(&self) -> Option<Finding> {
        let events = || self.view.events_of(&self.entity).filter(|e| e.reason == "SuccessfulRescale");
        let sum = |words: &str| events().filter(|e| e.text().contains(words)).map(Event::times).sum::<u64>();
        let (ups, downs) = (sum("above target"), sum("below target"));
        if ups.min(downs) < SWINGS {
            return None;
        }
        let text = format!("{} swings: scaled {} up {ups} times and down {downs} times", self.entity, self.target);
        let newest = events().last()?;
        Some(
            Finding::new(Reason::ReplicasContested, self.entity.clone(), text)
                .confidence(Confidence::Medium)
                .since(events().filter_map(Event::first).min())
                .because("the newest swing", evidence::event(newest))
                .action(
                    "widen the stabilization window, or choose a steadier metric",
                    Some(say::edit(&self.entity)),
                    "low",
                )
                .check(say::describe(&self.entity)),
        )
    }

    fn at_maximum(&self) -> Option<Finding> {
        let condition = self.condition("ScalingLimited", "True").filter(|c| c.reason == "TooManyReplicas")?;
        let since = *condition.last_transition_time;
        let short = since.is_some_and(|at| self.view.age(at) < LONG);
        let max = self.hpa.spec.max_replicas;
        if short || self.hpa.status.current_replicas < max {
            return None;
        }
        let age = since.map(|at| format!(" for {}", say::span(self.view.age(at)))).unwrap_or_default();
        let load = self.load().map(|l| format!(", {l}")).unwrap_or_default();
        let text =
            format!("{} is at its maximum of {max} replicas{age} and wants more (TooManyReplicas){load}", self.entity);
        Some(
            Finding::new(Reason::AutoscalerAtMaximum, self.entity.clone(), text)
                .confidence(Confidence::Medium)
                .since(since)
                .because("the controller's own words", self.says(condition))
                .points_at(self.target.clone())
                .action(
                    "raise maxReplicas if nodes and dependencies bear it",
                    Some(say::edit(&self.entity)),
                    "medium: costs room",
                )
                .check(say::get(&self.entity)),
        )
    }

    /// `cpu at 187 % of the request, target 70 %`.
    fn load(&self) -> Option<String> {
        let now = self.hpa.status.current_metrics.iter().find_map(|m| {
            let value = m.pointer("/resource/current/averageUtilization")?.as_i64()?;
            Some((m.pointer("/resource/name")?.as_str()?.to_owned(), value))
        })?;
        let target = self.hpa.spec.metrics.iter().find_map(|m| {
            (m.pointer("/resource/name")?.as_str()? == now.0)
                .then(|| m.pointer("/resource/target/averageUtilization")?.as_i64())
                .flatten()
        });
        let aim = target.map(|t| format!(", target {t} %")).unwrap_or_default();
        Some(format!("{} at {} % of its request{aim}", now.0, now.1))
    }

    fn working(&self) -> Option<Finding> {
        self.condition("ScalingActive", "True")?;
        let (now, min) = (self.hpa.status.current_replicas, self.hpa.spec.min_replicas.unwrap_or(1));
        let text = format!("{} works: {now} replicas, between {min} and {}", self.entity, self.hpa.spec.max_replicas);
        let says = evidence::object(
            &self.entity,
            format!("status.currentReplicas={now} spec: minReplicas={min} maxReplicas={}", self.hpa.spec.max_replicas),
        );
        Some(
            Finding::new(Reason::Serving, self.entity.clone(), text)
                .role(Role::Healthy)
                .because("its own status", says),
        )
    }
}

/// A message without the name of the pod it happened to hit.
fn anonymous(words: &str) -> String {
    words.split(" of Pod ").next().unwrap_or(words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn scene(target: &str, conditions: &str, replicas: i64, more: &str) -> Vec<Finding> {
        let text = format!(
            "
kind: HorizontalPodAutoscaler
metadata: {{name: api}}
spec: {{minReplicas: 2, maxReplicas: 4, scaleTargetRef: {{kind: Deployment, name: {target}}}, metrics: [{{resource: {{name: cpu, target: {{averageUtilization: 70}}}}}}]}}
status: {{currentReplicas: {replicas}, conditions: [{conditions}], currentMetrics: [{{resource: {{name: cpu, current: {{averageUtilization: 187}}}}}}]}}
---
kind: Deployment
metadata: {{name: api}}
{more}"
        );
        detect(&Scene::default().yaml(&text).view())
    }

    const ACTIVE: &str = "{type: ScalingActive, status: 'True'}";
    const NO_API: &str = "{type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, lastTransitionTime: AGO(20m), message: 'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)'}";
    const NO_REQUEST: &str = "{type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, lastTransitionTime: AGO(20m), message: 'missing request for cpu in container sidecar of Pod api-1'}";
    const FULL: &str = "{type: ScalingActive, status: 'True'}, {type: ScalingLimited, status: 'True', reason: TooManyReplicas, lastTransitionTime: AGO(40m)}";
    const IDLE: &str = "{type: ScalingActive, status: 'True'}, {type: ScalingLimited, status: 'True', reason: TooFewReplicas, lastTransitionTime: AGO(40m)}";
    const PEAK: &str = "{type: ScalingActive, status: 'True'}, {type: ScalingLimited, status: 'True', reason: TooManyReplicas, lastTransitionTime: AGO(2m)}";

    #[rstest::rstest]
    #[case::no_target(
        "apii",
        ACTIVE,
        2,
        "TargetMissing Failing HorizontalPodAutoscaler shop/api | apii, not found, api exists"
    )]
    #[case::no_api("api", NO_API, 2, "MetricsUnavailable Failing APIService v1beta1.metrics.k8s.io | metrics.k8s.io")]
    #[case::no_request("api", NO_REQUEST, 2, "MetricsUnavailable Failing Deployment shop/api | sidecar")]
    #[case::at_maximum(
        "api",
        FULL,
        4,
        "AutoscalerAtMaximum Failing HorizontalPodAutoscaler shop/api | maximum of 4, 187 %, target 70 %"
    )]
    #[case::a_peak("api", PEAK, 4, "Serving Healthy HorizontalPodAutoscaler shop/api | 4 replicas")]
    #[case::at_minimum("api", IDLE, 2, "Serving Healthy HorizontalPodAutoscaler shop/api | 2 replicas")]
    fn autoscalers(#[case] target: &str, #[case] conditions: &str, #[case] replicas: i64, #[case] expected: &str) {
        let found = scene(target, conditions, replicas, "");
        assert_eq!(found.len(), 1, "{found:?}");
        let (head, words) = expected.split_once(" | ").unwrap();
        assert_eq!(format!("{:?} {:?} {}", found[0].reason, found[0].role, found[0].blame[0]), head);
        for word in words.split(", ") {
            assert!(found[0].claim.contains(word), "{word}: {}", found[0].claim);
        }
    }
}
