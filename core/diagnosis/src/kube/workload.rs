//! Workloads: what runs pods.

use super::{Condition, IntOrString, LabelSelector, Map, Meta, PersistentVolumeClaim, PodSpec, Time, lean};

lean! {
    /// A Deployment.
    Deployment { metadata: Meta, spec: WorkloadSpec, status: WorkloadStatus }
    /// A ReplicaSet.
    ReplicaSet { metadata: Meta, spec: WorkloadSpec, status: WorkloadStatus }
    /// A StatefulSet.
    StatefulSet { metadata: Meta, spec: WorkloadSpec, status: WorkloadStatus }
    /// A DaemonSet.
    DaemonSet { metadata: Meta, spec: WorkloadSpec, status: WorkloadStatus }
    /// A ReplicationController; its selector is a plain map in the API and is not read.
    ReplicationController { metadata: Meta, status: ConditionedStatus }
    /// `spec` of the four replica kinds in one: each leaves the fields it has not empty.
    WorkloadSpec {
        replicas: Option<i64>,
        selector: LabelSelector,
        template: PodTemplate,
        paused: bool,
        progress_deadline_seconds: Option<i64>,
        min_ready_seconds: i64,
        strategy: Strategy,
        update_strategy: Strategy,
        service_name: String,
        pod_management_policy: String,
        volume_claim_templates: Vec<PersistentVolumeClaim>,
        ordinals: Ordinals,
    }
    /// Where a StatefulSet begins to count.
    Ordinals { start: i64 }
    /// How pods are replaced.
    Strategy { r#type: String, rolling_update: Option<RollingUpdate> }
    /// Bounds of a rolling update; `partition` is StatefulSet's.
    RollingUpdate { max_unavailable: IntOrString, max_surge: IntOrString, partition: Option<i64> }
    /// The pod that a workload makes.
    PodTemplate { metadata: Meta, spec: PodSpec }
    /// `status` of the four replica kinds in one.
    WorkloadStatus {
        observed_generation: i64,
        replicas: i64,
        ready_replicas: i64,
        available_replicas: i64,
        unavailable_replicas: i64,
        updated_replicas: i64,
        current_replicas: i64,
        fully_labeled_replicas: i64,
        current_revision: String,
        update_revision: String,
        desired_number_scheduled: i64,
        current_number_scheduled: i64,
        number_ready: i64,
        number_available: i64,
        number_unavailable: i64,
        number_misscheduled: i64,
        updated_number_scheduled: i64,
        conditions: Vec<Condition>,
    }
    /// A status of which only the conditions matter; those of routes and gateways stand one level deeper, in lists that
    /// other kinds use for other things, so they are kept as they are.
    ConditionedStatus { conditions: Vec<Condition>, listeners: serde_json::Value, parents: serde_json::Value }
    /// A Job.
    Job { metadata: Meta, spec: JobSpec, status: JobStatus }
    /// `spec` of a Job.
    JobSpec {
        parallelism: Option<i64>,
        completions: Option<i64>,
        backoff_limit: Option<i64>,
        active_deadline_seconds: Option<i64>,
        suspend: bool,
        selector: LabelSelector,
        template: PodTemplate,
    }
    /// `status` of a Job.
    JobStatus {
        active: i64,
        succeeded: i64,
        failed: i64,
        ready: i64,
        start_time: Time,
        completion_time: Time,
        conditions: Vec<Condition>,
    }
    /// A CronJob.
    CronJob { metadata: Meta, spec: CronJobSpec, status: CronJobStatus }
    /// `spec` of a CronJob.
    CronJobSpec {
        schedule: String,
        time_zone: Option<String>,
        suspend: bool,
        concurrency_policy: String,
        starting_deadline_seconds: Option<i64>,
        job_template: JobTemplate,
    }
    /// The Job that a CronJob makes.
    JobTemplate { spec: JobSpec }
    /// `status` of a CronJob.
    CronJobStatus { active: Vec<super::ObjectRef>, last_schedule_time: Time, last_successful_time: Time }
}

impl WorkloadSpec {
    /// Wanted replicas; the API's default is 1.
    pub fn replicas(&self) -> i64 {
        self.replicas.unwrap_or(1)
    }

    /// Labels of the pods it makes.
    pub fn pod_labels(&self) -> &Map {
        &self.template.metadata.labels
    }
}

impl WorkloadStatus {
    /// A condition by type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.r#type == kind)
    }
}
