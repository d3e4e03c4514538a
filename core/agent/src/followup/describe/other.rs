//! What is no workload: Services, Ingresses, nodes, claims, configuration, and anything with conditions.

use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::view::View;

use super::{LISTED, Lines};
use crate::followup::say;

/// Any other object; its state in a clause.
pub(super) fn other(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    match entity.kind {
        Kind::Service => service(view, entity, lines),
        Kind::Ingress => ingress(view, entity, lines),
        Kind::Node => node(view, entity, lines),
        Kind::PersistentVolumeClaim => claim(view, entity, lines),
        Kind::ConfigMap => {
            let map = view.config_maps.get(entity.ns(), &entity.name)?;
            let sizes = map.data.iter().map(|(key, value)| format!("{key} ({} bytes)", value.len()));
            lines.field("keys", say::some(sizes.chain(map.binary_data.iter().cloned()), LISTED * 2));
            Some(say::count(map.data.len() + map.binary_data.len(), "key"))
        }
        Kind::Secret => {
            let secret = view.secrets.get(entity.ns(), &entity.name)?;
            lines.field("type", &secret.r#type);
            lines.field("keys", say::some(secret.data.iter(), LISTED * 2));
            Some(format!("{}; values are never read", say::count(secret.data.len(), "key")))
        }
        Kind::HorizontalPodAutoscaler => {
            let hpa = view.autoscalers.get(entity.ns(), &entity.name)?;
            let target = &hpa.spec.scale_target_ref;
            lines.field("scales", format!("{}/{}", target.kind, target.name));
            lines.conditions(&hpa.status.conditions);
            let (least, most) = (hpa.spec.min_replicas.unwrap_or(1), hpa.spec.max_replicas);
            Some(format!("{} of {least} to {most} replicas", hpa.status.current_replicas))
        }
        Kind::ResourceQuota => {
            let quota = view.quotas.get(entity.ns(), &entity.name)?;
            let used = |(name, hard): (&String, &String)| {
                let used = quota.status.used.get(name).map_or("?", String::as_str);
                format!("{name} {used} of {hard}")
            };
            for line in quota.status.hard.iter().map(used).take(LISTED) {
                lines.field("used", line);
            }
            Some(say::count(quota.status.hard.len(), "bound"))
        }
        _ => {
            let custom = view.custom.get(entity)?;
            lines.conditions(custom.conditions());
            Some(say::count(custom.conditions().len(), "condition"))
        }
    }
}

fn service(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let service = view.services.get(entity.ns(), &entity.name)?;
    let kind = if service.spec.r#type.is_empty() { "ClusterIP" } else { &service.spec.r#type };
    lines.field("type", kind);
    lines.field("external name", &service.spec.external_name);
    lines.map("selector", &service.spec.selector);
    for port in service.spec.ports.iter().take(LISTED) {
        lines.field("port", format!("{} {} to {}", port.port, port.name, port.target_port));
    }
    lines.field("behind it", say::some(view.behind_service(service), LISTED));
    let pods: Vec<_> = view.selected_pods(service).filter(|p| !p.is_completed()).collect();
    Some(format!(
        "{} of {} ready",
        pods.iter().filter(|p| p.is_ready()).count(),
        say::count(pods.len(), "selected pod")
    ))
}

fn ingress(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let ingress = view.ingresses.get(entity.ns(), &entity.name)?;
    lines.field("class", ingress.spec.ingress_class_name.as_deref().unwrap_or_default());
    for rule in &ingress.spec.rules {
        for path in rule.http.paths.iter().take(LISTED) {
            let to = path
                .backend
                .service
                .as_ref()
                .map(|s| format!("Service {} port {}{}", s.name, s.port.name, s.port.number));
            lines.field("route", format!("{}{} to {}", rule.host, path.path, to.unwrap_or_default()));
        }
    }
    for tls in ingress.spec.tls.iter().take(LISTED) {
        lines.field("tls", format!("Secret {} for {}", tls.secret_name, say::some(&tls.hosts, LISTED)));
    }
    Some(say::count(ingress.spec.rules.len(), "host"))
}

fn node(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let node = view.nodes.get("", &entity.name)?;
    lines.field("kubelet", &node.status.node_info.kubelet_version);
    lines.field("cordoned", if node.spec.unschedulable { "yes" } else { "" });
    let taints = node.spec.taints.iter().map(|t| format!("{}={}:{}", t.key, t.value, t.effect));
    lines.field("taints", say::some(taints, LISTED));
    lines.map("allocatable", &node.status.allocatable);
    lines.conditions(&node.status.conditions);
    let pods = view.pods.iter().filter(|p| p.spec.node_name == entity.name).count();
    let ready = node.status.conditions.iter().find(|c| c.r#type == "Ready");
    let ready = ready.map_or("not reported", |c| if c.is_true() { "yes" } else { "no" });
    Some(format!("ready: {ready}; {} among what was read run there", say::count(pods, "pod")))
}

fn claim(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let claim = view.claims.get(entity.ns(), &entity.name)?;
    lines.field("class", claim.spec.storage_class_name.as_deref().unwrap_or("the default one"));
    lines.field("volume", &claim.spec.volume_name);
    lines.field("access", say::some(&claim.spec.access_modes, LISTED));
    lines.map("requests", &claim.spec.resources.requests);
    lines.map("capacity", &claim.status.capacity);
    lines.conditions(&claim.status.conditions);
    Some(format!("phase {}", claim.status.phase))
}
