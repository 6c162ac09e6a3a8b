//! What every reduction has in common, and the choice of one by dtype.

use super::Reduction;
use super::arg::Arg;
use super::fold::{
    All, Any, ComplexSum, Count, Fold, IntegerProduct, IntegerSum, Max, Min, NanMax, NanMin, Product, Ptp, TimeSum,
};
use super::moments::{ComplexMoments, Moments};
use super::sum::FloatSum;
use crate::dtype::{DType, Kind};
use crate::element::Element;
use crate::error::Result;
use crate::fused::Cursor;
use crate::ndarray::NdArray;
use crate::{Complex, f16, with_element};

/// States of a reduction whose input type is known.
pub(crate) trait Kernel: Clone + Send + Sync + 'static {
    /// The input.
    type In: Element;

    /// Takes many elements into one state; their positions start at `position` and are `step` apart.
    fn run(&mut self, state: usize, values: &[Self::In], position: i64, step: i64);
    /// Takes one element into each of the states from `first`; positions as in `run`.
    fn rows(&mut self, first: usize, values: &[Self::In], position: i64, step: i64);
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

/// [`Kernel`] without the type.
pub(crate) trait Accumulate: Send + Sync {
    /// # Safety
    /// `values` leads to `length` elements of the input's dtype.
    unsafe fn update_tile(&mut self, values: *const u8, length: usize, cursor: &mut Cursor<2>, first_position: i64);
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

/// Runs a block for each real dtype with its type bound; the other block for complex ones.
macro_rules! real_or_complex {
    ($dtype:expr, $T:ident => $real:expr, $C:ident => $complex:expr) => {
        match $dtype.physical() {
            DType::Bool => {
                type $T = bool;
                $real
            }
            DType::I8 => {
                type $T = i8;
                $real
            }
            DType::I16 => {
                type $T = i16;
                $real
            }
            DType::I32 => {
                type $T = i32;
                $real
            }
            DType::U8 => {
                type $T = u8;
                $real
            }
            DType::U16 => {
                type $T = u16;
                $real
            }
            DType::U32 => {
                type $T = u32;
                $real
            }
            DType::U64 => {
                type $T = u64;
                $real
            }
            DType::F16 => {
                type $T = f16;
                $real
            }
            DType::F32 => {
                type $T = f32;
                $real
            }
            DType::F64 => {
                type $T = f64;
                $real
            }
            DType::C64 => {
                type $C = f32;
                $complex
            }
            DType::C128 => {
                type $C = f64;
                $complex
            }
            _ => {
                type $T = i64;
                $real
            }
        }
    };
}

/// As above, for integers and booleans; the other block for the rest.
macro_rules! integer_or_else {
    ($dtype:expr, $T:ident => $integer:expr, $rest:expr) => {
        match $dtype.physical() {
            DType::Bool => {
                type $T = bool;
                $integer
            }
            DType::I8 => {
                type $T = i8;
                $integer
            }
            DType::I16 => {
                type $T = i16;
                $integer
            }
            DType::I32 => {
                type $T = i32;
                $integer
            }
            DType::I64 => {
                type $T = i64;
                $integer
            }
            DType::U8 => {
                type $T = u8;
                $integer
            }
            DType::U16 => {
                type $T = u16;
                $integer
            }
            DType::U32 => {
                type $T = u32;
                $integer
            }
            DType::U64 => {
                type $T = u64;
                $integer
            }
            _ => $rest,
        }
    };
}

/// The kernel of a reduction whose dtype [`Reduction::result_dtype`] accepts.
#[rustfmt::skip] // One line a case.
pub(crate) fn make(reduction: Reduction, input: DType, states: usize) -> Box<dyn Accumulate> {
    let is_time = input.is_time();
    match reduction {
        Reduction::Sum | Reduction::NanSum if is_time && !reduction.skips_nan() => Box::new(Fold::<TimeSum<false>>::new(states)),
        Reduction::NanSum if is_time => Box::new(Fold::<TimeSum<true>>::new(states)),
        Reduction::Sum => integer_or_else!(input, T => Box::new(Fold::<IntegerSum<T>>::new(states)), float_sum::<false>(input, states, false)),
        Reduction::NanSum => integer_or_else!(input, T => Box::new(Fold::<IntegerSum<T>>::new(states)), float_sum::<true>(input, states, false)),
        Reduction::Mean => float_sum::<false>(input, states, true),
        Reduction::NanMean => float_sum::<true>(input, states, true),
        Reduction::Prod | Reduction::NanProd => {
            let skip = reduction.skips_nan();
            integer_or_else!(input, T => Box::new(Fold::<IntegerProduct<T>>::new(states)), product(input, states, skip))
        }
        Reduction::Var { ddof } => moments::<false>(input, states, ddof, false),
        Reduction::Std { ddof } => moments::<false>(input, states, ddof, true),
        Reduction::NanVar { ddof } => moments::<true>(input, states, ddof, false),
        Reduction::NanStd { ddof } => moments::<true>(input, states, ddof, true),
        Reduction::Min if is_time => Box::new(Fold::<super::fold::TimeMin<false>>::new(states)),
        Reduction::NanMin if is_time => Box::new(Fold::<super::fold::TimeMin<true>>::new(states)),
        Reduction::Max if is_time => Box::new(Fold::<super::fold::TimeMax<false>>::new(states)),
        Reduction::NanMax if is_time => Box::new(Fold::<super::fold::TimeMax<true>>::new(states)),
        Reduction::Min => with_element!(input, T => Box::new(Fold::<Min<T>>::new(states))),
        Reduction::Max => with_element!(input, T => Box::new(Fold::<Max<T>>::new(states))),
        Reduction::NanMin => with_element!(input, T => Box::new(Fold::<NanMin<T>>::new(states))),
        Reduction::NanMax => with_element!(input, T => Box::new(Fold::<NanMax<T>>::new(states))),
        Reduction::Ptp if is_time => Box::new(Ptp::<super::fold::TimeMin<false>, super::fold::TimeMax<false>>::new(states)),
        Reduction::Ptp => with_element!(input, T => Box::new(Ptp::<Min<T>, Max<T>>::new(states))),
        Reduction::Any => with_element!(input, T => Box::new(Fold::<Any<T>>::new(states))),
        Reduction::All => with_element!(input, T => Box::new(Fold::<All<T>>::new(states))),
        Reduction::CountNonzero => with_element!(input, T => Box::new(Fold::<Count<T>>::new(states))),
        Reduction::ArgMin => position::<false, false>(input, states),
        Reduction::ArgMax => position::<true, false>(input, states),
        Reduction::NanArgMin => position::<false, true>(input, states),
        Reduction::NanArgMax => position::<true, true>(input, states),
    }
}

fn float_sum<const SKIP: bool>(input: DType, states: usize, mean: bool) -> Box<dyn Accumulate> {
    if input.kind() == Kind::Timedelta {
        return Box::new(FloatSum::<super::sum::Ticks, SKIP>::new(states, mean));
    }
    real_or_complex!(
        input,
        T => Box::new(FloatSum::<T, SKIP>::new(states, mean)),
        P => Box::new(ComplexSum::<P, SKIP>::new(states, mean))
    )
}

fn product(input: DType, states: usize, skip: bool) -> Box<dyn Accumulate> {
    match (input, skip) {
        (DType::F16, false) => Box::new(Fold::<Product<f16, false>>::new(states)),
        (DType::F16, true) => Box::new(Fold::<Product<f16, true>>::new(states)),
        (DType::F32, false) => Box::new(Fold::<Product<f32, false>>::new(states)),
        (DType::F32, true) => Box::new(Fold::<Product<f32, true>>::new(states)),
        (DType::C64, false) => Box::new(Fold::<Product<Complex<f32>, false>>::new(states)),
        (DType::C64, true) => Box::new(Fold::<Product<Complex<f32>, true>>::new(states)),
        (DType::C128, false) => Box::new(Fold::<Product<Complex<f64>, false>>::new(states)),
        (DType::C128, true) => Box::new(Fold::<Product<Complex<f64>, true>>::new(states)),
        (_, false) => Box::new(Fold::<Product<f64, false>>::new(states)),
        (_, true) => Box::new(Fold::<Product<f64, true>>::new(states)),
    }
}

fn moments<const SKIP: bool>(input: DType, states: usize, ddof: f64, root: bool) -> Box<dyn Accumulate> {
    real_or_complex!(
        input,
        T => Box::new(Moments::<T, SKIP>::new(states, ddof, root)),
        P => Box::new(ComplexMoments::<P, SKIP>::new(states, ddof, root))
    )
}

fn position<const MAX: bool, const SKIP: bool>(input: DType, states: usize) -> Box<dyn Accumulate> {
    if input.is_time() {
        return Box::new(Arg::<super::arg::Moment, MAX, SKIP>::new(states));
    }
    with_element!(input, T => Box::new(Arg::<T, MAX, SKIP>::new(states)))
}
