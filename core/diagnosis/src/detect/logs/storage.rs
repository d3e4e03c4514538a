//! Disks, file systems and permissions on files: which volume a path lies on, and what it allows.
//!
//! Start at [`explain`]; [`mount_of`] finds the volume of a path. A full claim is the claim's trouble, a full container
//! file system the workload's.

use crate::entity::{EntityRef, Kind};
use crate::evidence::object;
use crate::finding::{Finding, Reason};
use crate::kube::{Volume, VolumeMount};
use crate::logs::Signature;
use crate::shell::word;

use super::cause::Told;
use crate::detect::pods::container::Case;

/// Full disks, read-only file systems, forbidden paths.
pub(super) fn explain(told: &Told<'_>) -> Option<Finding> {
    match told.hit.signature {
        Signature::DiskFull => Some(full(told)),
        Signature::ReadOnlyFileSystem => Some(read_only(told)),
        Signature::PermissionDenied => Some(denied(told)),
        _ => None,
    }
}

/// The mount that a path lies on: the one with the longest path that contains it.
pub(super) fn mount_of<'a>(case: &Case<'a>, path: &str) -> Option<(&'a VolumeMount, &'a Volume)> {
    let contains = |m: &&VolumeMount| {
        path == m.mount_path || path.starts_with(&format!("{}/", m.mount_path.trim_end_matches('/')))
    };
    let mount = case.spec.volume_mounts.iter().filter(contains).max_by_key(|m| m.mount_path.len())?;
    Some((mount, case.pod.spec.volumes.iter().find(|v| v.name == mount.name)?))
}

fn full(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let path = told.hit.values.path.as_deref();
    // Without a path the only claim that is mounted is the likely one.
    let found = path.and_then(|p| mount_of(case, p)).or_else(|| path.is_none().then(|| only_claim(case)).flatten());
    let at = path.map(|p| format!(" at {p}")).unwrap_or_default();
    let claim_of = found.and_then(|(_, v)| v.persistent_volume_claim.as_ref());
    if let (Some((mount, _)), Some(source)) = (found, claim_of) {
        let claim = EntityRef::new(Kind::PersistentVolumeClaim, case.ns(), source.claim_name.clone());
        let size =
            case.view.claims.get(case.ns(), &source.claim_name).and_then(|c| c.status.capacity.get("storage").cloned());
        let of = size.as_ref().map(|s| format!(" of {s}")).unwrap_or_default();
        let text = format!(
            "{} cannot write{at}: {claim}{of}, mounted at {}, is full: \"{}\"",
            case.who(),
            mount.mount_path,
            told.quote()
        );
        let more = format!(
            "{} patch {} --type merge -p '{{\"spec\":{{\"resources\":{{\"requests\":{{\"storage\":\"<more>\"}}}}}}}}'",
            case.kubectl(),
            claim.slash()
        );
        let df = format!(
            "{} exec {} -c {} -- df -h {}",
            case.kubectl(),
            case.pod.metadata.name,
            case.spec.name,
            word(&mount.mount_path)
        );
        let says = case.says(format!("volumeMounts: {} at {}", mount.name, mount.mount_path));
        let finding = told
            .finding(Reason::DiskFull, text)
            .because(format!("{claim} is mounted there"), says)
            .blame(claim.clone())
            .points_at(claim.clone())
            .action(
                format!("make {claim} larger, or delete what it does not need"),
                Some(more),
                "low: only where its StorageClass allows expansion",
            )
            .check(df);
        return told.done(finding);
    }
    let place = match found {
        Some((mount, volume)) => {
            let limit = volume.empty_dir.as_ref().and_then(|e| e.size_limit.as_deref());
            let limit = limit.map(|l| format!(" with sizeLimit {l}")).unwrap_or_default();
            format!("volume {}{limit}, mounted at {}, is full", mount.name, mount.mount_path)
        }
        None => "the container's own file system (ephemeral storage of the node) is full".to_owned(),
    };
    let text = format!("{} cannot write{at}: {place}: \"{}\"", case.who(), told.quote());
    let mut finding = told.finding(Reason::DiskFull, text);
    if !case.pod.spec.node_name.is_empty() {
        finding = finding.points_at(EntityRef::new(Kind::Node, "", case.pod.spec.node_name.clone()));
    }
    told.done(
        finding
            .action(
                "give it a volume of the size it needs, or make it write less",
                Some(case.edit()),
                "low: replaces the pods",
            )
            .check(case.watch()),
    )
}

fn only_claim<'a>(case: &Case<'a>) -> Option<(&'a VolumeMount, &'a Volume)> {
    let mut claims = case.spec.volume_mounts.iter().filter_map(|m| {
        let volume = case.pod.spec.volumes.iter().find(|v| v.name == m.name && v.persistent_volume_claim.is_some())?;
        Some((m, volume))
    });
    claims.next().filter(|_| claims.next().is_none())
}

fn read_only(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let path = told.hit.values.path.as_deref();
    let at = path.map(|p| format!(" {p}")).unwrap_or_default();
    let root = case.spec.security_context.read_only_root_filesystem == Some(true);
    let (why, says) = match path.and_then(|p| mount_of(case, p)) {
        Some((mount, volume)) => {
            let kind = match volume {
                v if v.config_map.is_some() => " (a ConfigMap, always read-only)",
                v if v.secret.is_some() => " (a Secret, always read-only)",
                _ if mount.read_only => " (mounted with readOnly: true)",
                _ => "",
            };
            (
                format!("volume {} at {}{kind} is read-only", mount.name, mount.mount_path),
                format!("volumeMounts: {} at {} readOnly={}", mount.name, mount.mount_path, mount.read_only),
            )
        }
        None if root => (
            "its root file system is read-only (readOnlyRootFilesystem: true)".to_owned(),
            "securityContext.readOnlyRootFilesystem=true".to_owned(),
        ),
        None => {
            ("the file system is read-only".to_owned(), "securityContext.readOnlyRootFilesystem: not set".to_owned())
        }
    };
    let text = format!("{} cannot write{at}: {why}: \"{}\"", case.who(), told.quote());
    let dir = path
        .and_then(|p| p.rsplit_once('/'))
        .map_or("the directory", |(dir, _)| if dir.is_empty() { "/" } else { dir });
    let finding = told
        .finding(Reason::LogCause, text)
        .because(why, case.says(says))
        .action(format!("mount a writable volume (emptyDir) at {dir}"), Some(case.edit()), "low: replaces the pods")
        .check(case.watch());
    told.done(finding)
}

fn denied(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let values = &told.hit.values;
    let (own, pod) = (&case.spec.security_context, &case.pod.spec.security_context);
    let number = |n: Option<i64>| n.map_or_else(|| "unset".to_owned(), |n| n.to_string());
    let user = number(own.run_as_user.or(pod.run_as_user));
    let group = number(pod.fs_group);
    let says = case.says(format!("securityContext: runAsUser={user} fsGroup={group}"));
    if let Some(port) = values.port.filter(|p| *p < 1024) {
        let text = format!(
            "{} may not listen on port {port} (below 1024) with runAsUser {user}: \"{}\"",
            case.who(),
            told.quote()
        );
        let finding = told.finding(Reason::LogCause, text).because("whom it runs as", says);
        return told.done(
            finding
                .action("listen on a port from 1024 on", Some(case.edit()), "low: replaces the pods")
                .check(case.watch()),
        );
    }
    let what = values.path.as_deref().or(values.name.as_deref()).map(|p| format!(" {p}")).unwrap_or_default();
    let mount = values.path.as_deref().and_then(|p| mount_of(case, p));
    let place = mount.map(|(m, _)| format!(", on volume {} at {}", m.name, m.mount_path)).unwrap_or_default();
    let script = mount.is_some_and(|(_, v)| v.config_map.is_some()) && case.ended().is_some_and(|e| e.exit_code == 126);
    let why = if script {
        "files of a ConfigMap volume are not executable by default (defaultMode)".to_owned()
    } else {
        format!("it runs with runAsUser {user}, fsGroup {group}")
    };
    let text = format!("{} is denied{what}{place}, permission denied; {why}: \"{}\"", case.who(), told.quote());
    let mut finding = told.finding(Reason::LogCause, text).because("whom it runs as", says);
    if let Some((mount, _)) = mount {
        finding = finding.because(
            "where the path lies",
            object(
                &case.pod_ref(),
                format!("volumeMounts: {} at {} readOnly={}", mount.name, mount.mount_path, mount.read_only),
            ),
        );
    }
    let mend = if script {
        "set defaultMode 0755 on the volume, or run it through its interpreter"
    } else {
        "set an fsGroup or runAsUser that owns the path"
    };
    told.done(finding.action(mend, Some(case.edit()), "low: replaces the pods").check(case.watch()))
}
