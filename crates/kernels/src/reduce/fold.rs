//! Reductions whose state is one value: integer sums, products, extremes, truth, counts.

use std::marker::PhantomData;

use super::kernel::{Kernel, component, read};
use crate::cast::CastFrom;
use crate::dtype::DType;
use crate::element::Element;
use crate::error::Result;
use crate::isa::{Work, perform};
use crate::memory::filled;
use crate::ndarray::NdArray;
use crate::scalar::NAT;
use crate::ufunc::compare::Value;
use crate::{Complex, f16};

/// An associative operation. All functions are `#[inline(always)]`.
pub(crate) trait FoldOp: Copy + Send + Sync + 'static {
    type In: Element;
    type State: Element;
    /// The state of no elements.
    const START: Self::State;
    /// The state of one element.
    fn lift(value: Self::In) -> Self::State;
    /// The state of both.
    fn join(left: Self::State, right: Self::State) -> Self::State;
    /// The state of many, in lanes side by side, so that they do not wait for each other.
    #[inline(always)]
    fn many(values: &[Self::In]) -> Self::State {
        let mut lanes = [Self::START; LANES];
        let mut chunks = values.chunks_exact(LANES);
        for chunk in &mut chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane = Self::join(*lane, Self::lift(*value));
            }
        }
        let rest = chunks.remainder().iter().map(|value| Self::lift(*value));
        lanes.into_iter().chain(rest).fold(Self::START, Self::join)
    }
}

/// The kernel of a [`FoldOp`].
#[derive(Clone)]
pub(crate) struct Fold<F: FoldOp> {
    states: Vec<F::State>,
}

impl<F: FoldOp> Fold<F> {
    pub(crate) fn new(states: usize) -> Self {
        Self { states: filled(F::START, states) }
    }
}

/// Accumulators of [`FoldOp::many`].
const LANES: usize = 32;

struct RunFold<'a, F: FoldOp>(&'a [F::In], PhantomData<F>);

impl<F: FoldOp> Work for RunFold<'_, F> {
    type Given = F::State;

    #[inline(always)]
    fn work(self) -> F::State {
        F::many(self.0)
    }
}

/// The state of many elements.
pub(crate) fn fold_run<F: FoldOp>(values: &[F::In]) -> F::State {
    if values.len() < LANES {
        return values.iter().fold(F::START, |state, value| F::join(state, F::lift(*value)));
    }
    perform(RunFold::<F>(values, PhantomData))
}

struct RowsFold<'a, F: FoldOp>(&'a mut [F::State], &'a [F::In]);

impl<F: FoldOp> Work for RowsFold<'_, F> {
    type Given = ();

    #[inline(always)]
    fn work(self) {
        for (state, value) in self.0.iter_mut().zip(self.1) {
            *state = F::join(*state, F::lift(*value));
        }
    }
}

impl<F: FoldOp> Kernel for Fold<F> {
    type In = F::In;

    fn run(&mut self, state: usize, values: &[F::In], _: i64, _: i64) {
        self.states[state] = F::join(self.states[state], fold_run::<F>(values));
    }

    fn rows(&mut self, first: usize, values: &[F::In], _: i64, _: i64) {
        perform(RowsFold::<F>(&mut self.states[first..first + values.len()], values));
    }

    fn states(&self) -> usize {
        self.states.len()
    }

    fn arrays(&self) -> Vec<NdArray> {
        vec![component(&self.states)]
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        let other = read::<F::State>(arrays, 0, self.states.len())?;
        for (state, other) in self.states.iter_mut().zip(other) {
            *state = F::join(*state, other);
        }
        Ok(())
    }

    fn finish(&self, _: u64, dtype: DType) -> Result<NdArray> {
        finished(&self.states, dtype)
    }
}

/// States as an array of a dtype.
pub(crate) fn finished<T: Element>(states: &[T], dtype: DType) -> Result<NdArray> {
    let array = component(states);
    if dtype.physical() == T::DTYPE { array.reinterpret(dtype) } else { crate::fused::cast(&array, dtype) }
}

macro_rules! operation {
    ($(#[$doc:meta])* $name:ident < $($generic:ident $(: $bound:path)?),* $(; const $flag:ident)? > where In = $In:ty, State = $State:ty,
     START = $start:expr, |$value:ident| $lift:expr, |$a:ident, $b:ident| $join:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name<$($generic,)* $(const $flag: bool)?>(PhantomData<($($generic,)*)>);
        impl<$($generic $(: $bound)?,)* $(const $flag: bool)?> FoldOp for $name<$($generic,)* $($flag)?>
        {
            type In = $In;
            type State = $State;
            const START: Self::State = $start;
            #[inline(always)]
            fn lift($value: Self::In) -> Self::State {
                $lift
            }
            #[inline(always)]
            fn join($a: Self::State, $b: Self::State) -> Self::State {
                $join
            }
        }
    };
}

/// An integer or boolean, and the 64-bit integer that sums it.
pub(crate) trait Summand: Element {
    type Total: Element + Totalled;
    fn widen(self) -> Self::Total;
}

/// A 64-bit integer that wraps.
pub(crate) trait Totalled: Copy {
    const ZERO: Self;
    const ONE: Self;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
}

macro_rules! totals {
    ($($total:ty => [$($T:ty),*];)*) => {$(
        impl Totalled for $total {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
        }
        $(impl Summand for $T {
            type Total = $total;
            #[inline(always)]
            fn widen(self) -> $total {
                <$total>::cast_from(self)
            }
        })*
    )*};
}

totals! {
    i64 => [bool, i8, i16, i32, i64];
    u64 => [u8, u16, u32, u64];
}

operation! {
    /// The sum of integers, wrapping.
    IntegerSum<T: Summand> where In = T, State = T::Total, START = T::Total::ZERO, |value| value.widen(), |a, b| a.plus(b)
}
operation! {
    /// The product of integers, wrapping.
    IntegerProduct<T: Summand> where In = T, State = T::Total, START = T::Total::ONE, |value| value.widen(), |a, b| a.times(b)
}

/// Floats and complex numbers as products need them.
pub(crate) trait Factor: Element {
    type Wide: Element + std::ops::Mul<Output = Self::Wide>;
    const ONE: Self::Wide;
    fn widen(self) -> Self::Wide;
    fn is_missing(self) -> bool;
}

macro_rules! factor {
    ($($T:ty, $Wide:ty, $one:expr, |$a:ident| $widen:expr, $missing:expr;)*) => {$(
        impl Factor for $T {
            type Wide = $Wide;
            const ONE: $Wide = $one;
            #[inline(always)]
            fn widen(self) -> $Wide {
                let $a = self;
                $widen
            }
            #[inline(always)]
            fn is_missing(self) -> bool {
                let $a = self;
                $missing
            }
        }
    )*};
}

factor! {
    f16, f64, 1.0, |a| f64::from(a.to_f32()), a.is_nan();
    f32, f64, 1.0, |a| f64::from(a), a.is_nan();
    f64, f64, 1.0, |a| a, a.is_nan();
    Complex<f32>, Complex<f64>, Complex::new(1.0, 0.0), |a| crate::ufunc::complex::widen(a), a.re.is_nan() || a.im.is_nan();
    Complex<f64>, Complex<f64>, Complex::new(1.0, 0.0), |a| a, a.re.is_nan() || a.im.is_nan();
}

operation! {
    /// The product of floats, in the wider type.
    Product<T: Factor; const SKIP> where In = T, State = T::Wide, START = T::ONE,
    |value| if SKIP && value.is_missing() { T::ONE } else { value.widen() }, |a, b| a * b
}

/// The least and the greatest value.
pub(crate) trait Bounds: Element + Value {
    const LEAST: Self;
    const GREATEST: Self;
    /// NaN, or for types without one the value that a minimum starts from.
    const NAN_OR_GREATEST: Self;
    /// NaN, or for types without one the value that a maximum starts from.
    const NAN_OR_LEAST: Self;
}

macro_rules! bounds {
    ($($T:ty, $least:expr, $greatest:expr, $nan_or_greatest:expr, $nan_or_least:expr;)*) => {$(
        impl Bounds for $T {
            const LEAST: Self = $least;
            const GREATEST: Self = $greatest;
            const NAN_OR_GREATEST: Self = $nan_or_greatest;
            const NAN_OR_LEAST: Self = $nan_or_least;
        }
    )*};
}

macro_rules! integer_bounds {
    ($($T:ty),*) => {
        bounds! { $($T, <$T>::MIN, <$T>::MAX, <$T>::MAX, <$T>::MIN;)* }
    };
}

integer_bounds!(i8, i16, i32, i64, u8, u16, u32, u64);
bounds! {
    bool, false, true, true, false;
    f16, f16::NEG_INFINITY, f16::INFINITY, f16::NAN, f16::NAN;
    f32, f32::NEG_INFINITY, f32::INFINITY, f32::NAN, f32::NAN;
    f64, f64::NEG_INFINITY, f64::INFINITY, f64::NAN, f64::NAN;
    Complex<f32>, Complex::new(f32::NEG_INFINITY, f32::NEG_INFINITY), Complex::new(f32::INFINITY, f32::INFINITY),
        Complex::new(f32::NAN, f32::NAN), Complex::new(f32::NAN, f32::NAN);
    Complex<f64>, Complex::new(f64::NEG_INFINITY, f64::NEG_INFINITY), Complex::new(f64::INFINITY, f64::INFINITY),
        Complex::new(f64::NAN, f64::NAN), Complex::new(f64::NAN, f64::NAN);
}

operation! {
    /// The least; NaN if any is.
    Min<T: Bounds> where In = T, State = T, START = T::GREATEST, |value| value,
    |a, b| if b.less(a) | b.nan() { b } else { a }
}
operation! {
    /// The greatest; NaN if any is.
    Max<T: Bounds> where In = T, State = T, START = T::LEAST, |value| value,
    |a, b| if a.less(b) | b.nan() { b } else { a }
}
operation! {
    /// The least that is not NaN.
    NanMin<T: Bounds> where In = T, State = T, START = T::NAN_OR_GREATEST, |value| value,
    |a, b| if b.less(a) | a.nan() { b } else { a }
}
operation! {
    /// The greatest that is not NaN.
    NanMax<T: Bounds> where In = T, State = T, START = T::NAN_OR_LEAST, |value| value,
    |a, b| if a.less(b) | a.nan() { b } else { a }
}
operation! {
    /// Whether any is true.
    Any<T: Bounds> where In = T, State = bool, START = false, |value| value.truth(), |a, b| a | b
}
operation! {
    /// Whether all are true.
    All<T: Bounds> where In = T, State = bool, START = true, |value| value.truth(), |a, b| a & b
}
/// How many are not zero.
#[derive(Clone, Copy)]
pub(crate) struct Count<T>(PhantomData<T>);

impl<T: Bounds> FoldOp for Count<T> {
    type In = T;
    type State = i64;
    const START: i64 = 0;

    #[inline(always)]
    fn lift(value: T) -> i64 {
        i64::from(value.truth())
    }

    #[inline(always)]
    fn join(left: i64, right: i64) -> i64 {
        left + right
    }

    /// A plain sum is what the compiler vectorises best here.
    #[inline(always)]
    fn many(values: &[T]) -> i64 {
        values.iter().map(|value| i64::from(value.truth())).sum()
    }
}
operation! {
    /// The sum of durations; NaT if any is, or without them.
    TimeSum<; const SKIP> where In = i64, State = i64, START = 0, |value| if SKIP && value == NAT { 0 } else { value },
    |a, b| if a == NAT || b == NAT { NAT } else { a.wrapping_add(b) }
}
operation! {
    /// The earliest; NaT, the smallest integer, if any is.
    TimeMin<; const SKIP> where In = i64, State = i64, START = if SKIP { NAT } else { i64::MAX }, |value| value,
    |a, b| if SKIP && a == NAT { b } else if SKIP && b == NAT { a } else { a.min(b) }
}
operation! {
    /// The latest; NaT if any is.
    TimeMax<; const SKIP> where In = i64, State = i64, START = if SKIP { NAT } else { NAT + 1 }, |value| value,
    |a, b| if !SKIP && (a == NAT || b == NAT) { NAT } else { a.max(b) }
}
