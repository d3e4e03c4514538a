//! Pods: what they ask for and what the kubelet says of them.

use super::{Condition, IntOrString, Map, Meta, Time, bare, lean};

lean! {
    /// A Pod.
    Pod { metadata: Meta, spec: PodSpec, status: PodStatus }
    /// `spec` of a Pod or of a pod template.
    PodSpec {
        containers: Vec<Container>,
        init_containers: Vec<Container>,
        volumes: Vec<Volume>,
        node_name: String,
        node_selector: Map,
        affinity: Option<Box<serde_json::Value>>,
        tolerations: Vec<Toleration>,
        topology_spread_constraints: Vec<serde_json::Value>,
        service_account_name: String,
        image_pull_secrets: Vec<NameRef>,
        priority_class_name: String,
        runtime_class_name: Option<String>,
        restart_policy: String,
        scheduling_gates: Vec<NameRef>,
        scheduler_name: String,
        host_network: bool,
        dns_policy: String,
        security_context: SecurityContext,
        termination_grace_period_seconds: Option<i64>,
        active_deadline_seconds: Option<i64>,
    }
    /// Where a variable's value comes from.
    EnvVarSource { config_map_key_ref: Option<KeyRef>, secret_key_ref: Option<KeyRef> }
    /// A key of a ConfigMap or Secret.
    KeyRef { name: String, key: String, optional: bool }
    /// All keys of a ConfigMap or Secret as variables.
    EnvFrom { prefix: String, config_map_ref: Option<KeyRef>, secret_ref: Option<KeyRef> }
    /// A reference by name.
    NameRef { name: String }
    /// Requests and limits, as Kubernetes quantities.
    Resources { requests: Map, limits: Map }
    /// A declared port; declaring is documentation, the process decides.
    ContainerPort { name: String, container_port: i64, protocol: String, host_port: Option<i64> }
    /// Where a volume appears.
    VolumeMount { name: String, mount_path: String, sub_path: String, read_only: bool }
    /// A probe; zeros mean the API defaults (period 10 s, time-out 1 s, failures 3).
    Probe {
        http_get: Option<HttpGet>,
        tcp_socket: Option<PortAction>,
        grpc: Option<PortAction>,
        exec: Option<ExecAction>,
        initial_delay_seconds: i64,
        period_seconds: i64,
        timeout_seconds: i64,
        failure_threshold: i64,
        success_threshold: i64,
    }
    /// HTTP probe.
    HttpGet { path: String, port: IntOrString, scheme: String, host: String }
    /// TCP or gRPC probe.
    PortAction { port: IntOrString }
    /// Pod and container security context in one.
    SecurityContext {
        run_as_user: Option<i64>,
        run_as_group: Option<i64>,
        run_as_non_root: Option<bool>,
        read_only_root_filesystem: Option<bool>,
        fs_group: Option<i64>,
    }
    /// What a pod tolerates.
    Toleration { key: String, operator: String, value: String, effect: String, toleration_seconds: Option<i64> }
    /// A volume; exactly one source is set.
    Volume {
        name: String,
        config_map: Option<VolumeConfigMap>,
        secret: Option<VolumeSecret>,
        persistent_volume_claim: Option<VolumeClaim>,
        empty_dir: Option<EmptyDir>,
        projected: Option<ProjectedVolume>,
        host_path: Option<Box<serde_json::Value>>,
        ephemeral: Option<Box<serde_json::Value>>,
    }
    /// ConfigMap as files.
    VolumeConfigMap { name: String, optional: bool, items: Vec<KeyRef> }
    /// Secret as files.
    VolumeSecret { secret_name: String, optional: bool, items: Vec<KeyRef> }
    /// A claim by name.
    VolumeClaim { claim_name: String, read_only: bool }
    /// Scratch space; `size_limit` evicts the pod when passed.
    EmptyDir { size_limit: Option<String>, medium: String }
    /// Several sources in one volume.
    ProjectedVolume { sources: Vec<ProjectedSource> }
    /// One source of a projected volume.
    ProjectedSource { config_map: Option<VolumeConfigMap>, secret: Option<KeyRef> }
    /// `status` of a Pod.
    PodStatus {
        phase: String,
        reason: String,
        message: String,
        conditions: Vec<Condition>,
        container_statuses: Vec<ContainerStatus>,
        init_container_statuses: Vec<ContainerStatus>,
        start_time: Time,
        #[serde(rename = "podIP")]
        pod_ip: String,
        qos_class: String,
        nominated_node_name: String,
    }
    /// What the kubelet says of one container.
    ContainerStatus {
        name: String,
        ready: bool,
        started: Option<bool>,
        restart_count: i64,
        image: String,
        #[serde(rename = "imageID")]
        image_id: String,
        state: ContainerState,
        last_state: ContainerState,
    }
    /// At most one is set; none means not yet known.
    ContainerState { waiting: Option<Waiting>, running: Option<Running>, terminated: Option<Terminated> }
    /// Not running yet, and why.
    Waiting { reason: String, message: String }
    /// Running since.
    Running { started_at: Time }
    /// How a run ended.
    Terminated { exit_code: i64, signal: i64, reason: String, message: String, started_at: Time, finished_at: Time }
}

bare! {
    /// One container of a pod; `restart_policy: Always` on an init container makes it a sidecar.
    Container {
        name: String,
        image: String,
        command: Vec<String>,
        args: Vec<String>,
        env: Vec<EnvVar>,
        env_from: Vec<EnvFrom>,
        resources: Resources,
        ports: Vec<ContainerPort>,
        volume_mounts: Vec<VolumeMount>,
        liveness_probe: Option<Probe>,
        readiness_probe: Option<Probe>,
        startup_probe: Option<Probe>,
        security_context: SecurityContext,
        restart_policy: String,
        image_pull_policy: String,
        working_dir: String,
    }
    /// One environment variable; a literal `value` or a reference.
    EnvVar { name: String, value: Option<String>, value_from: Option<EnvVarSource> }
    /// Command probe.
    ExecAction { command: Vec<String> }
}

impl Pod {
    /// A condition of the pod by type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|c| c.r#type == kind)
    }

    /// Gives back the room that lists reserved while they grew: with thousands of pods that is a third of the memory.
    pub(crate) fn slim(&mut self) {
        let spec = &mut self.spec;
        for containers in [&mut spec.containers, &mut spec.init_containers] {
            containers.shrink_to_fit();
            for container in containers {
                container.command.shrink_to_fit();
                container.args.shrink_to_fit();
                container.env.shrink_to_fit();
                container.env_from.shrink_to_fit();
                container.ports.shrink_to_fit();
                container.volume_mounts.shrink_to_fit();
            }
        }
        spec.volumes.shrink_to_fit();
        spec.tolerations.shrink_to_fit();
        let status = &mut self.status;
        status.conditions.shrink_to_fit();
        status.container_statuses.shrink_to_fit();
        status.init_container_statuses.shrink_to_fit();
        self.metadata.owner_references.shrink_to_fit();
        self.metadata.managed_fields.shrink_to_fit();
    }

    /// Whether the pod's `Ready` condition is true.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(Condition::is_true)
    }

    /// Whether the pod ran to its end successfully.
    pub fn is_completed(&self) -> bool {
        self.status.phase == "Succeeded"
    }

    /// Init containers, then containers, each with its status where the kubelet has reported one.
    pub fn containers(&self) -> impl Iterator<Item = (&Container, Option<&ContainerStatus>, bool)> {
        let find = |list: &'_ [ContainerStatus], name: &str| list.iter().position(|s| s.name == name);
        let init = self.spec.init_containers.iter().map(move |c| {
            let status = find(&self.status.init_container_statuses, &c.name);
            (c, status.map(|i| &self.status.init_container_statuses[i]), true)
        });
        let main = self.spec.containers.iter().map(move |c| {
            let status = find(&self.status.container_statuses, &c.name);
            (c, status.map(|i| &self.status.container_statuses[i]), false)
        });
        init.chain(main)
    }
}

impl Probe {
    /// Seconds between attempts; the API's default is 10.
    pub fn period(&self) -> i64 {
        if self.period_seconds > 0 { self.period_seconds } else { 10 }
    }

    /// Failures in a row that count; the API's default is 3.
    pub fn failures(&self) -> i64 {
        if self.failure_threshold > 0 { self.failure_threshold } else { 3 }
    }

    /// Seconds from the container's start until the probe may fail it at the earliest.
    pub fn patience(&self) -> i64 {
        self.initial_delay_seconds + self.period() * self.failures()
    }

    /// What is asked, as a reader would say it: `GET /healthz on port 8080`.
    pub fn describe(&self) -> String {
        if let Some(get) = &self.http_get {
            let path = if get.path.is_empty() { "/" } else { &get.path };
            format!("GET {path} on port {}", get.port)
        } else if let Some(tcp) = &self.tcp_socket {
            format!("TCP connect to port {}", tcp.port)
        } else if let Some(grpc) = &self.grpc {
            format!("gRPC health on port {}", grpc.port)
        } else if let Some(exec) = &self.exec {
            format!("command `{}`", exec.command.join(" "))
        } else {
            "an empty probe".to_owned()
        }
    }
}
