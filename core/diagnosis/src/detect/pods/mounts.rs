//! Volumes that cannot be attached or mounted, and which object is to blame.
//!
//! Start at [`mount`]; the words are the kubelet's and the attach controller's. A claim's own trouble (not bound) is
//! told elsewhere and only pointed at here.

use crate::entity::{EntityRef, Kind};
use crate::evidence::event;
use crate::finding::{Finding, Reason};
use crate::kube::{Event, Volume};

use super::config::{Missing, missing, missing_key, what_is_missing};
use super::container::Case;
use super::start::lasts;

/// Words of failures that pass by themselves: the kubelet's caches are filled a moment later.
const PASSING: [&str; 2] = ["failed to sync configmap cache", "failed to sync secret cache"];

/// Words that mean that the volume is held elsewhere.
const HELD: [&str; 4] =
    ["Multi-Attach error", "already exclusively attached", "already used by", "attached to a different node"];

/// A volume of a pod that waits for it.
pub(super) fn mount(case: &Case<'_>) -> Option<Finding> {
    let events = || {
        case.events()
            .into_iter()
            .rev()
            .filter(|e| matches!(e.reason.as_str(), "FailedMount" | "FailedAttachVolume" | "FailedMapVolume"))
    };
    let telling = events().filter(|e| !PASSING.iter().any(|p| e.text().contains(p)));
    let (says, secondary): (Vec<&Event>, Vec<&Event>) =
        telling.partition(|e| !e.text().starts_with("Unable to attach or mount volumes"));
    let failed = says.into_iter().chain(secondary).find(|e| {
        let explicit = missing(e.text()).is_some() || HELD.iter().any(|h| e.text().contains(h));
        lasts(case, e) || (explicit && e.last().is_none_or(|at| case.view.in_window(at)))
    })?;
    let volume = volume_of(case, failed.text());
    let mut finding = match missing(failed.text()) {
        Some(what) => missing_source(case, volume, &what)?,
        None => unavailable(case, volume, failed),
    };
    finding.pods.insert(case.pod_ref());
    let finding = finding.because("the volume cannot be mounted", event(failed)).since(failed.first());
    Some(finding.rules_out("the image: the pod did not get as far", event(failed)))
}

/// The volume that an event names: `for volume "cfg"`, `unmounted volumes=[cfg]`, or a claim's volume by its name.
fn volume_of<'a>(case: &Case<'a>, text: &str) -> Option<&'a Volume> {
    let between = |from: &str, to: char| text.split_once(from).and_then(|(_, rest)| rest.split(to).next());
    let name = between("for volume \"", '"').or_else(|| between("unmounted volumes=[", ']'))?;
    let by_name = case.pod.spec.volumes.iter().find(|v| v.name == name);
    let claims = || case.pod.spec.volumes.iter().filter(|v| v.persistent_volume_claim.is_some());
    let bound = || {
        claims().find(|v| {
            let claim = v.persistent_volume_claim.as_ref().and_then(|c| case.view.claims.get(case.ns(), &c.claim_name));
            claim.is_some_and(|c| c.spec.volume_name == name)
        })
    };
    by_name.or_else(bound).or_else(|| claims().next().filter(|_| claims().count() == 1))
}

fn missing_source(case: &Case<'_>, volume: Option<&Volume>, what: &Missing) -> Option<Finding> {
    let (unit, ns) = (case.unit(), case.ns());
    let mounted = volume.map(|v| format!("; volume {} needs it", v.name)).unwrap_or_default();
    let who = unit.to_string();
    let mut finding = match what {
        Missing::Key(kind, name, key) if name.is_empty() => {
            let source = source_of(volume?, kind)?;
            missing_key(case.view, &unit, &who, &EntityRef::new(kind.clone(), ns, source), key)
        }
        other => what_is_missing(case.view, &unit, &who, ns, other)?,
    };
    if !mounted.is_empty() {
        finding.claim = format!("{}{mounted}", finding.claim);
    }
    Some(finding)
}

/// The ConfigMap or Secret behind a volume.
fn source_of(volume: &Volume, kind: &Kind) -> Option<String> {
    let projected = || volume.projected.iter().flat_map(|p| &p.sources);
    match kind {
        Kind::ConfigMap => volume
            .config_map
            .as_ref()
            .map(|c| c.name.clone())
            .or_else(|| projected().find_map(|s| Some(s.config_map.as_ref()?.name.clone()))),
        _ => volume
            .secret
            .as_ref()
            .map(|s| s.secret_name.clone())
            .or_else(|| projected().find_map(|s| Some(s.secret.as_ref()?.name.clone()))),
    }
}

fn unavailable(case: &Case<'_>, volume: Option<&Volume>, failed: &Event) -> Finding {
    let text = failed.text();
    let held = HELD.iter().any(|h| text.contains(h));
    let claim_ref = volume
        .and_then(|v| v.persistent_volume_claim.as_ref())
        .map(|c| EntityRef::new(Kind::PersistentVolumeClaim, case.ns(), c.claim_name.clone()));
    let what = match (&claim_ref, volume) {
        (Some(claim), _) => format!("{claim} of {}", case.unit()),
        (None, Some(v)) => format!("volume {} of {}", v.name, case.unit()),
        (None, None) => format!("a volume of {}", case.unit()),
    };
    let words: String = text.replace(&case.pod.metadata.name, "POD").chars().take(240).collect();
    let reason = if held { Reason::VolumeUnavailable } else { Reason::MountFailed };
    let claim = if held {
        format!("{what} is still attached elsewhere (Multi-Attach): {words}")
    } else {
        format!("{what} cannot be mounted: {words}")
    };
    let mut finding = Finding::new(reason, case.unit(), claim);
    if let Some(claim) = claim_ref {
        finding = finding.points_at(claim.clone());
        if held || !text.contains("hostPath") {
            finding = finding.blame(claim);
        }
    }
    let node = EntityRef::new(Kind::Node, "", case.pod.spec.node_name.clone());
    let describe = format!("{} describe pod {}", case.kubectl(), case.pod.metadata.name);
    let finding =
        finding.points_at(node).action("see what the kubelet says", Some(describe), "none").check(case.watch());
    if held {
        let list = "kubectl get volumeattachments".to_owned();
        return finding.action("find the pod and node that hold the volume, and end that pod", Some(list), "none");
    }
    finding
}
