//! How much memory a run may take.

use std::sync::Mutex;
use std::sync::PoisonError;

/// Memory that is reserved before it is taken. A session's pool, or a plain limit.
pub trait Memory: Send + Sync + 'static {
    /// Reserves so many more bytes; whether there was room.
    fn try_grow(&self, bytes: u64) -> bool;
    /// Gives back bytes that were reserved.
    fn shrink(&self, bytes: u64);
    /// The most bytes that may ever be reserved; plans are made for it.
    fn limit(&self) -> u64;
    /// Bytes that are reserved now, by whomever.
    fn reserved(&self) -> u64;
}

/// A limit of bytes.
#[derive(Debug)]
pub struct MemoryLimit {
    limit: u64,
    usage: Mutex<Usage>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Usage {
    now: u64,
    peak: u64,
}

impl MemoryLimit {
    /// So many bytes.
    pub fn new(limit_bytes: u64) -> Self {
        Self { limit: limit_bytes, usage: Mutex::default() }
    }

    /// The most bytes that were reserved at a time.
    pub fn peak(&self) -> u64 {
        self.current().peak
    }

    fn current(&self) -> Usage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory for MemoryLimit {
    fn try_grow(&self, bytes: u64) -> bool {
        let mut current = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(after) = current.now.checked_add(bytes).filter(|after| *after <= self.limit) else { return false };
        *current = Usage { now: after, peak: current.peak.max(after) };
        true
    }

    fn shrink(&self, bytes: u64) {
        let mut current = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        current.now = current.now.saturating_sub(bytes);
    }

    fn limit(&self) -> u64 {
        self.limit
    }

    fn reserved(&self) -> u64 {
        self.current().now
    }
}
