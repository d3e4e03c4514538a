//! Quotas, limits, autoscalers, budgets, classes and admission.

use super::{Condition, LabelSelector, Map, Meta, lean};

lean! {
    /// A ResourceQuota.
    ResourceQuota { metadata: Meta, spec: QuotaSpec, status: QuotaStatus }
    /// `spec` of a quota.
    QuotaSpec { hard: Map }
    /// `status` of a quota.
    QuotaStatus { hard: Map, used: Map }
    /// A LimitRange.
    LimitRange { metadata: Meta, spec: LimitRangeSpec }
    /// `spec` of a LimitRange.
    LimitRangeSpec { limits: Vec<LimitRangeItem> }
    /// One rule of a LimitRange.
    LimitRangeItem { r#type: String, max: Map, min: Map, default: Map, default_request: Map, max_limit_request_ratio: Map }
    /// A HorizontalPodAutoscaler.
    HorizontalPodAutoscaler { metadata: Meta, spec: HpaSpec, status: HpaStatus }
    /// `spec` of an autoscaler.
    HpaSpec { scale_target_ref: ScaleTarget, min_replicas: Option<i64>, max_replicas: i64, metrics: Vec<serde_json::Value> }
    /// What is scaled.
    ScaleTarget { kind: String, name: String, api_version: String }
    /// `status` of an autoscaler.
    HpaStatus {
        current_replicas: i64,
        desired_replicas: i64,
        conditions: Vec<Condition>,
        last_scale_time: super::Time,
        current_metrics: Vec<serde_json::Value>,
    }
    /// A PodDisruptionBudget.
    PodDisruptionBudget { metadata: Meta, spec: PdbSpec, status: PdbStatus }
    /// `spec` of a budget.
    PdbSpec { selector: LabelSelector, min_available: Option<super::IntOrString>, max_unavailable: Option<super::IntOrString> }
    /// `status` of a budget.
    PdbStatus { current_healthy: i64, desired_healthy: i64, disruptions_allowed: i64, expected_pods: i64, conditions: Vec<Condition> }
    /// A PriorityClass.
    PriorityClass { metadata: Meta, value: i64, global_default: bool }
    /// A RuntimeClass.
    RuntimeClass { metadata: Meta, handler: String }
    /// A Validating- or MutatingWebhookConfiguration.
    WebhookConfiguration { metadata: Meta, webhooks: Vec<Webhook> }
    /// One webhook.
    Webhook { name: String, client_config: WebhookClientConfig, failure_policy: String, timeout_seconds: i64, namespace_selector: LabelSelector }
    /// Where it is called.
    WebhookClientConfig { service: Option<WebhookService>, url: String }
    /// A Service that answers.
    WebhookService { namespace: String, name: String, port: i64 }
    /// An APIService.
    ApiService { metadata: Meta, spec: ApiServiceSpec, status: super::ConditionedStatus }
    /// `spec` of an APIService.
    ApiServiceSpec { group: String, version: String, service: Option<WebhookService> }
}
