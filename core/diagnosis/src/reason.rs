//! Why something is as it is: the closed list of reasons, each with its place in the causal order.
//!
//! Start at [`Reason::depth`].

macro_rules! reasons {
    ($($name:ident = $depth:literal, $doc:literal;)*) => {
        /// Why something is as it is. Closed, so that a new reason must be given its place in the causal order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $(#[doc = $doc] $name,)* }

        impl Reason {
            /// How near to a cause it is. Within one workload the deepest finding explains the others:
            /// 1 what others notice, 2 how it fails or what goes on, 3 why, 4 the object or value that would have to change.
            pub fn depth(self) -> u8 {
                match self { $(Reason::$name => $depth,)* }
            }

            /// The stable name, for logs and JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$name => stringify!($name),)* }
            }
        }
    };
}

reasons! {
    ReplicasUnavailable = 1, "Fewer replicas are ready than wanted, nothing more is known.";
    RolloutStuck = 1, "A rollout passed its progress deadline or its new pods fail.";
    NoReadyEndpoints = 1, "A Service has no ready endpoint.";
    BackendDown = 1, "An Ingress or route leads to a Service that cannot answer.";
    JobFailed = 1, "A Job failed.";
    CronJobFailing = 1, "Runs of a CronJob fail.";
    AutoscalerAtMaximum = 1, "An autoscaler has been at its maximum.";
    PodNotReady = 1, "A pod runs and is not ready, nothing more is known.";
    DaemonIncomplete = 1, "A DaemonSet lacks pods on nodes it wants.";
    Serving = 1, "It works.";
    AlertCleared = 1, "What an alert measures is back within its threshold.";
    CrashLoop = 2, "A container starts and ends again and again.";
    InitFailing = 2, "An init container fails, so the pod does not start.";
    LivenessKills = 2, "The kubelet kills the container because its liveness or startup probe fails.";
    ReadinessFails = 2, "The readiness probe fails on a running container.";
    Unschedulable = 2, "No node takes the pod.";
    CreateRefused = 2, "The API server refuses to create pods.";
    StuckTerminating = 2, "A pod does not end.";
    Evicted = 2, "The kubelet or the API evicted the pod.";
    SandboxFailed = 2, "The pod's sandbox or network cannot be made.";
    MountFailed = 2, "A volume cannot be mounted.";
    JobBackoff = 2, "A Job's pods failed too often.";
    StatefulBlocked = 2, "An ordinal of a StatefulSet that is not ready holds back the rest.";
    OnLostNode = 2, "Pods sit on a node that is not ready.";
    ClaimPending = 2, "A claim is not bound.";
    Paused = 2, "A rollout is paused.";
    RolloutInProgress = 2, "A rollout is under way.";
    ScaleInProgress = 2, "A workload is being scaled.";
    WaitingForConsumer = 2, "A claim waits for its first pod, as its class wants.";
    ConditionBad = 2, "A custom resource's condition says that something is wrong.";
    Restarted = 2, "A container restarted.";
    AttemptFailed = 2, "An attempt of a Job failed.";
    ReplicasContested = 3, "Two controllers set the replica count against each other.";
    OomKilled = 3, "The kernel killed the container at its memory limit.";
    ImagePull = 3, "The image cannot be pulled.";
    BadCommand = 3, "The container's command cannot be started.";
    SecurityRefused = 3, "The kubelet refuses to start the container for its security context.";
    ExitsByItself = 3, "The process ends by itself and its log says why.";
    LogCause = 3, "The log names the cause.";
    ProbeWrong = 3, "The probe asks for something the process does not serve.";
    ProbeImpatient = 3, "The probe gives up before the process has started.";
    SchedulingMismatch = 3, "What the pod asks for fits no node: resources, selector, affinity, taints, ports.";
    SelectorMatchesNothing = 3, "The Service's selector matches no pod.";
    PortMismatch = 3, "The Service's target port is none that a pod serves.";
    BackendMissing = 3, "An Ingress names a Service or port that does not exist.";
    LoadBalancerPending = 3, "No controller has given the Service an address.";
    BadSchedule = 3, "A CronJob's schedule or time zone cannot be used.";
    RunsMissed = 3, "A CronJob missed start times and starts no runs.";
    RunsPileUp = 3, "Runs of a CronJob overlap more and more.";
    RunHangs = 3, "A run of a CronJob does not end and holds back the next.";
    JobDeadline = 3, "A Job ran past its deadline.";
    TargetMissing = 3, "An autoscaler's target does not exist.";
    MetricsUnavailable = 3, "The metrics that an autoscaler needs cannot be read.";
    NodeLacks = 3, "A node lacks something that a pod needs there and finds on other nodes: a path, a device.";
    FinalizerBlocks = 3, "A finalizer that nobody removes keeps the object.";
    DiskFull = 3, "A volume or the ephemeral storage is full.";
    ChangeBroke = 3, "The new revision fails while the old one serves.";
    ResizeFailed = 3, "A volume cannot be enlarged.";
    Changed = 3, "A workload, ConfigMap or Secret changed.";
    MissingReference = 4, "An object that is named does not exist.";
    MissingKey = 4, "A ConfigMap or Secret lacks a key that is named.";
    WrongValue = 4, "A configured value is wrong: a host, a port, a path.";
    QuotaExceeded = 4, "A ResourceQuota is used up.";
    LimitRangeViolated = 4, "A LimitRange forbids what the pod asks for.";
    PodSecurityDenied = 4, "Pod Security admission forbids the pod.";
    AdmissionDenied = 4, "An admission webhook or policy refuses the object.";
    WebhookDown = 4, "An admission webhook does not answer.";
    RbacDenied = 4, "A ServiceAccount lacks a permission.";
    NodeNotReady = 4, "A node is not ready.";
    NodePressure = 4, "A node is short of memory, disk or process ids.";
    NodeProblem = 4, "A node says that its network, kernel or file system is broken.";
    NodeCordoned = 4, "A node takes no new pods.";
    ClaimUnbindable = 4, "A claim cannot be bound: no class, no volume, provisioning failed.";
    VolumeUnavailable = 4, "A volume is attached elsewhere, lost, or in another zone.";
    NetworkBlocked = 4, "A network policy forbids the connection.";
    ScaledToZero = 4, "A workload has zero replicas.";
    Suspended = 4, "A Job or CronJob is suspended.";
    SchedulingGated = 4, "A pod waits for a scheduling gate.";
    DisruptionBlocked = 4, "A disruption budget allows no eviction.";
    ApiServiceDown = 4, "An aggregated API does not answer.";
    NamespaceTerminating = 4, "The namespace is being deleted.";
}
