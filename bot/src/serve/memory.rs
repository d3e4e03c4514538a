//! What the process holds of memory, and what its cgroup lets it hold: `midwatch_process_*_bytes`.
//!
//! Read from `/proc` and `/sys/fs/cgroup`, which never wait for a disk. Where there are none (another system than Linux) the
//! figures stay 0. Must never end the server. Start at [`run`].

use std::path::Path;
use std::time::Duration;

use midwatch_service::metrics::{Memory, Metrics};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often it is looked at: a leak is noticed in minutes.
const EVERY: Duration = Duration::from_secs(5);

/// More than any machine has: how cgroups of version 1 say that there is no limit.
/// <https://docs.kernel.org/admin-guide/cgroup-v1/memory.html>.
const NO_LIMIT: u64 = 1 << 60;

/// Looks until it is stopped.
pub(super) async fn run(metrics: &Metrics, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Some(memory) = look(Path::new("/")) {
            metrics.memory(&memory);
        }
    }
}

/// What is true now on the system whose root this is; none where it cannot be seen.
fn look(root: &Path) -> Option<Memory> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let resident = resident(&read("proc/self/status")?)?;
    let groups = read("proc/self/cgroup").unwrap_or_default();
    Some(Memory { resident, limit: limit(&groups, read) })
}

/// `VmRSS` of <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>, in bytes.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The smallest limit of the process's memory group and those around it, of either version of cgroups:
/// <https://man7.org/linux/man-pages/man7/cgroups.7.html>. In a container its own group is the root of what can be seen.
fn limit(groups: &str, read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let of = |line: &str| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        if controllers.is_empty() {
            return Some(("sys/fs/cgroup", "memory.max", path.to_owned()));
        }
        let is_memory = controllers.split(',').any(|controller| controller == "memory");
        is_memory.then(|| ("sys/fs/cgroup/memory", "memory.limit_in_bytes", path.to_owned()))
    };
    let limits = groups.lines().filter_map(of).flat_map(|(base, file, path)| {
        let around = Path::new(&path).ancestors().map(|group| format!("{base}{}/{file}", trimmed(group)));
        around.collect::<Vec<_>>()
    });
    limits.filter_map(|path| read(&path)?.trim().parse().ok()).filter(|limit| *limit < NO_LIMIT).min()
}

/// A path below which a name can be put: `/` becomes nothing.
fn trimmed(path: &Path) -> String {
    path.to_string_lossy().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::in_a_container("0::/\n", &[("sys/fs/cgroup/memory.max", "536870912\n")], Some(536_870_912))]
    #[case::without_a_limit("0::/\n", &[("sys/fs/cgroup/memory.max", "max\n")], None)]
    #[case::around_it(
        "0::/pods/one\n",
        &[("sys/fs/cgroup/pods/one/memory.max", "max"), ("sys/fs/cgroup/pods/memory.max", "1000")],
        Some(1000)
    )]
    #[case::the_older_version(
        "9:cpu:/\n4:hugetlb,memory:/\n",
        &[("sys/fs/cgroup/memory/memory.limit_in_bytes", "2048\n")],
        Some(2048)
    )]
    #[case::the_older_version_without(
        "4:memory:/\n",
        &[("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")],
        None
    )]
    #[case::nothing_to_see("", &[], None)]
    fn the_smallest_limit_counts(#[case] groups: &str, #[case] files: &[(&str, &str)], #[case] expected: Option<u64>) {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        assert_eq!(limit(groups, |path| files.get(path).map(|text| (*text).to_owned())), expected);
    }

    #[test]
    fn this_process_holds_some() {
        let memory = look(Path::new("/")).unwrap();
        assert!(memory.resident > 1 << 20, "{memory:?}");
        assert_eq!(resident("Name:\tx\nVmRSS:\t     512 kB\n"), Some(512 * 1024));
        assert_eq!(resident("Name:\tx\n"), None);
    }
}
