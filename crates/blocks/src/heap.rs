//! Memory that was freed goes back to the system.
//!
//! Allocators keep what was freed for later. Blocks of changing sizes leave gaps in it, and under a limit that a run reaches again and
//! again what is kept can become as much as the limit itself. So a run that comes near its limit hands it back from time to time; others
//! do not, as memory that is new to the process costs a page fault every 4 KiB.

/// Bytes that are freed between one time and the next: an eighth of the limit, within these.
const LEAST_BYTES: u64 = 32 << 20;
const MOST_BYTES: u64 = 128 << 20;

/// Counts what a run frees.
#[derive(Debug, Default)]
pub(crate) struct Freed {
    bytes: u64,
}

impl Freed {
    /// So many bytes more.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether it is time to hand them back, for a run that had `peak_bytes` at most; if so the count starts anew.
    pub(crate) fn is_due(&mut self, peak_bytes: u64, limit_bytes: u64) -> bool {
        let due = peak_bytes >= limit_bytes / 2 && self.bytes >= (limit_bytes / 8).clamp(LEAST_BYTES, MOST_BYTES);
        if due {
            self.bytes = 0;
        }
        due
    }
}

/// Hands freed memory back, where the system's allocator does not do so by itself. Others are not touched by this.
pub(crate) fn hand_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: no memory that is in use is touched; callable from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_runs_near_their_limit_hand_back() {
        let mut freed = Freed::default();
        freed.add(127 << 20);
        assert!(!freed.is_due(1 << 30, 1 << 30));
        freed.add(1 << 20);
        assert!(!freed.is_due(500 << 20, 1 << 30));
        assert!(freed.is_due(512 << 20, 1 << 30));
        assert!(!freed.is_due(512 << 20, 1 << 30));
    }
}
