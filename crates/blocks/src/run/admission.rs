//! Whether a task may start: its memory is reserved, for which blocks that are needed last go to disk.

use smallvec::SmallVec;
use swath_arrays::ArrayExpr;
use swath_arrays::explain::bytes as in_units;

use super::{DONE, Guard, Run, State};
use crate::error::{BlocksError, Result};

/// Whether a task may start.
pub(super) enum Admission {
    /// It has its memory.
    Granted,
    /// The run is at its end, or something else comes first.
    Retry,
    /// When another task of this run has ended.
    Wait,
    /// When others than this run give memory back.
    WaitForOthers,
    /// It does not fit.
    Never,
}

impl Run {
    /// Pins the blocks in memory that a task reads where they lie. They, and what is left to reserve of what the task may take.
    pub(super) fn pin(&self, state: &mut State, task: usize, bytes: u64) -> (SmallVec<[usize; 4]>, u64) {
        let mut pinned = SmallVec::new();
        let mut left = bytes;
        if self.graph.reads_in_place[task] {
            for block in self.graph.needs.of(task) {
                if let Some(own) = state.store.pin(*block as usize) {
                    pinned.push(*block as usize);
                    left = left.saturating_sub(own);
                }
            }
        }
        (pinned, left)
    }

    /// Reserves the memory of a task, for which others go to disk if need be.
    pub(super) fn reserve<'a>(&'a self, mut state: Guard<'a>, bytes: u64) -> (Guard<'a>, Result<Admission>) {
        let memory = &self.engine.memory;
        loop {
            if memory.try_grow(bytes) {
                state.reserved += bytes;
                state.peak = state.peak.max(state.reserved);
                return (state, Ok(Admission::Granted));
            }
            let State { store, missing, .. } = &mut *state;
            let victims = store.victims(bytes, |block| self.next_use(missing, block));
            if victims.is_empty() {
                let others = memory.reserved() > state.reserved && bytes <= memory.limit();
                let admission = match () {
                    () if state.running > 0 || state.writing > 0 => Admission::Wait,
                    () if others => Admission::WaitForOthers,
                    () => Admission::Never,
                };
                return (state, Ok(admission));
            }
            let outcome;
            (state, outcome) = self.write(state, victims);
            if let Err(error) = outcome {
                return (state, Err(error));
            }
            if state.failure.is_some() || self.cancel.is_cancelled() {
                return (state, Ok(Admission::Retry));
            }
        }
    }

    /// The error for a task that does not fit, while the run itself has reserved `own` bytes.
    pub(super) fn too_large(&self, stage: usize, bytes: u64, own: u64) -> BlocksError {
        let memory = &self.engine.memory;
        BlocksError::Memory {
            node: self.stages[stage].nodes.first().map_or_else(String::new, ArrayExpr::describe),
            needs: in_units(bytes),
            available: in_units(memory.limit().saturating_sub(memory.reserved())),
            limit: match memory.reserved().saturating_sub(own) {
                0 => in_units(memory.limit()),
                others => format!("{} (others hold {} of it)", in_units(memory.limit()), in_units(others)),
            },
            remedy: "use smaller chunks, raise the memory limit, or run fewer things at a time",
        }
    }

    /// The place in the order of the next task that reads a block.
    fn next_use(&self, missing: &[u32], block: usize) -> u32 {
        let later = self.graph.users.of(block).iter().filter(|task| missing[**task as usize] != DONE);
        later.map(|task| self.graph.rank[*task as usize]).min().unwrap_or(u32::MAX)
    }

    pub(super) fn give_back(&self, state: &mut State, bytes: u64) {
        let bytes = bytes.min(state.reserved);
        state.reserved -= bytes;
        state.freed.add(bytes);
        self.engine.memory.shrink(bytes);
    }
}
