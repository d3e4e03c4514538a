//! Who calls whom, as far as settings tell: Services named in variables, arguments and the ConfigMaps of a workload.
//!
//! A name in a setting is a hint, not proof: ask only where something is wrong and nothing better explains it.

use std::collections::BTreeSet;

use super::View;
use super::relate::split_service_host;
use crate::entity::{EntityRef, Kind};
use crate::kube::{ConfigMap, PodSpec};

impl View {
    /// The workloads behind the Services that a workload's settings name, without itself.
    pub fn callees(&self, unit: &EntityRef) -> BTreeSet<EntityRef> {
        let Some(spec) = self.pod_spec(unit) else { return BTreeSet::new() };
        let mut found = BTreeSet::new();
        for host in self.settings(unit, spec).into_iter().flat_map(words) {
            let Some((name, namespace)) = split_service_host(host, unit.ns()) else { continue };
            if let Some(service) = self.services.get(namespace, name) {
                let entity = EntityRef::new(Kind::Service, namespace, name);
                let behind = self.behind_service(service);
                found.extend(if behind.is_empty() { BTreeSet::from([entity]) } else { behind });
            }
        }
        found.remove(unit);
        found
    }

    fn settings<'a>(&'a self, unit: &EntityRef, spec: &'a PodSpec) -> Vec<&'a str> {
        let containers = || spec.init_containers.iter().chain(&spec.containers);
        let mut values: Vec<&str> = containers().flat_map(|c| &c.env).filter_map(|e| e.value.as_deref()).collect();
        values.extend(containers().flat_map(|c| c.args.iter().map(String::as_str)));
        for name in config_maps(spec) {
            let data = self.config_maps.get(unit.ns(), name).into_iter().flat_map(|c: &ConfigMap| c.data.values());
            values.extend(data.map(String::as_str));
        }
        values
    }
}

/// The ConfigMaps that a pod spec names, as variables or as files.
fn config_maps(spec: &PodSpec) -> BTreeSet<&str> {
    let containers = || spec.init_containers.iter().chain(&spec.containers);
    let whole = containers().flat_map(|c| &c.env_from).filter_map(|f| f.config_map_ref.as_ref());
    let keys = containers().flat_map(|c| &c.env).filter_map(|e| e.value_from.as_ref()?.config_map_key_ref.as_ref());
    let files = spec.volumes.iter().filter_map(|v| v.config_map.as_ref()).map(|c| c.name.as_str());
    whole.chain(keys).map(|r| r.name.as_str()).chain(files).collect()
}

/// The parts of a value that may be host names: `redis://cache:6379/0` gives `redis`, `cache`, `6379`, `0`.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))).filter(|p| !p.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    #[test]
    fn settings_name_whom_a_workload_calls() {
        let view = Scene::default()
            .yaml(
                "
kind: Deployment
metadata: {name: api}
spec: {template: {spec: {containers: [{name: a, env: [{name: CACHE, value: 'redis://cache:6379/0'}], envFrom: [{configMapRef: {name: cfg}}]}]}}}
---
kind: ConfigMap
metadata: {name: cfg}
data: {app.properties: 'url=jdbc:postgresql://db.shop.svc.cluster.local:5432/x'}
---
kind: Service
metadata: {name: cache}
spec: {selector: {app: cache}}
---
kind: Service
metadata: {name: db}
spec: {selector: {app: db}}
---
kind: Service
metadata: {name: other}
spec: {selector: {app: db}}
---
kind: StatefulSet
metadata: {name: db}
spec: {template: {metadata: {labels: {app: db}}}}
",
            )
            .view();
        let called: Vec<String> =
            view.callees(&EntityRef::new(Kind::Deployment, "shop", "api")).iter().map(ToString::to_string).collect();
        assert_eq!(called, ["StatefulSet shop/db", "Service shop/cache"]);
    }
}
