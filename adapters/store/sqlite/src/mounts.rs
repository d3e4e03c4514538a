//! Whether a directory lies on a network file system, as `/proc/self/mountinfo` tells it (proc(5)).
//!
//! SQLite's WAL needs shared memory and locks that hold between processes; network file systems promise neither
//! (<https://sqlite.org/wal.html>, <https://sqlite.org/faq.html#q5>). Where there is no mountinfo nothing is refused.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// File systems whose files live on another machine, as the kernel or FUSE calls them.
const NETWORK: [&str; 22] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse.ceph",
    "fuse.ceph-fuse",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "orangefs",
    "smb3",
    "smbfs",
];

/// The kind of network file system that `path` lies on; none when it is a local one. `path` is absolute, without links.
pub(crate) fn network(mountinfo: &str, path: &Path) -> Option<String> {
    let mut nearest: Option<(PathBuf, &str)> = None;
    for (point, kind) in mountinfo.lines().filter_map(mount) {
        // A later mount on the same point hides the earlier one.
        let nearer = nearest.as_ref().is_none_or(|(best, _)| point.components().count() >= best.components().count());
        if path.starts_with(&point) && nearer {
            nearest = Some((point, kind));
        }
    }
    nearest.and_then(|(_, kind)| NETWORK.contains(&kind).then(|| kind.to_owned()))
}

/// Mount point and kind of one line: `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw`.
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (mount, file_system) = line.split_once(" - ")?;
    let point = mount.split(' ').nth(4)?;
    Some((PathBuf::from(OsString::from_vec(unescape(point.as_bytes()))), file_system.split(' ').next()?))
}

/// The kernel writes blanks, line ends and backslashes as three octal digits.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) = (first, tail) {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MOUNTS: &str = "\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 0:21 / /proc rw,relatime - proc proc rw
40 22 0:50 / /srv rw shared:9 - nfs4 filer:/srv rw,vers=4.2
41 40 254:2 / /srv/local rw - xfs /dev/vdb rw
42 22 0:51 / /mnt/with\\040blank rw - cifs //server/share rw
43 22 0:52 / /home rw - autofs systemd-1 rw
44 22 0:53 / /home rw - fuse.sshfs me@host:/ rw
45 22 0:54 / /data rw - nfs filer:/data rw
46 22 254:3 / /data rw - ext4 /dev/vdc rw
a line that is none
";

    #[rstest]
    #[case::root_is_local("/var/lib/midwatch", None)]
    #[case::below_nfs("/srv/midwatch", Some("nfs4"))]
    #[case::the_mount_point_itself("/srv", Some("nfs4"))]
    #[case::a_name_that_only_begins_like_it("/srv2/midwatch", None)]
    #[case::a_local_disk_below_nfs("/srv/local/midwatch", None)]
    #[case::an_escaped_blank("/mnt/with blank/x", Some("cifs"))]
    #[case::the_later_of_two_on_one_point("/home/me", Some("fuse.sshfs"))]
    #[case::a_local_disk_over_nfs("/data/x", None)]
    fn the_longest_mount_point_decides(#[case] path: &str, #[case] kind: Option<&str>) {
        assert_eq!(network(MOUNTS, Path::new(path)).as_deref(), kind);
    }

    #[test]
    fn without_a_table_nothing_is_refused() {
        assert_eq!(network("", Path::new("/srv")), None);
    }
}
