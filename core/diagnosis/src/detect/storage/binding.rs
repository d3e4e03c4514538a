//! Volumes made by hand: which one a claim could take, and what keeps it from that.
//!
//! Rules of matching: <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding>.

use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Finding, Reason};
use crate::kube::{PersistentVolume, PersistentVolumeClaim};
use crate::quantity;
use crate::view::View;

fn of_volume(volume: &PersistentVolume) -> EntityRef {
    say::of_meta(Kind::PersistentVolume, &volume.metadata)
}

/// Whether volumes of a class are there to be taken.
pub(super) fn offered(view: &View, class: &str) -> bool {
    view.volumes.iter().any(|v| v.spec.storage_class_name == class && v.status.phase == "Available")
}

/// A claim that names its volume and does not get it.
pub(super) fn named_volume(view: &View, claim: &PersistentVolumeClaim) -> Option<Finding> {
    let of = super::claims::of(claim);
    let target = EntityRef::new(Kind::PersistentVolume, "", claim.spec.volume_name.clone());
    let names = evidence::object(&of, format!("spec.volumeName={}", target.name));
    let Some(volume) = view.volumes.get("", &target.name) else {
        if !view.absent(&target) {
            return None;
        }
        let words = format!("{of} names {target}, which does not exist");
        let finding = Finding::new(Reason::ClaimUnbindable, of.clone(), words).because("the claim names it", names);
        return Some(finding.because("it was not found", evidence::absence(&target)).action(
            "create the volume, or make the claim again without a name",
            Some(say::list(&Kind::PersistentVolume, &of)),
            "none",
        ));
    };
    let why = obstacle(claim, volume)?;
    Some(with_event(view, &of, refused(&of, volume, &why).because("the claim names it", names)))
}

/// No volume fits: the nearest one and what keeps it from being taken.
pub(super) fn no_match(view: &View, claim: &PersistentVolumeClaim, class: &str) -> Finding {
    let of = super::claims::of(claim);
    let wanted = claim.spec.storage_class_name.as_deref().unwrap_or_default();
    let mut same: Vec<(&PersistentVolume, Obstacle)> = view
        .volumes
        .iter()
        .filter(|v| v.spec.storage_class_name == wanted)
        .filter_map(|v| obstacle(claim, v).map(|why| (v, why)))
        .collect();
    same.sort_by_key(|(_, why)| why.rank);
    if let Some((volume, why)) = same.first().filter(|(_, why)| why.rank < TAKEN) {
        return with_event(view, &of, refused(&of, volume, why));
    }
    let claim = format!(
        "{of} fits none of {} of {class}, and none is provisioned for it",
        say::count(same.len() as u64, "volume")
    );
    let asks = say::labels(&claim_requests(claim_of(view, &of)));
    let finding = Finding::new(Reason::ClaimUnbindable, of.clone(), claim)
        .because("it asks for", evidence::object(&of, format!("spec.storageClassName={wanted:?} requests {asks}")))
        .action("create a volume that fits", Some(say::list(&Kind::PersistentVolume, &of)), "none");
    with_event(view, &of, finding)
}

fn claim_of<'a>(view: &'a View, of: &EntityRef) -> Option<&'a PersistentVolumeClaim> {
    view.claims.get(of.ns(), &of.name)
}

fn claim_requests(claim: Option<&PersistentVolumeClaim>) -> crate::kube::Map {
    claim.map(|c| c.spec.resources.requests.clone()).unwrap_or_default()
}

/// Why a claim cannot take a volume.
struct Obstacle {
    /// Smaller is nearer to being taken.
    rank: u8,
    words: String,
    field: String,
    /// The volume has to change, not the claim.
    of_volume: bool,
}

/// Obstacles from this rank on say nothing: the volume serves somebody else.
const TAKEN: u8 = 9;

fn obstacle(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> Option<Obstacle> {
    let say = |rank, words: String, field: String, of_volume| Some(Obstacle { rank, words, field, of_volume });
    let (want, has) = (&claim.spec, &volume.spec);
    if let Some(holder) = &has.claim_ref {
        let same = holder.namespace == claim.metadata.namespace && holder.name == claim.metadata.name;
        let ours = same && (holder.uid.is_empty() || holder.uid == claim.metadata.uid);
        let field = format!(
            "status.phase={} spec.claimRef={}/{} uid={}",
            volume.status.phase, holder.namespace, holder.name, holder.uid
        );
        if same && !ours {
            return say(
                0,
                format!("is {} and still bound to an earlier claim of that name (claimRef)", volume.status.phase),
                field,
                true,
            );
        }
        if !ours {
            let rank = if volume.status.phase == "Released" { 1 } else { TAKEN };
            return say(
                rank,
                format!("is {}: its claimRef names {}/{}", volume.status.phase, holder.namespace, holder.name),
                field,
                rank == 1,
            );
        }
    }
    if want.storage_class_name.as_deref().is_some_and(|c| c != has.storage_class_name) {
        return say(
            4,
            format!("is of class {:?}", has.storage_class_name),
            format!("spec.storageClassName={:?}", has.storage_class_name),
            false,
        );
    }
    let asked = want.resources.requests.get("storage").and_then(|q| quantity::parse(q));
    let offered = has.capacity.get("storage").and_then(|q| quantity::parse(q));
    if let (Some(asked), Some(offered)) = (asked, offered)
        && asked > offered
    {
        return say(
            2,
            format!("has {}, {} are asked for", quantity::bytes(offered), quantity::bytes(asked)),
            format!("spec.capacity.storage={}", say::labels(&has.capacity)),
            false,
        );
    }
    if let Some(mode) = want.access_modes.iter().find(|m| !has.access_modes.contains(m)) {
        return say(
            2,
            format!("does not offer {mode} (only {})", has.access_modes.join(", ")),
            format!("spec.accessModes={}", has.access_modes.join(",")),
            false,
        );
    }
    let mode = |text: &str| if text.is_empty() { "Filesystem".to_owned() } else { text.to_owned() };
    if mode(&want.volume_mode) != mode(&has.volume_mode) {
        return say(
            3,
            format!("is a volume of mode {}", mode(&has.volume_mode)),
            format!("spec.volumeMode={}", has.volume_mode),
            false,
        );
    }
    (!want.selector.is_empty() && !want.selector.matches(&volume.metadata.labels)).then(|| Obstacle {
        rank: 3,
        words: "is not what the claim's selector asks for".to_owned(),
        field: format!("labels: {}", say::labels(&volume.metadata.labels)),
        of_volume: false,
    })
}

fn refused(of: &EntityRef, volume: &PersistentVolume, why: &Obstacle) -> Finding {
    let target = of_volume(volume);
    let claim = format!("{of} cannot take {target}, which {}", why.words);
    let finding = Finding::new(Reason::ClaimUnbindable, of.clone(), claim)
        .blame(if why.of_volume { target.clone() } else { of.clone() })
        .because("the volume", evidence::object(&target, why.field.clone()));
    if why.of_volume {
        let command = format!(
            "kubectl patch {} --type=json -p '[{{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}}]'",
            target.slash()
        );
        finding.action(
            "when its old data may be used by the new claim, let go of the old one",
            Some(command),
            "high: the new claim gets the data that is on it",
        )
    } else {
        finding.action(
            "make the claim again so that it fits, or create a volume that does",
            Some(say::describe(&target)),
            "low: the claim holds no data yet",
        )
    }
}

fn with_event(view: &View, of: &EntityRef, finding: Finding) -> Finding {
    match view.last_event(of, &["FailedBinding", "VolumeMismatch"]) {
        Some(event) => finding.because("the controller says so", evidence::event(event)),
        None => finding,
    }
}
