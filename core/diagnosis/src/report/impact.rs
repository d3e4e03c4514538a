//! Who is hit: Services, hosts and workloads behind what fails; and the configuration that matters.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::kube::{Container, EnvVar, Service};
use crate::link::Incident;
use crate::view::View;

use super::{Claim, Ledger};

/// Variables shown of one container.
const ENV_CAP: usize = 40;

/// What stands behind the failing workloads, with how much of it still works.
pub(super) fn blast_radius(view: &View, incident: &Incident, ledger: &mut Ledger) -> Vec<Claim> {
    let units: BTreeSet<EntityRef> = incident.findings().map(|f| view.unit(&f.subject)).collect();
    let mut services: BTreeSet<EntityRef> = BTreeSet::new();
    for unit in &units {
        for service in view.services_of(unit) {
            services.insert(EntityRef::new(Kind::Service, unit.ns(), service.metadata.name.clone()));
        }
    }
    let mut claims: Vec<Claim> = services.iter().filter_map(|s| service_claim(view, s, ledger)).collect();
    claims.extend(ingress_claims(view, &services, ledger));
    let root_units: BTreeSet<EntityRef> = incident.roots.iter().map(|r| view.unit(&r.subject)).collect();
    let hit = incident
        .effects
        .iter()
        .filter(|e| !root_units.contains(&view.unit(&e.subject)) && e.subject.kind.is_workload());
    let mut told = BTreeSet::new();
    for effect in hit {
        if let Some(point) = effect.proof.first()
            && told.insert(&effect.subject)
        {
            let id = ledger.cite(&point.evidence);
            claims.push(Claim::new(format!("{} is hit: {}", effect.subject, effect.claim), id));
        }
    }
    claims
}

fn service_claim(view: &View, entity: &EntityRef, ledger: &mut Ledger) -> Option<Claim> {
    let service = view.services.get(entity.ns(), &entity.name)?;
    let (ready, all) = readiness(view, service);
    let id = ledger.cite(&evidence::object(entity, format!("{ready} of {all} selected pods are ready")));
    Some(Claim::new(format!("{entity} has {ready} of {all} endpoints ready"), id))
}

fn readiness(view: &View, service: &Service) -> (usize, usize) {
    let pods: Vec<_> = view.selected_pods(service).filter(|p| !p.is_completed()).collect();
    (pods.iter().filter(|p| p.is_ready()).count(), pods.len())
}

fn ingress_claims(view: &View, services: &BTreeSet<EntityRef>, ledger: &mut Ledger) -> Vec<Claim> {
    let mut claims = Vec::new();
    for ingress in view.ingresses.iter() {
        let namespace = &ingress.metadata.namespace;
        let about = EntityRef::new(Kind::Ingress, namespace, ingress.metadata.name.clone());
        for rule in &ingress.spec.rules {
            for path in &rule.http.paths {
                let Some(backend) = &path.backend.service else { continue };
                if !services.contains(&EntityRef::new(Kind::Service, namespace, backend.name.clone())) {
                    continue;
                }
                let place = format!("{}{}", rule.host, path.path);
                let id = ledger.cite(&evidence::object(&about, format!("{place} -> Service {}", backend.name)));
                claims.push(Claim::new(format!("{about} serves {place} from it"), id));
            }
        }
    }
    claims
}

/// The container that fails, as its workload configures it. Values pass the redactor with the rest of the report.
pub(super) fn pod_config(view: &View, incident: &Incident) -> Option<String> {
    let root = incident.roots.iter().chain(&incident.effects).find(|f| view.pod_spec(&f.subject).is_some())?;
    let spec = view.pod_spec(&root.subject)?;
    let named = |c: &&Container| root.container.as_ref().is_none_or(|name| *name == c.name);
    let container = spec.init_containers.iter().chain(&spec.containers).find(named)?;
    Some(describe(container))
}

fn describe(container: &Container) -> String {
    let mut text = format!("container {}\nimage {}", container.name, container.image);
    let pairs = |map: &crate::kube::Map| map.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
    for (name, map) in [("requests", &container.resources.requests), ("limits", &container.resources.limits)] {
        let shown = if map.is_empty() { "none".to_owned() } else { pairs(map) };
        let _ = write!(text, "\n{name} {shown}");
    }
    for (name, probe) in [
        ("livenessProbe", &container.liveness_probe),
        ("readinessProbe", &container.readiness_probe),
        ("startupProbe", &container.startup_probe),
    ] {
        if let Some(probe) = probe {
            let _ = write!(
                text,
                "\n{name} {}, every {} s, {} failures, after {} s",
                probe.describe(),
                probe.period(),
                probe.failures(),
                probe.initial_delay_seconds
            );
        }
    }
    for var in container.env.iter().take(ENV_CAP) {
        let _ = write!(text, "\nenv {}", describe_env(var));
    }
    for from in &container.env_from {
        let config = from.config_map_ref.as_ref().map(|r| format!("ConfigMap {}", r.name));
        let secret = from.secret_ref.as_ref().map(|r| format!("Secret {}", r.name));
        let _ = write!(text, "\nenvFrom {}", config.or(secret).unwrap_or_default());
    }
    text
}

fn describe_env(var: &EnvVar) -> String {
    let source = var.value_from.as_ref();
    if let Some(key) = source.and_then(|s| s.secret_key_ref.as_ref()) {
        format!("{} from key {} of Secret {}", var.name, key.key, key.name)
    } else if let Some(key) = source.and_then(|s| s.config_map_key_ref.as_ref()) {
        format!("{} from key {} of ConfigMap {}", var.name, key.key, key.name)
    } else {
        format!("{}={}", var.name, var.value.as_deref().unwrap_or_default())
    }
}
