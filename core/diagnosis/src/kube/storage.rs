//! Claims, volumes and storage classes.

use super::{Condition, LabelSelector, Map, Meta, Resources, lean};

lean! {
    /// A PersistentVolumeClaim.
    PersistentVolumeClaim { metadata: Meta, spec: PvcSpec, status: PvcStatus }
    /// `spec` of a claim; no `storage_class_name` means the default class, an empty one means no class.
    PvcSpec {
        access_modes: Vec<String>,
        resources: Resources,
        storage_class_name: Option<String>,
        volume_name: String,
        volume_mode: String,
        selector: LabelSelector,
    }
    /// `status` of a claim.
    PvcStatus { phase: String, capacity: Map, access_modes: Vec<String>, conditions: Vec<Condition> }
    /// A PersistentVolume.
    PersistentVolume { metadata: Meta, spec: PvSpec, status: PvStatus }
    /// `spec` of a volume.
    PvSpec {
        capacity: Map,
        access_modes: Vec<String>,
        storage_class_name: String,
        claim_ref: Option<ClaimRef>,
        persistent_volume_reclaim_policy: String,
        volume_mode: String,
        node_affinity: Option<Box<serde_json::Value>>,
    }
    /// Who holds a volume.
    ClaimRef { namespace: String, name: String, uid: String }
    /// `status` of a volume.
    PvStatus { phase: String, message: String, reason: String }
    /// A StorageClass.
    StorageClass { metadata: Meta, provisioner: String, parameters: Map, volume_binding_mode: String, reclaim_policy: String, allow_volume_expansion: bool }
}
