//! The incident of `midwatch demo`: files that are part of the binary, and a place on disk for them while it runs.

use std::fs;
use std::io;

use tempfile::TempDir;

/// What the reader of the thread is told instead of a temporary directory.
pub(crate) const SOURCE: &str = "a recorded cluster that comes with Midwatch";

/// When it was recorded.
pub(crate) const AS_OF: &str = "2026-11-22T04:36:31Z";

macro_rules! files {
    ($($path:literal,)*) => { &[$(($path, include_bytes!(concat!("../demo/", $path)))),*] };
}

/// Path and content of every file.
const FILES: &[(&str, &[u8])] = files![
    "alert.json",
    "cluster/inc-crashloop/configmaps.json",
    "cluster/inc-crashloop/cronjobs.json",
    "cluster/inc-crashloop/daemonsets.json",
    "cluster/inc-crashloop/deployments.json",
    "cluster/inc-crashloop/endpoints.json",
    "cluster/inc-crashloop/endpointslices.json",
    "cluster/inc-crashloop/events.json",
    "cluster/inc-crashloop/horizontalpodautoscalers.json",
    "cluster/inc-crashloop/ingresses.json",
    "cluster/inc-crashloop/jobs.json",
    "cluster/inc-crashloop/limitranges.json",
    "cluster/inc-crashloop/networkpolicies.json",
    "cluster/inc-crashloop/payments-api-768fcbbc49-t6lgw/logs-previous.txt",
    "cluster/inc-crashloop/payments-api-768fcbbc49-t6lgw/logs.txt",
    "cluster/inc-crashloop/persistentvolumeclaims.json",
    "cluster/inc-crashloop/poddisruptionbudgets.json",
    "cluster/inc-crashloop/pods.json",
    "cluster/inc-crashloop/replicasets.json",
    "cluster/inc-crashloop/replication-controllers.json",
    "cluster/inc-crashloop/resourcequotas.json",
    "cluster/inc-crashloop/rolebindings.json",
    "cluster/inc-crashloop/roles.json",
    "cluster/inc-crashloop/secrets.json",
    "cluster/inc-crashloop/serviceaccounts.json",
    "cluster/inc-crashloop/services.json",
    "cluster/inc-crashloop/statefulsets.json",
    "cluster/mutatingwebhookconfigurations.json",
    "cluster/namespaces.json",
    "cluster/nodes.json",
    "cluster/persistentvolumes.json",
    "cluster/priorityclasses.json",
    "cluster/storageclasses.json",
    "cluster/validatingwebhookconfigurations.json",
];

/// Writes the files to a directory that is removed when it is dropped.
pub(crate) fn unpack() -> io::Result<TempDir> {
    let dir = tempfile::Builder::new().prefix("midwatch-demo-").tempdir()?;
    for (path, content) in FILES {
        let path = dir.path().join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn files_below(dir: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn the_binary_holds_every_file_of_the_demo() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        let mut on_disk = BTreeSet::new();
        files_below(&root, &root, &mut on_disk);
        assert_eq!(on_disk, FILES.iter().map(|(path, _)| (*path).to_owned()).collect());
    }

    #[test]
    fn the_directory_goes_away() {
        let dir = unpack().unwrap();
        let path = dir.path().to_owned();
        assert!(path.join("alert.json").is_file());
        drop(dir);
        assert!(!path.exists());
    }
}
