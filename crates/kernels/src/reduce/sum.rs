//! Sums and means of floats: in `float64`, compensated.
//!
//! Within a run, 32 sums go side by side; the sums of runs, and single elements where an axis in the middle is reduced, are added with
//! what rounding lost kept apart (Knuth's two-sum), and put back at the end.

use std::marker::PhantomData;

use super::fold::finished;
use super::kernel::{Kernel, Row, by_columns, component, read};
use crate::cast::CastFrom;
use crate::dtype::DType;
use crate::element::Element;
use crate::error::Result;
use crate::f16;
use crate::isa::{Work, perform};
use crate::memory::filled;
use crate::ndarray::NdArray;
use crate::scalar::NAT;

/// What adds up as `f64`. `lift` is `#[inline(always)]`.
pub(crate) trait Addend: Copy + Send + Sync + 'static {
    type In: Element;
    fn lift(value: Self::In) -> f64;
}

macro_rules! addends {
    ($($T:ty),*) => {$(
        impl Addend for $T {
            type In = $T;
            #[inline(always)]
            fn lift(value: $T) -> f64 {
                f64::cast_from(value)
            }
        }
    )*};
}

addends!(bool, i8, i16, i32, i64, u8, u16, u32, u64, f16, f32, f64);

/// Durations: NaT is NaN.
#[derive(Clone, Copy)]
pub(crate) struct Ticks;

impl Addend for Ticks {
    type In = i64;
    #[inline(always)]
    fn lift(value: i64) -> f64 {
        if value == NAT { f64::NAN } else { value as f64 }
    }
}

/// The kernel: for each state the sum, what it lost, and with `SKIP` the count of what is not NaN.
#[derive(Clone)]
pub(crate) struct FloatSum<A, const SKIP: bool> {
    sums: Vec<f64>,
    lost: Vec<f64>,
    counts: Vec<f64>,
    mean: bool,
    addend: PhantomData<A>,
}

impl<A: Addend, const SKIP: bool> FloatSum<A, SKIP> {
    pub(crate) fn new(states: usize, mean: bool) -> Self {
        let counts = if SKIP { filled(0.0, states) } else { Vec::new() };
        Self { sums: filled(0.0, states), lost: filled(0.0, states), counts, mean, addend: PhantomData }
    }

    /// The sums, or the means of `count` elements.
    pub(crate) fn totals(&self, count: u64) -> Vec<f64> {
        let mean = self.mean;
        let mut totals: Vec<f64> = self
            .sums
            .iter()
            .zip(&self.lost)
            .map(|(sum, lost)| if sum.is_finite() { sum + lost } else { *sum })
            .collect();
        if mean && SKIP {
            totals.iter_mut().zip(&self.counts).for_each(|(total, count)| *total /= count);
        } else if mean {
            totals.iter_mut().for_each(|total| *total /= count as f64);
        }
        totals
    }
}

const LANES: usize = 32;

/// The sum of many elements, and with `SKIP` the count of those that are not NaN.
pub(crate) struct RunSum<'a, A: Addend, const SKIP: bool>(pub(crate) &'a [A::In]);

impl<A: Addend, const SKIP: bool> Work for RunSum<'_, A, SKIP> {
    type Given = (f64, f64);

    #[inline(always)]
    fn work(self) -> (f64, f64) {
        let mut lanes = [0.0f64; LANES];
        let mut missing = [0.0f64; LANES];
        let mut chunks = self.0.chunks_exact(LANES);
        for chunk in &mut chunks {
            for ((lane, missing), value) in lanes.iter_mut().zip(&mut missing).zip(chunk) {
                let value = A::lift(*value);
                if SKIP {
                    *lane += if value.is_nan() { 0.0 } else { value };
                    *missing += if value.is_nan() { 1.0 } else { 0.0 };
                } else {
                    *lane += value;
                }
            }
        }
        for (place, value) in chunks.remainder().iter().enumerate() {
            let value = A::lift(*value);
            let skipped = SKIP && value.is_nan();
            lanes[place] += if skipped { 0.0 } else { value };
            missing[place] += if skipped { 1.0 } else { 0.0 };
        }
        let mut width = LANES / 2;
        while width > 0 {
            for place in 0..width {
                lanes[place] += lanes[place + width];
                missing[place] += missing[place + width];
            }
            width /= 2;
        }
        (lanes[0], self.0.len() as f64 - missing[0])
    }
}

struct RowsSum<'a, A: Addend, const SKIP: bool> {
    sums: &'a mut [f64],
    lost: &'a mut [f64],
    counts: &'a mut [f64],
    values: &'a [A::In],
}

impl<A: Addend, const SKIP: bool> Work for RowsSum<'_, A, SKIP> {
    type Given = ();

    #[inline(always)]
    fn work(self) {
        for ((sum, lost), value) in self.sums.iter_mut().zip(self.lost).zip(self.values) {
            let value = A::lift(*value);
            let value = if SKIP && value.is_nan() { 0.0 } else { value };
            add(sum, lost, value);
        }
        if SKIP {
            for (count, value) in self.counts.iter_mut().zip(self.values) {
                *count += if A::lift(*value).is_nan() { 0.0 } else { 1.0 };
            }
        }
    }
}

struct ColumnsSum<'a, A: Addend, const SKIP: bool> {
    sums: &'a mut [f64],
    lost: &'a mut [f64],
    counts: &'a mut [f64],
    rows: &'a [Row<'a, A::In>],
}

impl<A: Addend, const SKIP: bool> Work for ColumnsSum<'_, A, SKIP> {
    type Given = ();

    #[inline(always)]
    fn work(self) {
        let Self { sums, lost, counts, rows } = self;
        by_columns(rows, |start, pieces| {
            let width = pieces[0].len();
            let (sums, lost) = (&mut sums[start..start + width], &mut lost[start..start + width]);
            let take = |sum: &mut f64, lost: &mut f64, value: A::In| {
                let value = A::lift(value);
                add(sum, lost, if SKIP && value.is_nan() { 0.0 } else { value });
            };
            if let (Ok(sums), Ok(lost)) =
                (<&mut [f64; 16]>::try_from(&mut *sums), <&mut [f64; 16]>::try_from(&mut *lost))
            {
                let (mut own_sums, mut own_lost) = (*sums, *lost);
                for piece in pieces {
                    for ((sum, lost), value) in own_sums.iter_mut().zip(&mut own_lost).zip(&piece[..16]) {
                        take(sum, lost, *value);
                    }
                }
                (*sums, *lost) = (own_sums, own_lost);
            } else {
                for piece in pieces {
                    for ((sum, lost), value) in sums.iter_mut().zip(&mut *lost).zip(*piece) {
                        take(sum, lost, *value);
                    }
                }
            }
            if SKIP {
                for piece in pieces {
                    for (count, value) in counts[start..].iter_mut().zip(*piece) {
                        *count += if A::lift(*value).is_nan() { 0.0 } else { 1.0 };
                    }
                }
            }
        });
    }
}

#[inline(always)]
fn add(sum: &mut f64, lost: &mut f64, value: f64) {
    let total = *sum + value;
    let other = total - *sum;
    *lost += (*sum - (total - other)) + (value - other);
    *sum = total;
}

impl<A: Addend, const SKIP: bool> Kernel for FloatSum<A, SKIP> {
    type In = A::In;

    fn run(&mut self, state: usize, values: &[A::In], _: i64, _: i64) {
        let (sum, count) = if values.len() < LANES && !SKIP {
            (values.iter().map(|value| A::lift(*value)).sum(), 0.0)
        } else {
            perform(RunSum::<A, SKIP>(values))
        };
        add(&mut self.sums[state], &mut self.lost[state], sum);
        if SKIP {
            self.counts[state] += count;
        }
    }

    fn lines(&mut self, first: usize, values: &[A::In], length: usize, position: i64, step: i64) {
        let lines = values.chunks_exact(length);
        if SKIP || length >= LANES {
            lines.enumerate().for_each(|(place, line)| self.run(first + place, line, position, step));
            return;
        }
        let states = self.sums[first..].iter_mut().zip(&mut self.lost[first..]);
        for ((sum, lost), line) in states.zip(lines) {
            add(sum, lost, line.iter().map(|value| A::lift(*value)).sum());
        }
    }

    fn rows(&mut self, first: usize, values: &[A::In], _: i64, _: i64) {
        let range = first..first + values.len();
        let counts = if SKIP { &mut self.counts[range.clone()] } else { &mut [] };
        perform(RowsSum::<A, SKIP> {
            sums: &mut self.sums[range.clone()],
            lost: &mut self.lost[range],
            counts,
            values,
        });
    }

    fn columns(&mut self, first: usize, rows: &[Row<'_, A::In>]) {
        let range = first..first + rows.first().map_or(0, |row| row.0.len());
        let counts = if SKIP { &mut self.counts[range.clone()] } else { &mut [] };
        perform(ColumnsSum::<A, SKIP> {
            sums: &mut self.sums[range.clone()],
            lost: &mut self.lost[range],
            counts,
            rows,
        });
    }

    fn states(&self) -> usize {
        self.sums.len()
    }

    fn arrays(&self) -> Vec<NdArray> {
        let mut arrays = vec![component(&self.sums), component(&self.lost)];
        if SKIP {
            arrays.push(component(&self.counts));
        }
        arrays
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        let states = self.sums.len();
        let (sums, lost) = (read::<f64>(arrays, 0, states)?, read::<f64>(arrays, 1, states)?);
        for state in 0..states {
            add(&mut self.sums[state], &mut self.lost[state], sums[state]);
            self.lost[state] += lost[state];
        }
        if SKIP {
            let counts = read::<f64>(arrays, 2, states)?;
            self.counts.iter_mut().zip(counts).for_each(|(count, other)| *count += other);
        }
        Ok(())
    }

    fn finish(&self, count: u64, dtype: DType) -> Result<NdArray> {
        let totals = self.totals(count);
        if dtype.is_time() {
            let ticks: Vec<i64> = totals.into_iter().map(crate::cast::float_to_i64).collect();
            return finished(&ticks, dtype);
        }
        finished(&totals, dtype)
    }
}
