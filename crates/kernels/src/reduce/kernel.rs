//! What every reduction has in common, and the choice of one by dtype.

use smallvec::SmallVec;

use super::Reduction;
use super::arg::Arg;
use super::complex::Both;
use super::fold::{
    All, Any, Count, Fold, IntegerProduct, IntegerSum, Max, Min, NanMax, NanMin, Product, TimeMax, TimeMin, TimeSum,
};
use super::moments::Moments;
use super::sum::FloatSum;
use crate::Complex;
use crate::dtype::{DType, Kind};
use crate::element::Element;
use crate::error::Result;
use crate::fused::Cursor;
use crate::isa::{Loop, Ports};
use crate::ndarray::NdArray;

/// Elements side by side, all at one position along what is reduced.
pub(crate) type Row<'a, T> = (&'a [T], i64);

/// States of a reduction whose input type is known.
pub(crate) trait Kernel: Clone + Send + Sync + 'static {
    /// The input.
    type In: Element;

    /// Takes many elements into one state; their positions start at `position` and are `step` apart.
    fn run(&mut self, state: usize, values: &[Self::In], position: i64, step: i64);
    /// Takes one element into each of the states from `first`; positions as in `run`.
    fn rows(&mut self, first: usize, values: &[Self::In], position: i64, step: i64);
    /// Takes one element of each row into each of the states from `first`: rows of equal length, each at one position.
    fn columns(&mut self, first: usize, rows: &[Row<'_, Self::In>]) {
        let length = rows.first().map_or(0, |row| row.0.len());
        for start in (0..length).step_by(STRIP) {
            for (row, position) in rows {
                self.rows(first + start, &row[start..length.min(start + STRIP)], *position, 0);
            }
        }
    }
    /// Takes lines of `length` elements into one state each, from `first`.
    fn lines(&mut self, first: usize, values: &[Self::In], length: usize, position: i64, step: i64) {
        for (place, line) in values.chunks_exact(length).enumerate() {
            self.run(first + place, line, position, step);
        }
    }
    /// Number of states.
    fn states(&self) -> usize;
    /// The components, one element a state.
    fn arrays(&self) -> Vec<NdArray>;
    /// Takes in such components.
    fn merge(&mut self, arrays: &[NdArray]) -> Result<()>;
    /// The results; `count` elements went into each state.
    fn finish(&self, count: u64, dtype: DType) -> Result<NdArray>;
}

/// States of a strip of rows: they stay in the first-level cache while the strip's elements go into them.
const STRIP: usize = 1_024;

/// Rows that are read side by side: as many streams as a processor follows.
pub(crate) const ROWS: usize = 8;

/// Takes rows into states that lie side by side: a few states at a time, which stay in registers.
#[inline(always)]
pub(crate) fn by_columns<T: Copy>(rows: &[Row<'_, T>], mut each: impl FnMut(usize, &[&[T]])) {
    const COLUMNS: usize = 16;
    let length = rows.first().map_or(0, |row| row.0.len());
    let mut pieces: [&[T]; ROWS] = [&[]; ROWS];
    for rows in rows.chunks(ROWS) {
        for start in (0..length).step_by(COLUMNS) {
            let end = length.min(start + COLUMNS);
            for (piece, (row, _)) in pieces.iter_mut().zip(rows) {
                *piece = &row[start..end];
            }
            each(start, &pieces[..rows.len()]);
        }
    }
}

/// [`Kernel`] without the type.
pub(crate) trait Accumulate: Send + Sync {
    /// # Safety
    /// `values` leads to `length` elements of the input's dtype.
    unsafe fn update_tile(&mut self, values: *const u8, length: usize, cursor: &mut Cursor<2>, first_position: i64);
    /// Takes one element of each row into each of the states; rows with their positions, at most [`ROWS`].
    ///
    /// # Safety
    /// Each row leads to `length` elements of the input's dtype.
    unsafe fn update_rows(&mut self, first: usize, rows: &[(*const u8, i64)], length: usize);
    fn states(&self) -> usize;
    fn arrays(&self) -> Vec<NdArray>;
    fn merge(&mut self, arrays: &[NdArray]) -> Result<()>;
    fn finish(&self, count: u64, dtype: DType) -> Result<NdArray>;
    fn boxed(&self) -> Box<dyn Accumulate>;
}

impl Clone for Box<dyn Accumulate> {
    fn clone(&self) -> Self {
        self.as_ref().boxed()
    }
}

impl<K: Kernel> Accumulate for K {
    unsafe fn update_tile(&mut self, values: *const u8, length: usize, cursor: &mut Cursor<2>, first_position: i64) {
        // SAFETY: the caller's promise.
        let mut values = unsafe { std::slice::from_raw_parts(values.cast::<K::In>(), length) };
        while !values.is_empty() {
            if let Some((length, offsets)) = cursor.lines() {
                let count = values.len() / length;
                if count > 0 {
                    let (now, later) = values.split_at(count * length);
                    values = later;
                    let (first, position) = (offsets[0] as usize, first_position + offsets[1] as i64);
                    self.lines(first, now, length, position, cursor.steps()[1] as i64);
                    cursor.skip_lines(count);
                    continue;
                }
            }
            let run = cursor.next_run(values.len());
            let (now, later) = values.split_at(run.length);
            values = later;
            let position = first_position + run.offsets[1] as i64;
            if run.steps[0] == 0 {
                self.run(run.offsets[0] as usize, now, position, run.steps[1] as i64);
            } else {
                self.rows(run.offsets[0] as usize, now, position, run.steps[1] as i64);
            }
        }
    }

    unsafe fn update_rows(&mut self, first: usize, rows: &[(*const u8, i64)], length: usize) {
        // SAFETY: the caller's promise.
        let row = |(row, position): &(*const u8, i64)| unsafe {
            (std::slice::from_raw_parts(row.cast::<K::In>(), length), *position)
        };
        let rows: SmallVec<[Row<'_, K::In>; ROWS]> = rows.iter().map(row).collect();
        self.columns(first, &rows);
    }

    fn states(&self) -> usize {
        Kernel::states(self)
    }

    fn arrays(&self) -> Vec<NdArray> {
        Kernel::arrays(self)
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        Kernel::merge(self, arrays)
    }

    fn finish(&self, count: u64, dtype: DType) -> Result<NdArray> {
        Kernel::finish(self, count, dtype)
    }

    fn boxed(&self) -> Box<dyn Accumulate> {
        Box::new(self.clone())
    }
}

/// One component of a state as an array.
pub(crate) fn component<T: Element>(states: &[T]) -> NdArray {
    NdArray::over(T::DTYPE, &[states.len()], T::into_buffer(states.to_vec()))
}

/// The elements of a component that arrived.
pub(crate) fn read<T: Element>(arrays: &[NdArray], index: usize, states: usize) -> Result<Vec<T>> {
    let missing = || crate::KernelError::invalid("the state of a reduction misses a component");
    let values = arrays.get(index).ok_or_else(missing)?.to_vec::<T>()?;
    if values.len() == states { Ok(values) } else { Err(missing()) }
}

/// A kernel of another dtype, to which each tile is cast: kernels are compiled for a few dtypes only.
#[derive(Clone)]
struct Through {
    cast: Loop,
    from_bytes: usize,
    scratch: Vec<u64>,
    kernel: Box<dyn Accumulate>,
}

impl Through {
    fn wrap(from: DType, to: DType, kernel: Box<dyn Accumulate>) -> Box<dyn Accumulate> {
        if from == to {
            return kernel;
        }
        let (cast, _) = crate::ufunc::cast(from, to);
        let scratch = vec![0; crate::fused::TILE * to.item_size().div_ceil(size_of::<u64>())];
        Box::new(Self { cast, from_bytes: from.item_size(), scratch, kernel })
    }
}

impl Accumulate for Through {
    unsafe fn update_tile(&mut self, values: *const u8, length: usize, cursor: &mut Cursor<2>, first_position: i64) {
        for start in (0..length).step_by(crate::fused::TILE) {
            let length = (length - start).min(crate::fused::TILE);
            let output: *mut u8 = self.scratch.as_mut_ptr().cast();
            let input = values.wrapping_add(start * self.from_bytes);
            let ports = Ports { inputs: [input; 4], output, length, argument: 0 };
            // SAFETY: the input is the caller's promise; the scratch has room for a tile of any dtype's elements.
            unsafe {
                (self.cast)(&ports);
                self.kernel.update_tile(output, length, cursor, first_position);
            }
        }
    }

    unsafe fn update_rows(&mut self, first: usize, rows: &[(*const u8, i64)], length: usize) {
        for start in (0..length).step_by(STRIP) {
            let length = (length - start).min(STRIP);
            for (row, position) in rows {
                let output: *mut u8 = self.scratch.as_mut_ptr().cast();
                let input = row.wrapping_add(start * self.from_bytes);
                let ports = Ports { inputs: [input; 4], output, length, argument: 0 };
                // SAFETY: the input is the caller's promise; the scratch has room for a tile, which is more than a strip.
                unsafe {
                    (self.cast)(&ports);
                    self.kernel.update_rows(first + start, &[(output, *position)], length);
                }
            }
        }
    }

    fn states(&self) -> usize {
        self.kernel.states()
    }

    fn arrays(&self) -> Vec<NdArray> {
        self.kernel.arrays()
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        self.kernel.merge(arrays)
    }

    fn finish(&self, count: u64, dtype: DType) -> Result<NdArray> {
        self.kernel.finish(count, dtype)
    }

    fn boxed(&self) -> Box<dyn Accumulate> {
        Box::new(self.clone())
    }
}

/// Both extremes, for their difference.
#[derive(Clone)]
struct Ptp {
    low: Box<dyn Accumulate>,
    high: Box<dyn Accumulate>,
}

impl Accumulate for Ptp {
    unsafe fn update_tile(&mut self, values: *const u8, length: usize, cursor: &mut Cursor<2>, first_position: i64) {
        let mut again = cursor.clone();
        // SAFETY: the caller's promise.
        unsafe {
            self.low.update_tile(values, length, &mut again, first_position);
            self.high.update_tile(values, length, cursor, first_position);
        }
    }

    unsafe fn update_rows(&mut self, first: usize, rows: &[(*const u8, i64)], length: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            self.low.update_rows(first, rows, length);
            self.high.update_rows(first, rows, length);
        }
    }

    fn states(&self) -> usize {
        self.low.states()
    }

    fn arrays(&self) -> Vec<NdArray> {
        [self.low.arrays(), self.high.arrays()].concat()
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        self.low.merge(arrays)?;
        self.high.merge(arrays.get(1..).unwrap_or_default())
    }

    fn finish(&self, count: u64, dtype: DType) -> Result<NdArray> {
        let (high, low) = (self.high.finish(count, dtype)?, self.low.finish(count, dtype)?);
        crate::fused::elementwise("subtract", &[&high, &low])
    }

    fn boxed(&self) -> Box<dyn Accumulate> {
        Box::new(self.clone())
    }
}

/// The dtype whose kernel does the work for elements of a dtype.
fn worked_in(reduction: Reduction, input: DType) -> DType {
    use DType::{Bool, C64, C128, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    match (reduction, input) {
        (Reduction::Any | Reduction::All | Reduction::CountNonzero, _) => Bool,
        (_, F16) => F32,
        (_, C64) => C128,
        (_, F32 | F64 | C128) => input,
        _ if input.is_time() => input,
        (Reduction::Sum | Reduction::NanSum, I8 | I16) => I32,
        (Reduction::Sum | Reduction::NanSum, U8 | U16) => U32,
        (Reduction::Sum | Reduction::NanSum, _) => input,
        (Reduction::Prod | Reduction::NanProd, Bool | I8 | I16 | I32 | I64) => I64,
        (Reduction::Prod | Reduction::NanProd, _) => U64,
        (Reduction::Min | Reduction::Max | Reduction::NanMin | Reduction::NanMax | Reduction::Ptp, input) => {
            match input {
                Bool => U8,
                I8 | I16 => I32,
                U16 => U32,
                other => other,
            }
        }
        (Reduction::ArgMin | Reduction::ArgMax | Reduction::NanArgMin | Reduction::NanArgMax, input) => match input {
            Bool | I8 | I16 | U8 | U16 => I32,
            U32 => I64,
            other => other,
        },
        _ => F64,
    }
}

/// The kernel of a reduction whose dtype [`Reduction::result_dtype`] accepts.
pub(crate) fn make(reduction: Reduction, input: DType, states: usize) -> Box<dyn Accumulate> {
    let dtype = worked_in(reduction, input);
    Through::wrap(input, dtype, kernel(reduction, dtype, states))
}

macro_rules! boxed {
    ($kernel:ty, $($argument:expr),*) => {
        Box::new(<$kernel>::new($($argument),*))
    };
}

/// The kernel for a dtype of [`worked_in`].
#[rustfmt::skip] // One line a case.
fn kernel(reduction: Reduction, dtype: DType, states: usize) -> Box<dyn Accumulate> {
    let is_time = dtype.is_time();
    match reduction {
        Reduction::Sum if is_time => boxed!(Fold<TimeSum<false>>, states),
        Reduction::NanSum if is_time => boxed!(Fold<TimeSum<true>>, states),
        Reduction::Sum | Reduction::NanSum => match dtype {
            DType::Bool => boxed!(Fold<Count<bool>>, states),
            DType::I32 => boxed!(Fold<IntegerSum<i32>>, states),
            DType::I64 => boxed!(Fold<IntegerSum<i64>>, states),
            DType::U32 => boxed!(Fold<IntegerSum<u32>>, states),
            DType::U64 => boxed!(Fold<IntegerSum<u64>>, states),
            _ => float_sum(dtype, states, false, reduction.skips_nan()),
        },
        Reduction::Mean | Reduction::NanMean => float_sum(dtype, states, true, reduction.skips_nan()),
        Reduction::Prod | Reduction::NanProd => match (dtype, reduction.skips_nan()) {
            (DType::I64, _) => boxed!(Fold<IntegerProduct<i64>>, states),
            (DType::U64, _) => boxed!(Fold<IntegerProduct<u64>>, states),
            (DType::F32, false) => boxed!(Fold<Product<f32, false>>, states),
            (DType::F32, true) => boxed!(Fold<Product<f32, true>>, states),
            (DType::C128, false) => boxed!(Fold<Product<Complex<f64>, false>>, states),
            (DType::C128, true) => boxed!(Fold<Product<Complex<f64>, true>>, states),
            (_, false) => boxed!(Fold<Product<f64, false>>, states),
            (_, true) => boxed!(Fold<Product<f64, true>>, states),
        },
        Reduction::Var { ddof } | Reduction::NanVar { ddof } => moments(dtype, states, ddof, false, reduction.skips_nan()),
        Reduction::Std { ddof } | Reduction::NanStd { ddof } => moments(dtype, states, ddof, true, reduction.skips_nan()),
        Reduction::Min => extreme(dtype, states, false, false),
        Reduction::NanMin => extreme(dtype, states, false, true),
        Reduction::Max => extreme(dtype, states, true, false),
        Reduction::NanMax => extreme(dtype, states, true, true),
        Reduction::Ptp => Box::new(Ptp { low: extreme(dtype, states, false, false), high: extreme(dtype, states, true, false) }),
        Reduction::Any => boxed!(Fold<Any<bool>>, states),
        Reduction::All => boxed!(Fold<All<bool>>, states),
        Reduction::CountNonzero => boxed!(Fold<Count<bool>>, states),
        Reduction::ArgMin => position::<false>(dtype, states, false),
        Reduction::ArgMax => position::<true>(dtype, states, false),
        Reduction::NanArgMin => position::<false>(dtype, states, true),
        Reduction::NanArgMax => position::<true>(dtype, states, true),
    }
}

#[rustfmt::skip] // One line a case.
fn extreme(dtype: DType, states: usize, greatest: bool, skip: bool) -> Box<dyn Accumulate> {
    macro_rules! either {
        ($low:ty, $high:ty) => {
            if greatest { boxed!(Fold<$high>, states) } else { boxed!(Fold<$low>, states) }
        };
    }
    match (dtype.physical(), skip) {
        _ if dtype.is_time() && skip => either!(TimeMin<true>, TimeMax<true>),
        _ if dtype.is_time() => either!(TimeMin<false>, TimeMax<false>),
        (DType::U8, _) => either!(Min<u8>, Max<u8>),
        (DType::I32, _) => either!(Min<i32>, Max<i32>),
        (DType::U32, _) => either!(Min<u32>, Max<u32>),
        (DType::U64, _) => either!(Min<u64>, Max<u64>),
        (DType::F32, false) => either!(Min<f32>, Max<f32>),
        (DType::F32, true) => either!(NanMin<f32>, NanMax<f32>),
        (DType::F64, false) => either!(Min<f64>, Max<f64>),
        (DType::F64, true) => either!(NanMin<f64>, NanMax<f64>),
        (DType::C128, false) => either!(Min<Complex<f64>>, Max<Complex<f64>>),
        (DType::C128, true) => either!(NanMin<Complex<f64>>, NanMax<Complex<f64>>),
        _ => either!(Min<i64>, Max<i64>),
    }
}

fn float_sum(dtype: DType, states: usize, mean: bool, skip: bool) -> Box<dyn Accumulate> {
    match (dtype, skip) {
        _ if dtype.kind() == Kind::Timedelta && skip => boxed!(FloatSum<super::sum::Ticks, true>, states, mean),
        _ if dtype.kind() == Kind::Timedelta => boxed!(FloatSum<super::sum::Ticks, false>, states, mean),
        (DType::F32, false) => boxed!(FloatSum<f32, false>, states, mean),
        (DType::F32, true) => boxed!(FloatSum<f32, true>, states, mean),
        (DType::C128, false) => boxed!(Both<FloatSum<f64, false>, false>, FloatSum::new(states, mean)),
        (DType::C128, true) => boxed!(Both<FloatSum<f64, true>, true>, FloatSum::new(states, mean)),
        (_, false) => boxed!(FloatSum<f64, false>, states, mean),
        (_, true) => boxed!(FloatSum<f64, true>, states, mean),
    }
}

fn moments(dtype: DType, states: usize, ddof: f64, root: bool, skip: bool) -> Box<dyn Accumulate> {
    match (dtype, skip) {
        (DType::F32, false) => boxed!(Moments<f32, false>, states, ddof, root),
        (DType::F32, true) => boxed!(Moments<f32, true>, states, ddof, root),
        (DType::C128, false) => boxed!(Both<Moments<f64, false>, false>, Moments::new(states, ddof, root)),
        (DType::C128, true) => boxed!(Both<Moments<f64, true>, true>, Moments::new(states, ddof, root)),
        (_, false) => boxed!(Moments<f64, false>, states, ddof, root),
        (_, true) => boxed!(Moments<f64, true>, states, ddof, root),
    }
}

fn position<const MAX: bool>(dtype: DType, states: usize, skip: bool) -> Box<dyn Accumulate> {
    match (dtype.physical(), skip) {
        _ if dtype.is_time() && skip => boxed!(Arg<super::arg::Moment, MAX, true>, states),
        _ if dtype.is_time() => boxed!(Arg<super::arg::Moment, MAX, false>, states),
        (DType::I32, _) => boxed!(Arg<i32, MAX, false>, states),
        (DType::U64, _) => boxed!(Arg<u64, MAX, false>, states),
        (DType::F32, false) => boxed!(Arg<f32, MAX, false>, states),
        (DType::F32, true) => boxed!(Arg<f32, MAX, true>, states),
        (DType::F64, false) => boxed!(Arg<f64, MAX, false>, states),
        (DType::F64, true) => boxed!(Arg<f64, MAX, true>, states),
        (DType::C128, false) => boxed!(Arg<Complex<f64>, MAX, false>, states),
        (DType::C128, true) => boxed!(Arg<Complex<f64>, MAX, true>, states),
        _ => boxed!(Arg<i64, MAX, false>, states),
    }
}
