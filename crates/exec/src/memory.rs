//! What memory the machine, or the cgroup that we run in, leaves us.

use std::fs;
use std::path::Path;

/// Share of the available memory that a session takes when no limit is given.
pub const DEFAULT_SHARE: f64 = 0.7;

/// Bytes of memory that this process may use: the machine's, or its cgroup's limit where that is lower.
///
/// Reads `/proc/meminfo`, and `memory.max` (cgroup v2) or `memory.limit_in_bytes` (v1) of this process's cgroup and its
/// parents. `None` where the platform has neither.
pub fn available_bytes() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| parse_meminfo_total(&text));
    let cgroup =
        cgroup_limit(Path::new("/sys/fs/cgroup"), &fs::read_to_string("/proc/self/cgroup").unwrap_or_default());
    match (machine, cgroup) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The memory limit of a session for which none was given: [`DEFAULT_SHARE`] of [`available_bytes`], or 4 GiB if unknown.
pub fn default_limit_bytes() -> usize {
    let available = available_bytes().unwrap_or(6 << 30);
    (available as f64 * DEFAULT_SHARE) as usize
}

fn parse_meminfo_total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The lowest limit on the way from this process's cgroup up to the root.
fn cgroup_limit(root: &Path, membership: &str) -> Option<u64> {
    membership
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            let (base, file) = match controllers {
                "" => (root.to_path_buf(), "memory.max"),
                list if list.split(',').any(|name| name == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
                _ => return None,
            };
            lowest_on_path(&base, path, file)
        })
        .min()
}

fn lowest_on_path(base: &Path, path: &str, file: &str) -> Option<u64> {
    let mut folder = base.join(path.trim_start_matches('/'));
    let mut lowest: Option<u64> = None;
    loop {
        let limit = fs::read_to_string(folder.join(file)).ok().and_then(|text| text.trim().parse::<u64>().ok());
        lowest = match (lowest, limit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if folder == base || !folder.pop() {
            return lowest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_meminfo() {
        assert_eq!(parse_meminfo_total("MemFree: 1 kB\nMemTotal:       2048 kB\n"), None.or(Some(2048 * 1024)));
        assert_eq!(parse_meminfo_total("nothing"), None);
    }

    #[test]
    fn lowest_cgroup_limit_wins() {
        let root = tempfile::tempdir().unwrap();
        let leaf = root.path().join("a/b");
        fs::create_dir_all(&leaf).unwrap();
        fs::write(root.path().join("a/memory.max"), "1000\n").unwrap();
        fs::write(leaf.join("memory.max"), "max\n").unwrap();
        assert_eq!(cgroup_limit(root.path(), "0::/a/b\n"), Some(1000));
        assert_eq!(cgroup_limit(root.path(), "0::/elsewhere\n"), None);
    }
}
