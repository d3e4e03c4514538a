//! What was seen: the objects, events and logs of one investigation, indexed, with what could not be seen.
//!
//! Must never say that something is absent when it was not allowed to look: ask [`View::saw`] or
//! [`View::absent`] before a claim about absence. Start at [`View`]; relations between objects are in
//! [`relate`], events in [`events`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::{Deserialize, Serialize};

use crate::entity::{EntityRef, Kind};
use crate::kube::{self, Meta, Object, Resource};
use crate::logs::LogDigest;
use crate::metrics::Series;
use crate::metrics::seen::{AlertRule, Answer, Measured};
use crate::probe::{ContainerRef, Probe, ReadFailure};

mod calls;
pub mod events;
mod redact;
pub mod relate;
mod times;

/// Objects of one kind by namespace, then by name, in that order; looked up without making a key.
#[derive(Debug)]
pub struct Table<T> {
    by_namespace: BTreeMap<String, BTreeMap<String, T>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { by_namespace: BTreeMap::new() }
    }
}

impl<T: Resource> Table<T> {
    fn insert(&mut self, value: T) {
        let meta = value.meta();
        let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
        self.by_namespace.entry(namespace).or_default().insert(name, value);
    }

    /// One object; the namespace is empty for cluster-scoped kinds.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.by_namespace.get(namespace)?.get(name)
    }

    /// All objects.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_namespace.values().flat_map(BTreeMap::values)
    }

    /// The objects of a namespace.
    pub fn within(&self, namespace: &str) -> impl Iterator<Item = &T> {
        self.by_namespace.get(namespace).into_iter().flat_map(BTreeMap::values)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_namespace.values().map(BTreeMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_namespace.is_empty()
    }
}

/// What reading one log gave.
pub type LogOutcome = Result<LogDigest, ReadFailure>;

/// One read and its result, as the engine collected it.
#[derive(Debug)]
pub struct Collected {
    /// What was asked.
    pub probe: Probe,
    /// What came back.
    pub result: Result<Content, ReadFailure>,
    /// Parts of an answer that could not be used (a cut file, an odd object), for a person.
    pub gaps: Vec<String>,
}

/// What a successful read returns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Objects of the kind that was asked.
    Objects(Vec<Object>),
    /// The digest of a log.
    Log(Box<LogDigest>),
    /// Rules that make alerts.
    Rules(Vec<AlertRule>),
    /// Series, bounded (see [`crate::metrics::SeriesSet`]).
    Series(Vec<Series>),
}

/// Whether a read gave all there is. A cut file, or an object that could not be decoded, proves no absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All of it.
    Whole,
    /// Some of it; the gaps say what is missing.
    Partial,
}

macro_rules! tables {
    ($($field:ident: $variant:ident($ty:ident), $doc:literal;)*) => {
        /// Everything that one investigation has seen. Built once, then only read.
        #[derive(Debug, Default)]
        pub struct View {
            $(#[doc = $doc] pub $field: Table<kube::$ty>,)*
            /// Objects of kinds without a table, by reference.
            pub custom: BTreeMap<EntityRef, kube::Custom>,
            /// Events, oldest first.
            events: Vec<kube::Event>,
            events_of: BTreeMap<(Kind, String, String), Vec<usize>>,
            pods_of: BTreeMap<EntityRef, Vec<(String, String)>>,
            behind_service: BTreeMap<EntityRef, BTreeSet<EntityRef>>,
            services_of: BTreeMap<EntityRef, Vec<String>>,
            logs: BTreeMap<(ContainerRef, bool), LogOutcome>,
            metrics: Measured,
            coverage: BTreeMap<(Kind, Option<String>), Result<Completeness, ReadFailure>>,
            /// The namespaces that the source can read at all; none means that it was not said.
            readable: Option<BTreeSet<String>>,
            gaps: BTreeSet<String>,
            times: times::Times,
        }

        impl View {
            fn insert(&mut self, object: Object) {
                match object {
                    $(Object::$variant(o) => self.$field.insert(*o),)*
                    Object::Event(event) => self.events.push(*event),
                    Object::Custom(o) => {
                        let entity = EntityRef::new(Kind::named(&o.kind), &o.metadata.namespace, o.metadata.name.clone());
                        self.custom.insert(entity, *o);
                    }
                }
            }

            /// The metadata of an object, if it was seen.
            pub fn meta(&self, entity: &EntityRef) -> Option<&Meta> {
                match entity.kind {
                    $(Kind::$variant => self.$field.get(entity.ns(), &entity.name).map(Resource::meta),)*
                    _ => self.custom.get(entity).map(Resource::meta),
                }
            }

            /// The fields that were kept of an object, as JSON in the API's own words. Of a Secret these are the names of
            /// its keys. Redacted while it is still known which field names another: as lines, the word after
            /// `--password` is a word like all others.
            pub fn fields(&self, entity: &EntityRef, redactor: &Redactor) -> Option<Redacted<serde_json::Value>> {
                match entity.kind {
                    $(Kind::$variant => self.$field.get(entity.ns(), &entity.name).and_then(|o| fields(o, redactor)),)*
                    _ => self.custom.get(entity).and_then(|o| fields(o, redactor)),
                }
            }

            /// References to all objects of a kind, in order of namespace and name.
            pub fn names(&self, kind: &Kind) -> Vec<EntityRef> {
                match kind {
                    $(Kind::$variant => self.$field.iter().map(|o| EntityRef::new(Kind::$variant, &o.meta().namespace, o.meta().name.clone())).collect(),)*
                    _ => self.custom.keys().filter(|e| e.kind == *kind).cloned().collect(),
                }
            }
        }
    };
}

fn fields<T: Clone + Redact + Serialize>(object: &T, redactor: &Redactor) -> Option<Redacted<serde_json::Value>> {
    redactor.seal(object.clone()).map(|object| serde_json::to_value(object).ok()).transpose()
}

tables! {
    pods: Pod(Pod), "Pods.";
    deployments: Deployment(Deployment), "Deployments.";
    replica_sets: ReplicaSet(ReplicaSet), "ReplicaSets.";
    stateful_sets: StatefulSet(StatefulSet), "StatefulSets.";
    daemon_sets: DaemonSet(DaemonSet), "DaemonSets.";
    replication_controllers: ReplicationController(ReplicationController), "ReplicationControllers.";
    jobs: Job(Job), "Jobs.";
    cron_jobs: CronJob(CronJob), "CronJobs.";
    services: Service(Service), "Services.";
    endpoints: Endpoints(Endpoints), "Endpoints.";
    endpoint_slices: EndpointSlice(EndpointSlice), "EndpointSlices.";
    ingresses: Ingress(Ingress), "Ingresses.";
    ingress_classes: IngressClass(IngressClass), "IngressClasses.";
    network_policies: NetworkPolicy(NetworkPolicy), "NetworkPolicies.";
    claims: PersistentVolumeClaim(PersistentVolumeClaim), "PersistentVolumeClaims.";
    volumes: PersistentVolume(PersistentVolume), "PersistentVolumes.";
    storage_classes: StorageClass(StorageClass), "StorageClasses.";
    config_maps: ConfigMap(ConfigMap), "ConfigMaps.";
    secrets: Secret(Secret), "Secrets, without values.";
    service_accounts: ServiceAccount(ServiceAccount), "ServiceAccounts.";
    roles: Role(Role), "Roles.";
    role_bindings: RoleBinding(RoleBinding), "RoleBindings.";
    cluster_roles: ClusterRole(Role), "ClusterRoles.";
    cluster_role_bindings: ClusterRoleBinding(RoleBinding), "ClusterRoleBindings.";
    autoscalers: HorizontalPodAutoscaler(HorizontalPodAutoscaler), "HorizontalPodAutoscalers.";
    budgets: PodDisruptionBudget(PodDisruptionBudget), "PodDisruptionBudgets.";
    quotas: ResourceQuota(ResourceQuota), "ResourceQuotas.";
    limit_ranges: LimitRange(LimitRange), "LimitRanges.";
    priority_classes: PriorityClass(PriorityClass), "PriorityClasses.";
    runtime_classes: RuntimeClass(RuntimeClass), "RuntimeClasses.";
    validating_webhooks: ValidatingWebhookConfiguration(WebhookConfiguration), "ValidatingWebhookConfigurations.";
    mutating_webhooks: MutatingWebhookConfiguration(WebhookConfiguration), "MutatingWebhookConfigurations.";
    api_services: APIService(ApiService), "APIServices.";
    nodes: Node(Node), "Nodes.";
    namespaces: Namespace(Namespace), "Namespaces.";
    leases: Lease(Lease), "Leases.";
}

impl View {
    /// Builds the view. `as_of` is "now"; without it, now is the newest time that anything seen carries.
    /// `lookback` bounds the window of events and past failures, ending at now.
    pub fn new(collected: Vec<Collected>, as_of: Option<Timestamp>, lookback: SignedDuration) -> Self {
        let mut view = View { times: times::Times::new(as_of, lookback), ..View::default() };
        view.extend(collected);
        view
    }

    /// Adds what was read later: logs of the pods that turned out to matter, another namespace.
    pub fn extend(&mut self, collected: Vec<Collected>) {
        let mut new_objects = false;
        for one in collected {
            let completeness = if one.gaps.is_empty() { Completeness::Whole } else { Completeness::Partial };
            self.gaps.extend(one.gaps);
            match (one.probe, one.result) {
                (Probe::Objects { kind, namespace }, result) => {
                    new_objects = true;
                    self.take_objects(kind, namespace, result, completeness);
                }
                (Probe::Log { of, previous, .. } | Probe::Lines { of, previous, .. }, Ok(Content::Log(digest))) => {
                    self.logs.insert((of, previous), Ok(*digest));
                }
                (Probe::Log { of, previous, .. } | Probe::Lines { of, previous, .. }, Err(failure)) => {
                    self.logs.insert((of, previous), Err(failure));
                }
                (Probe::Rules { alert }, Ok(Content::Rules(rules))) => self.metrics.take_rules(alert, Ok(rules)),
                (Probe::Rules { alert }, Err(failure)) => self.metrics.take_rules(alert, Err(failure)),
                (Probe::Metric(query), Ok(Content::Series(series))) => {
                    let whole = completeness == Completeness::Whole;
                    self.metrics.take_series(query, Ok(Answer { series, whole }));
                }
                (Probe::Metric(query), Err(failure)) => self.metrics.take_series(query, Err(failure)),
                // An answer to another question than was asked is none.
                (Probe::Log { .. } | Probe::Lines { .. } | Probe::Rules { .. } | Probe::Metric(_), Ok(_)) => {}
            }
        }
        let newest = self.newest_time();
        self.times.settle(newest);
        if new_objects {
            self.index();
        }
    }

    fn take_objects(
        &mut self,
        kind: Kind,
        namespace: Option<String>,
        result: Result<Content, ReadFailure>,
        completeness: Completeness,
    ) {
        let outcome = match result {
            Ok(Content::Objects(objects)) => {
                for object in objects {
                    self.insert(object);
                }
                Ok(completeness)
            }
            Ok(_) => return,
            Err(failure) => Err(failure),
        };
        self.coverage.insert((kind, namespace), outcome);
    }

    /// Says which namespaces the source can read: nothing is known to be absent from any other.
    pub fn limit_to(&mut self, namespaces: impl IntoIterator<Item = String>) {
        self.readable = Some(namespaces.into_iter().collect());
    }

    /// Whether objects of the kind were read there. For a namespaced kind a read of all namespaces counts too.
    pub fn saw(&self, kind: &Kind, namespace: &str) -> bool {
        self.coverage_of(kind, namespace).is_some_and(std::result::Result::is_ok)
    }

    /// How the read of a kind went, if it was tried.
    pub fn coverage_of(&self, kind: &Kind, namespace: &str) -> Option<&Result<Completeness, ReadFailure>> {
        let here = (kind.namespaced() && !namespace.is_empty()).then(|| namespace.to_owned());
        self.coverage.get(&(kind.clone(), here)).or_else(|| self.coverage.get(&(kind.clone(), None)))
    }

    /// Whether an object is known not to exist: its kind was read whole there and it is not among them.
    pub fn absent(&self, entity: &EntityRef) -> bool {
        let readable = entity.namespace.as_ref().zip(self.readable.as_ref()).is_none_or(|(ns, all)| all.contains(ns));
        let whole = self.coverage_of(&entity.kind, entity.ns()) == Some(&Ok(Completeness::Whole));
        readable && whole && self.meta(entity).is_none()
    }

    /// Every read that failed, in order, with the reason.
    pub fn unread(&self) -> impl Iterator<Item = (&Kind, Option<&str>, &ReadFailure)> {
        self.coverage.iter().filter_map(|((kind, ns), r)| r.as_ref().err().map(|f| (kind, ns.as_deref(), f)))
    }

    /// Parts of answers that could not be used.
    pub fn gaps(&self) -> impl Iterator<Item = &str> {
        self.gaps.iter().map(String::as_str)
    }

    /// What a metrics source answered.
    pub fn metrics(&self) -> &Measured {
        &self.metrics
    }

    /// The log of a container, if it was asked for.
    pub fn log(&self, of: &ContainerRef, previous: bool) -> Option<&LogOutcome> {
        self.logs.get(&(of.clone(), previous))
    }

    /// All logs that were asked for.
    pub fn logs(&self) -> impl Iterator<Item = (&ContainerRef, bool, &LogOutcome)> {
        self.logs.iter().map(|((of, previous), outcome)| (of, *previous, outcome))
    }
}
