//! Freed memory that the allocator keeps: when it goes back to the system.
//!
//! An allocator keeps what is freed for a while, as taking it again from the system costs more. Under a memory limit what it
//! keeps counts: after a join that filled the limit, it may keep as much again as the next operator takes. So the program
//! that chose the allocator [tells](give_back_with) how to make it give back, and the memory pool has it called when the
//! process holds more than the limit. Below the limit nothing is given back, and nothing is slower.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

static GIVE_BACK: OnceLock<fn()> = OnceLock::new();

/// Time between two looks at the resident memory: it grows by some 10 MB meanwhile.
const INTERVAL: Duration = Duration::from_millis(5);

/// After a call that brought little, this share of the limit must be added before the next one.
const STEP_SHARE: f64 = 1.0 / 16.0;

/// Says how the process's allocator is made to give freed memory back to the system. The first call counts.
pub fn give_back_with(give_back: fn()) {
    // A second call would come from a second program in this process.
    let _ = GIVE_BACK.set(give_back);
}

/// Bytes of this process in memory; `None` where the platform does not tell.
pub fn resident_bytes() -> Option<u64> {
    parse_statm(&std::fs::read_to_string("/proc/self/statm").ok()?, page_bytes())
}

/// Watches the resident memory of this process on behalf of one memory limit.
#[derive(Debug)]
pub(crate) struct ResidentWatch {
    limit_bytes: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    statm: Option<File>,
    next_look: Instant,
    /// What the resident memory has to exceed.
    threshold_bytes: u64,
}

impl ResidentWatch {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        let limit_bytes = limit_bytes as u64;
        let statm = File::open("/proc/self/statm").ok();
        Self {
            limit_bytes,
            state: Mutex::new(State { statm, next_look: Instant::now(), threshold_bytes: limit_bytes }),
        }
    }

    /// Has freed memory given back if the process holds too much. Called often; looks seldom.
    pub(crate) fn look(&self) {
        if let Some(give_back) = GIVE_BACK.get() {
            self.look_with(*give_back);
        }
    }

    fn look_with(&self, give_back: impl FnOnce()) {
        // Whoever finds it locked need not wait: another looks.
        let Some(mut state) = self.state.try_lock() else { return };
        let now = Instant::now();
        if now < state.next_look {
            return;
        }
        state.next_look = now + INTERVAL;
        let Some(held) = state.resident_bytes() else { return };
        if held <= state.threshold_bytes {
            state.threshold_bytes = state.threshold_bytes.min(held.max(self.limit_bytes));
            return;
        }
        give_back();
        let left = state.resident_bytes().unwrap_or(held);
        let step = (self.limit_bytes as f64 * STEP_SHARE) as u64;
        state.threshold_bytes = self.limit_bytes.max(left + step);
    }
}

impl State {
    fn resident_bytes(&self) -> Option<u64> {
        let mut text = [0; 128];
        let length = self.statm.as_ref()?.read_at(&mut text, 0).ok()?;
        parse_statm(std::str::from_utf8(&text[..length]).ok()?, page_bytes())
    }
}

/// The second number of `/proc/self/statm`: resident pages.
fn parse_statm(text: &str, page_bytes: u64) -> Option<u64> {
    text.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(page_bytes)
}

fn page_bytes() -> u64 {
    // SAFETY: `sysconf` takes a number and touches no memory of ours.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(bytes).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statm_counts_pages() {
        assert_eq!(parse_statm("100 25 7 1 0 50 0\n", 4096), Some(25 * 4096));
        assert_eq!(parse_statm("100", 4096), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_given_back_above_the_limit_and_not_again_at_once() {
        let mut calls = 0;
        let below = ResidentWatch::new(1 << 40);
        below.look_with(|| calls += 1);
        assert_eq!(calls, 0);

        let above = ResidentWatch::new(1 << 20);
        above.look_with(|| calls += 1);
        above.look_with(|| calls += 1);
        assert_eq!(calls, 1, "the second look comes too soon");
        // Nothing came back, so that only growth is a reason to try again.
        above.state.lock().next_look = Instant::now();
        above.state.lock().threshold_bytes += 1 << 30;
        above.look_with(|| calls += 1);
        assert_eq!(calls, 1);
        above.state.lock().next_look = Instant::now();
        above.state.lock().threshold_bytes = 1 << 20;
        above.look_with(|| calls += 1);
        assert_eq!(calls, 2);
    }
}
