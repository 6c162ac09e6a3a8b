//! The pool from which operators reserve memory.

use std::fmt;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};
use parking_lot::Mutex;

use crate::resident::ResidentWatch;

/// Share of the limit that is kept for consumers that hold little.
const HEADROOM_SHARE: f64 = 0.25;

/// Share of the limit that one operator that can spill may take.
const SPILLER_SHARE: f64 = 0.5;

/// A memory pool in which whoever can spill may take what is free, down to a headroom that is kept for the others.
///
/// - A consumer that cannot spill gets what is free, up to the limit.
/// - A consumer that can spill gets what is free above the headroom, up to half of the limit for all partitions of an
///   operator together; and, out of the headroom, an equal part of it. The half is there because a sort or an aggregation
///   that spills holds what it writes twice for a moment, which is not reserved.
///
/// DataFusion's fair pool gives each consumer that can spill the same part of the whole, and as each output partition of each
/// exchange counts as one, a join or an aggregation among thirty of them would spill with most of the memory free. Its greedy
/// pool gives all to the first who asks, and then a sort that must merge its spilled runs has nothing to do it in.
///
/// What is reserved is not all that a process holds: it also has freed memory returned, see [`resident`](crate::resident).
#[derive(Debug)]
pub struct HeadroomPool {
    limit_bytes: usize,
    headroom_bytes: usize,
    spiller_bytes: usize,
    state: Mutex<State>,
    resident: ResidentWatch,
}

#[derive(Debug, Default)]
struct State {
    used_bytes: usize,
    spillable_consumers: usize,
}

impl HeadroomPool {
    /// A pool of `limit_bytes` for plans of `partitions` partitions.
    pub fn new(limit_bytes: usize, partitions: usize) -> Self {
        let headroom_bytes = (limit_bytes as f64 * HEADROOM_SHARE) as usize;
        let spiller_bytes = (limit_bytes as f64 * SPILLER_SHARE) as usize / partitions.max(1);
        let resident = ResidentWatch::new(limit_bytes);
        Self { limit_bytes, headroom_bytes, spiller_bytes, state: Mutex::default(), resident }
    }

    /// What `reservation` may still take.
    fn available_bytes(&self, state: &State, reservation: &MemoryReservation) -> usize {
        let free = self.limit_bytes.saturating_sub(state.used_bytes);
        if !reservation.consumer().can_spill() {
            return free;
        }
        let below_cap = self.spiller_bytes.saturating_sub(reservation.size());
        let share = (self.headroom_bytes / state.spillable_consumers.max(1)).saturating_sub(reservation.size());
        free.saturating_sub(self.headroom_bytes).min(below_cap).max(share.min(free))
    }
}

impl MemoryPool for HeadroomPool {
    fn name(&self) -> &str {
        "headroom"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.state.lock().spillable_consumers += usize::from(consumer.can_spill());
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.state.lock().spillable_consumers -= usize::from(consumer.can_spill());
    }

    fn grow(&self, _reservation: &MemoryReservation, additional: usize) {
        self.state.lock().used_bytes += additional;
        self.resident.look();
    }

    fn shrink(&self, _reservation: &MemoryReservation, shrink: usize) {
        let mut state = self.state.lock();
        state.used_bytes = state.used_bytes.saturating_sub(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.resident.look();
        let mut state = self.state.lock();
        let available = self.available_bytes(&state, reservation);
        if additional > available {
            return Err(DataFusionError::ResourcesExhausted(format!(
                "{} asked for {} beside the {} that it holds, and {} of the memory limit of {} are left for it",
                reservation.consumer().name(),
                human_readable_size(additional),
                human_readable_size(reservation.size()),
                human_readable_size(available),
                human_readable_size(self.limit_bytes),
            )));
        }
        state.used_bytes += additional;
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.state.lock().used_bytes
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit_bytes)
    }
}

impl fmt::Display for HeadroomPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, limit) = (human_readable_size(self.reserved()), human_readable_size(self.limit_bytes));
        write!(f, "{}(used: {used}, limit: {limit})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn spillers_leave_the_headroom_to_the_others() {
        let pool: Arc<dyn MemoryPool> = Arc::new(HeadroomPool::new(1000, 1));
        let spiller = |name: &str| MemoryConsumer::new(name).with_can_spill(true).register(&pool);
        let (greedy, second, late, later) = (spiller("greedy"), spiller("second"), spiller("late"), spiller("later"));
        greedy.try_grow(500).unwrap();
        let error = greedy.try_grow(1).unwrap_err().to_string();
        assert!(error.contains("greedy asked for 1"), "{error}");
        second.try_grow(250).unwrap();
        second.try_grow(1).unwrap_err();
        // A quarter of the headroom each.
        late.try_grow(62).unwrap();
        late.try_grow(1).unwrap_err();
        later.try_grow(62).unwrap();

        let stubborn = MemoryConsumer::new("stubborn").register(&pool);
        stubborn.try_grow(127).unwrap_err();
        stubborn.try_grow(126).unwrap();
        assert_eq!(pool.reserved(), 1000);
        drop((greedy, second, late, later, stubborn));
        assert_eq!(pool.reserved(), 0);
    }
}
