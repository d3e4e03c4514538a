//! Services, endpoints, ingresses and network policies.

use super::{Condition, IntOrString, LabelSelector, Map, Meta, lean};

lean! {
    /// A Service.
    Service { metadata: Meta, spec: ServiceSpec, status: ServiceStatus }
    /// `spec` of a Service.
    ServiceSpec {
        r#type: String,
        selector: Map,
        #[serde(rename = "clusterIP")]
        cluster_ip: String,
        external_name: String,
        load_balancer_class: Option<String>,
        ports: Vec<ServicePort>,
        publish_not_ready_addresses: bool,
    }
    /// A port of a Service; `target_port` 0 means the same as `port`.
    ServicePort { name: String, port: i64, target_port: IntOrString, protocol: String, node_port: i64 }
    /// `status` of a Service.
    ServiceStatus { load_balancer: LoadBalancerStatus, conditions: Vec<Condition> }
    /// Addresses that a load balancer was given.
    LoadBalancerStatus { ingress: Vec<EndpointAddress> }
    /// Endpoints (the older form).
    Endpoints { metadata: Meta, subsets: Vec<EndpointSubset> }
    /// One set of addresses.
    EndpointSubset { addresses: Vec<EndpointAddress>, not_ready_addresses: Vec<EndpointAddress>, ports: Vec<EndpointPort> }
    /// An address.
    EndpointAddress { ip: String, hostname: String, target_ref: Option<super::ObjectRef> }
    /// A port of endpoints.
    EndpointPort { name: String, port: i64, protocol: String }
    /// An EndpointSlice.
    EndpointSlice { metadata: Meta, endpoints: Vec<Endpoint>, ports: Vec<EndpointPort> }
    /// One endpoint of a slice.
    Endpoint { addresses: Vec<String>, conditions: EndpointConditions, target_ref: Option<super::ObjectRef>, node_name: String }
    /// Readiness of an endpoint; absent means ready.
    EndpointConditions { ready: Option<bool>, serving: Option<bool>, terminating: Option<bool> }
    /// An Ingress.
    Ingress { metadata: Meta, spec: IngressSpec, status: ServiceStatus }
    /// `spec` of an Ingress.
    IngressSpec { ingress_class_name: Option<String>, default_backend: Option<IngressBackend>, rules: Vec<IngressRule>, tls: Vec<IngressTls> }
    /// A host and its paths.
    IngressRule { host: String, http: IngressRuleHttp }
    /// Paths of a host.
    IngressRuleHttp { paths: Vec<IngressPath> }
    /// A path and where it goes.
    IngressPath { path: String, backend: IngressBackend }
    /// Where traffic goes.
    IngressBackend { service: Option<IngressServiceBackend> }
    /// A Service behind an Ingress.
    IngressServiceBackend { name: String, port: ServiceBackendPort }
    /// By number or by name.
    ServiceBackendPort { number: i64, name: String }
    /// Certificate of some hosts.
    IngressTls { hosts: Vec<String>, secret_name: String }
    /// An IngressClass.
    IngressClass { metadata: Meta }
    /// A NetworkPolicy.
    NetworkPolicy { metadata: Meta, spec: NetworkPolicySpec }
    /// `spec` of a NetworkPolicy; an empty rule list denies, an empty rule allows all.
    NetworkPolicySpec {
        pod_selector: LabelSelector,
        policy_types: Vec<String>,
        ingress: Vec<NetworkPolicyRule>,
        egress: Vec<NetworkPolicyRule>,
    }
    /// One rule; `peers` hold selectors and blocks as they are.
    NetworkPolicyRule {
        from: Vec<serde_json::Value>,
        to: Vec<serde_json::Value>,
        ports: Vec<NetworkPolicyPort>,
    }
    /// A port that a rule allows.
    NetworkPolicyPort { port: Option<IntOrString>, end_port: Option<i64>, protocol: String }
}
