//! What the operating system says about this process.

/// The largest resident memory of this process so far, in bytes; `None` where the platform does not tell.
pub fn peak_rss_bytes() -> Option<u64> {
    from_proc().or_else(from_rusage)
}

/// Linux's own figure; unlike `getrusage` it does not include what the parent held when it started us.
fn from_proc() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn from_rusage() -> Option<u64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `getrusage` fills the struct it is given, and all zeros is a valid `rusage`.
    let usage = unsafe {
        if libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) != 0 {
            return None;
        }
        usage.assume_init()
    };
    let largest = u64::try_from(usage.ru_maxrss).ok()?;
    // macOS counts bytes, the others kibibytes.
    Some(if cfg!(target_os = "macos") { largest } else { largest * 1024 })
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_has_held_something() {
        let peak = super::peak_rss_bytes().unwrap();
        assert!((1 << 20..1 << 40).contains(&peak), "{peak}");
    }
}
