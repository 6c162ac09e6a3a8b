//! Memory that is reserved first and handed to an inner operator then.
//!
//! An inner hash join reserves memory by itself, from the pool of the context that it runs in. [`Lease`] is such a pool: it
//! hands out what was reserved before from the real pool, so that a join whose build side is known to fit cannot be refused
//! half way by others who were faster.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use parking_lot::Mutex;

/// A part of a memory pool, and a pool itself.
pub(super) struct Lease {
    reserved: MemoryReservation,
    cap_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    handed_out_bytes: usize,
    /// Whether what is given back goes back to the real pool at once.
    closed: bool,
}

impl Lease {
    /// An empty lease for `name`, which may grow to `cap_bytes`.
    pub(super) fn new(name: String, cap_bytes: usize, context: &TaskContext) -> Self {
        let reserved = MemoryConsumer::new(name).with_can_spill(true).register(context.memory_pool());
        Self { reserved, cap_bytes, state: Mutex::default() }
    }

    /// Reserves more from the real pool; `false` if that or the cap refuses it.
    pub(super) fn try_reserve(&self, bytes: usize) -> bool {
        self.reserved.size().saturating_add(bytes) <= self.cap_bytes && self.reserved.try_grow(bytes).is_ok()
    }

    /// Gives back what is not handed out, now and from here on.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        self.reserved.resize(state.handed_out_bytes);
    }

    /// `context` with this lease as its memory pool.
    pub(super) fn context(self: &Arc<Self>, context: &TaskContext) -> Result<Arc<TaskContext>> {
        let pool: Arc<dyn MemoryPool> = Arc::clone(self) as _;
        let runtime = RuntimeEnvBuilder::from_runtime_env(&context.runtime_env()).with_memory_pool(pool).build_arc()?;
        let config = context.session_config().clone();
        Ok(Arc::new(TaskContext::default().with_session_config(config).with_runtime(runtime)))
    }
}

impl MemoryPool for Lease {
    fn name(&self) -> &str {
        "lease"
    }

    fn grow(&self, _reservation: &MemoryReservation, additional: usize) {
        let mut state = self.state.lock();
        state.handed_out_bytes += additional;
        // The estimate of a hash table may be a little low; then the real pool is told, not asked.
        self.reserved.grow(state.handed_out_bytes.saturating_sub(self.reserved.size()));
    }

    fn shrink(&self, _reservation: &MemoryReservation, shrink: usize) {
        let mut state = self.state.lock();
        state.handed_out_bytes = state.handed_out_bytes.saturating_sub(shrink);
        if state.closed {
            self.reserved.resize(state.handed_out_bytes);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.grow(reservation, additional);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.state.lock().handed_out_bytes
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.cap_bytes)
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lease({} of {} bytes)", self.reserved(), self.reserved.size())
    }
}
