//! Memory that was freed goes back to the system.
//!
//! Allocators keep what was freed for later. glibc keeps little at first: what a task frees goes back to the system, and comes again page
//! by page, cleared, with the next task. How much it keeps follows the largest thing that was ever freed, which for tasks of some hundred
//! kilobytes need not be more than they; so an engine says it ([`keep_freed`]).
//!
//! Blocks of changing sizes leave gaps in what is kept, and under a limit that a run reaches again and
//! again what is kept can become as much as the limit itself. So a run that comes near its limit hands it back from time to time; others
//! do not, as memory that is new to the process costs a page fault every 4 KiB.

use swath_kernels::memory;

/// Bytes that are freed between one time and the next: an eighth of the limit, within these.
const LEAST_BYTES: u64 = 32 << 20;
const MOST_BYTES: u64 = 128 << 20;

/// What takes as much has pages of its own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_PAGES_BYTES: libc::c_int = 4 << 20;
/// Freed bytes that stay at the end of a heap, of which there is one a thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_BYTES: libc::c_int = 16 << 20;

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

/// Of what results and large blocks free, so much is kept for the next ones: an eighth of the limit, and no more than this.
const MOST_KEPT_BYTES: u64 = 1 << 30;

/// Has the system's allocator keep what tasks free, as far as nobody said otherwise; larger things have pages of their own, which
/// are kept as far as the engine with the largest limit allows. Allocators other than glibc's are not touched by this.
pub(crate) fn keep_freed(limit_bytes: u64) {
    let kept = usize::try_from((limit_bytes / 8).min(MOST_KEPT_BYTES)).unwrap_or(0);
    memory::keep(kept.max(memory::may_keep()));
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let said = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"];
            if said.iter().any(|name| std::env::var_os(name).is_some()) {
                return;
            }
            // SAFETY: thresholds of the allocator, which may be set at any time.
            unsafe {
                libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_PAGES_BYTES);
                libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
            }
        });
    }
}

/// Hands freed memory back, where the system's allocator does not do so by itself. Others are not touched by this.
pub(crate) fn hand_back() {
    memory::hand_back();
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
