//! The first position of an extreme.

use super::fold::{Bounds, Max, Min, fold_run};
use super::kernel::{Kernel, component, read};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::memory::filled;
use crate::ndarray::NdArray;
use crate::scalar::NAT;

/// Elements with an order and a missing value.
pub(crate) trait Ordered: Copy + Send + Sync + 'static {
    type In: Element;
    fn less(a: Self::In, b: Self::In) -> bool;
    fn missing(a: Self::In) -> bool;
    /// The extreme of many, or a missing one if there is one.
    fn extreme(values: &[Self::In], greatest: bool) -> Self::In;
}

impl<T: Bounds> Ordered for T {
    type In = T;

    #[inline(always)]
    fn less(a: T, b: T) -> bool {
        a.less(b)
    }

    #[inline(always)]
    fn missing(a: T) -> bool {
        a.nan()
    }

    fn extreme(values: &[T], greatest: bool) -> T {
        if greatest { fold_run::<Max<T>>(values) } else { fold_run::<Min<T>>(values) }
    }
}

/// Dates and durations, NaT missing.
#[derive(Clone, Copy)]
pub(crate) struct Moment;

impl Ordered for Moment {
    type In = i64;

    #[inline(always)]
    fn less(a: i64, b: i64) -> bool {
        a < b
    }

    #[inline(always)]
    fn missing(a: i64) -> bool {
        a == NAT
    }

    fn extreme(values: &[i64], greatest: bool) -> i64 {
        let found = if greatest { values.iter().max() } else { values.iter().min() };
        let has_missing = values.contains(&NAT);
        if has_missing { NAT } else { found.copied().unwrap_or(NAT) }
    }
}

/// The kernel: for each state the best value and its position, -1 while there is none.
#[derive(Clone)]
pub(crate) struct Arg<A: Ordered, const MAX: bool, const SKIP: bool> {
    best: Vec<A::In>,
    positions: Vec<i64>,
}

impl<A: Ordered, const MAX: bool, const SKIP: bool> Arg<A, MAX, SKIP> {
    pub(crate) fn new(states: usize) -> Self {
        Self { best: filled(A::In::default(), states), positions: filled(-1, states) }
    }

    /// Whether a value at a position goes before the best so far.
    #[inline(always)]
    fn wins(value: A::In, position: i64, best: A::In, best_position: i64) -> bool {
        let earlier = position < best_position;
        let value_missing = A::missing(value);
        if SKIP && value_missing {
            return false;
        }
        if best_position < 0 {
            return true;
        }
        let best_missing = A::missing(best);
        if value_missing || best_missing {
            return value_missing && (!best_missing || earlier);
        }
        let better = if MAX { A::less(best, value) } else { A::less(value, best) };
        let worse = if MAX { A::less(value, best) } else { A::less(best, value) };
        better || (!worse && earlier)
    }

    #[inline(always)]
    fn take(&mut self, state: usize, value: A::In, position: i64) {
        if Self::wins(value, position, self.best[state], self.positions[state]) {
            self.best[state] = value;
            self.positions[state] = position;
        }
    }
}

impl<A: Ordered, const MAX: bool, const SKIP: bool> Kernel for Arg<A, MAX, SKIP> {
    type In = A::In;

    fn run(&mut self, state: usize, values: &[A::In], position: i64, step: i64) {
        if !SKIP && values.len() > 64 {
            // Vectors find the extreme; the place is looked for only if it wins.
            let extreme = A::extreme(values, MAX);
            let last = position + (values.len() as i64 - 1) * step;
            if self.positions[state] < 0
                || Self::wins(extreme, position.min(last), self.best[state], self.positions[state])
            {
                let missing = A::missing(extreme);
                let same = |value: &A::In| if missing { A::missing(*value) } else { *value == extreme };
                if let Some(place) = values.iter().position(same) {
                    self.take(state, extreme, position + place as i64 * step);
                }
            }
            return;
        }
        for (place, value) in values.iter().enumerate() {
            self.take(state, *value, position + place as i64 * step);
        }
    }

    fn rows(&mut self, first: usize, values: &[A::In], position: i64, step: i64) {
        for (place, value) in values.iter().enumerate() {
            self.take(first + place, *value, position + place as i64 * step);
        }
    }

    fn states(&self) -> usize {
        self.best.len()
    }

    fn arrays(&self) -> Vec<NdArray> {
        vec![component(&self.best), component(&self.positions)]
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        let best = read::<A::In>(arrays, 0, self.best.len())?;
        let positions = read::<i64>(arrays, 1, self.best.len())?;
        for (state, (value, position)) in best.into_iter().zip(positions).enumerate() {
            if position >= 0 {
                self.take(state, value, position);
            }
        }
        Ok(())
    }

    fn finish(&self, _: u64, dtype: DType) -> Result<NdArray> {
        if self.positions.iter().any(|position| *position < 0) {
            return Err(KernelError::invalid("All-NaN slice encountered"));
        }
        super::fold::finished(&self.positions, dtype)
    }
}
