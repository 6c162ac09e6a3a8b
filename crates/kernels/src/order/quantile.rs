//! Quantiles along axes, exact: the elements of the needed ranks are selected, not sorted.
//!
//! Source of the methods: R. Hyndman, Y. Fan, "Sample quantiles in statistical packages", 1996; names and rounding as NumPy's.

use half::f16;

use super::few_ranks::keys_at_ranks;
use super::key::Sortable;
use super::part::Line;
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::layout::copy::elements_borrowed;
use crate::ndarray::NdArray;
use crate::shape::{Dims, normalize_axes};

/// What a quantile between two elements is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum QuantileMethod {
    /// On the line between both, `(n - 1) q` from the first.
    #[default]
    Linear,
    /// The lower one.
    Lower,
    /// The higher one.
    Higher,
    /// Halfway.
    Midpoint,
    /// As `Linear`, but in the middle between two elements half of their sum, as NumPy's median: of one and infinity it is infinity.
    Median,
    /// The nearer one; of equally near ones that of even rank.
    Nearest,
    /// The inverse of the empirical distribution function.
    InvertedCdf,
    /// That, and halfway to the next element where it jumps.
    AveragedInvertedCdf,
    /// That, interpolated.
    InterpolatedInvertedCdf,
    /// Hyndman and Fan's 3rd: the element of the nearest rank, of equally near ones the even one counted from one.
    ClosestObservation,
    /// Hyndman and Fan's 5th.
    Hazen,
    /// Hyndman and Fan's 6th.
    Weibull,
    /// Hyndman and Fan's 8th: about median-unbiased for any distribution.
    MedianUnbiased,
    /// Hyndman and Fan's 9th: about unbiased for the normal distribution.
    NormalUnbiased,
}

impl QuantileMethod {
    /// The ranks (from zero) of the two elements of `n` between which the quantile `q` lies, and how far from the first.
    pub fn ranks(self, n: usize, q: f64) -> (usize, usize, f64) {
        let last = n.saturating_sub(1) as f64;
        let plotting = |alpha: f64, beta: f64| n as f64 * q + (alpha + q * (1.0 - alpha - beta)) - 1.0;
        let linear = last * q;
        let place = match self {
            Self::Linear | Self::Median => linear,
            Self::Lower => linear.floor(),
            Self::Higher => linear.ceil(),
            Self::Midpoint => 0.5 * (linear.floor() + linear.ceil()),
            Self::Nearest => linear.round_ties_even(),
            Self::InvertedCdf => (n as f64 * q).ceil() - 1.0,
            Self::AveragedInvertedCdf => {
                let place = n as f64 * q - 1.0;
                if place < 0.0 || place.fract() > 0.0 { place.ceil() } else { place + 0.5 }
            }
            Self::InterpolatedInvertedCdf => plotting(0.0, 1.0),
            Self::ClosestObservation => {
                let place = n as f64 * q - 1.5;
                let below = place.floor();
                if place == below && below.rem_euclid(2.0) == 1.0 { below } else { below + 1.0 }
            }
            Self::Hazen => plotting(0.5, 0.5),
            Self::Weibull => plotting(0.0, 0.0),
            Self::MedianUnbiased => plotting(1.0 / 3.0, 1.0 / 3.0),
            Self::NormalUnbiased => plotting(3.0 / 8.0, 3.0 / 8.0),
        };
        let place = place.clamp(0.0, last);
        let below = place.floor();
        (below as usize, (below + 1.0).min(last) as usize, place - below)
    }

    /// Whether the result is always an element.
    pub fn is_discrete(self) -> bool {
        matches!(self, Self::Lower | Self::Higher | Self::Nearest | Self::InvertedCdf | Self::ClosestObservation)
    }
}

/// Where between two elements a quantile lies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// On the line between both, so far from the first.
    Part(f64),
    /// At half of their sum.
    Halfway,
}

impl Place {
    const fn part(self) -> f64 {
        match self {
            Self::Part(part) => part,
            Self::Halfway => 0.5,
        }
    }
}

/// The value between two, as NumPy rounds it: exact at both ends and monotone.
fn between(low: f64, high: f64, place: Place) -> f64 {
    let part = match place {
        Place::Part(part) => part,
        Place::Halfway => {
            let sum = low + high;
            // The sum of two large numbers may be beyond all.
            return if sum.is_infinite() && low.is_finite() && high.is_finite() {
                low / 2.0 + high / 2.0
            } else {
                sum / 2.0
            };
        }
    };
    let difference = high - low;
    if part == 0.0 || low == high {
        low
    } else if part < 0.5 {
        low + difference * part
    } else {
        high - difference * (1.0 - part)
    }
}

/// The quantiles `probabilities` (in [0, 1]) over some axes, all where none are named: shape `(probabilities, rest...)`, with
/// `keepdims` the reduced axes stay as ones. Integers give float64 unless the method takes elements. A line with NaN
/// gives NaN; with `ignore_nan`, its other elements count.
///
/// # Errors
/// Probabilities outside [0, 1]; bool and complex; axes out of bounds.
pub fn quantile(
    array: &NdArray,
    probabilities: &[f64],
    axes: Option<&[isize]>,
    method: QuantileMethod,
    keepdims: bool,
    ignore_nan: bool,
) -> Result<NdArray> {
    if probabilities.iter().any(|q| !(0.0..=1.0).contains(q)) {
        return Err(KernelError::invalid("Quantiles must be in the range [0, 1]"));
    }
    let dtype = array.dtype();
    if dtype == DType::Bool || dtype.is_complex() {
        let accepts = "quantiles take real numbers and dates; cast bool first";
        return Err(KernelError::Unsupported { function: "quantile", dtypes: vec![dtype], accepts });
    }
    let axes = normalize_axes(axes, array.ndim())?;
    let kept: Dims = (0..array.ndim()).filter(|axis| !axes.contains(axis)).collect();
    let order: Dims = kept.iter().chain(&axes).copied().collect();
    let moved = array.transpose(&order)?;
    let length: usize = axes.iter().map(|axis| array.shape()[*axis]).product();
    let count: usize = kept.iter().map(|axis| array.shape()[*axis]).product();
    let mut shape = vec![probabilities.len()];
    match keepdims {
        true => shape.extend((0..array.ndim()).map(|axis| if axes.contains(&axis) { 1 } else { array.shape()[axis] })),
        false => shape.extend(kept.iter().map(|axis| array.shape()[*axis])),
    }
    let request = Request { probabilities, method, ignore_nan, length, count, time: dtype.is_time() };
    macro_rules! run {
        ($from:ty => $to:ty) => {
            NdArray::from_vec(&shape, request.run::<$from, $to>(&moved)?)
        };
    }
    macro_rules! integers {
        ($type:ty) => {
            if method.is_discrete() { run!($type => $type) } else { run!($type => f64) }
        };
    }
    match dtype {
        DType::F16 => run!(f16 => f16),
        DType::F32 => run!(f32 => f32),
        DType::F64 => run!(f64 => f64),
        DType::I8 => integers!(i8),
        DType::I16 => integers!(i16),
        DType::I32 => integers!(i32),
        DType::U8 => integers!(u8),
        DType::U16 => integers!(u16),
        DType::U32 => integers!(u32),
        DType::U64 => integers!(u64),
        DType::I64 => integers!(i64),
        _ => run!(i64 => i64)?.reinterpret(dtype),
    }
}

/// The median over some axes: [`quantile`] of one half, without its first axis.
///
/// # Errors
/// As [`quantile`].
pub fn median(array: &NdArray, axes: Option<&[isize]>, keepdims: bool, ignore_nan: bool) -> Result<NdArray> {
    let result = quantile(array, &[0.5], axes, QuantileMethod::Median, keepdims, ignore_nan)?;
    result.reshape(&result.shape()[1..])
}

/// Elements between which a quantile lies, and the quantile.
pub(super) trait Interpolate<To>: Sortable {
    fn interpolate(low: Self, high: Self, place: Place) -> To;
    /// What a line without elements, or with NaN, gives.
    fn missing() -> To;
}

macro_rules! interpolate {
    ($($from:ty => $to:ty, |$low:ident, $high:ident, $place:ident| $value:expr, $missing:expr;)*) => {$(
        impl Interpolate<$to> for $from {
            fn interpolate($low: Self, $high: Self, $place: Place) -> $to {
                $value
            }
            fn missing() -> $to {
                $missing
            }
        }
    )*};
}
macro_rules! interpolate_integers {
    ($($type:ty),*) => {
        interpolate! { $(
            $type => f64, |low, high, place| between(low as f64, high as f64, place), f64::NAN;
        )* }
    };
}
macro_rules! take_integers {
    ($($type:ty),*) => {
        interpolate! { $(
            $type => $type, |low, _high, _place| low, 0;
        )* }
    };
}
interpolate_integers!(i8, i16, i32, i64, u8, u16, u32, u64);
take_integers!(i8, i16, i32, u8, u16, u32, u64);
interpolate! {
    f64 => f64, |low, high, place| between(low, high, place), f64::NAN;
    f32 => f32, |low, high, place| between(low.into(), high.into(), place) as f32, f32::NAN;
    f16 => f16, |low, high, place| f16::from_f64(between(low.to_f64(), high.to_f64(), place)), f16::NAN;
    // Dates: the part of a duration is cut to its unit. Plain integers are only taken as they are, with part zero.
    i64 => i64, |low, high, place| low.wrapping_add((high.wrapping_sub(low) as f64 * place.part()) as i64), i64::MIN;
}

struct Request<'a> {
    probabilities: &'a [f64],
    method: QuantileMethod,
    ignore_nan: bool,
    length: usize,
    count: usize,
    time: bool,
}

impl Request<'_> {
    fn run<From: Interpolate<To>, To: Element>(&self, moved: &NdArray) -> Result<Vec<To>> {
        let elements = elements_borrowed::<From>(moved)?;
        if self.length == 0 && self.count > 0 && To::DTYPE.is_integer() && !self.time {
            return Err(KernelError::invalid("quantile of no elements: integers have no NaN to stand for it"));
        }
        let mut results = vec![From::missing(); self.probabilities.len() * self.count];
        for line in 0..self.count {
            let values = &elements[line * self.length..][..self.length];
            let numbers = self.length - values.iter().map(|value| usize::from(value.is_nan(self.time))).sum::<usize>();
            if numbers == 0 || (numbers < self.length && !self.ignore_nan) {
                continue;
            }
            let places: Vec<_> = self.probabilities.iter().map(|q| self.method.ranks(numbers, *q)).collect();
            let mut ranks: Vec<usize> = places
                .iter()
                .flat_map(|(low, high, part)| if *part > 0.0 { [*low, *high] } else { [*low, *low] })
                .collect();
            ranks.sort_unstable();
            ranks.dedup();
            // NaN stands behind all numbers: it changes no rank.
            let keys = keys_at_ranks(&Line::whole(values, self.time), &ranks);
            let element = |rank: usize| {
                ranks
                    .binary_search(&rank)
                    .map_or_else(|_| From::default(), |place| From::of_key(keys[place], self.time))
            };
            for (number, (low, high, part)) in places.into_iter().enumerate() {
                let is_median = self.method == QuantileMethod::Median;
                let place = if is_median && part > 0.0 { Place::Halfway } else { Place::Part(part) };
                let high = if part > 0.0 { high } else { low };
                results[number * self.count + line] = From::interpolate(element(low), element(high), place);
            }
        }
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use QuantileMethod::*;

    use super::*;
    use crate::Scalar;

    #[test]
    fn methods_as_numpy_computes_them() {
        // numpy.quantile([15, 20, 35, 40, 50], 0.4, method=...)
        let array = NdArray::from_vec(&[5], vec![50.0, 15.0, 40.0, 20.0, 35.0]).unwrap();
        for (method, expected) in [
            (Linear, 29.0),
            (Lower, 20.0),
            (Higher, 35.0),
            (Midpoint, 27.5),
            (Nearest, 35.0),
            (InvertedCdf, 20.0),
            (InterpolatedInvertedCdf, 20.0),
            (Hazen, 27.5),
            (Weibull, 26.0),
            (MedianUnbiased, 27.0),
            (NormalUnbiased, 27.125),
        ] {
            let found = quantile(&array, &[0.4], None, method, false, false).unwrap().to_vec::<f64>().unwrap();
            assert!((found[0] - expected).abs() < 1e-12, "{method:?}: {found:?}, expected {expected}");
        }
        let ends = quantile(&array, &[0.0, 1.0], None, Weibull, false, false).unwrap().to_vec::<f64>().unwrap();
        assert_eq!(ends, [15.0, 50.0]);
    }

    #[test]
    fn axes_shapes_and_dtypes() {
        let array = NdArray::from_vec(&[2, 3, 4], (0..24_i32).rev().collect()).unwrap();
        let found = quantile(&array, &[0.5, 0.25], Some(&[0, 2]), Linear, false, false).unwrap();
        assert_eq!((found.shape(), found.dtype()), (&[2, 3][..], DType::F64));
        // The second line along axis 1 reversed: 4..8 and 16..20.
        assert_eq!(found.to_vec::<f64>().unwrap()[1], 11.5);
        assert_eq!(quantile(&array, &[0.5], Some(&[-1]), Linear, true, false).unwrap().shape(), &[1, 2, 3, 1]);
        assert_eq!(quantile(&array, &[0.5], None, Lower, false, false).unwrap().to_vec::<i32>().unwrap(), [11]);
        assert_eq!(median(&array, None, true, false).unwrap().shape(), &[1, 1, 1]);
        assert_eq!(median(&array, None, false, false).unwrap().item(), Ok(Scalar::F64(11.5)));
        assert_eq!(quantile(&array, &[], None, Linear, false, false).unwrap().shape(), &[0]);
        let single = NdArray::from_vec(&[2], vec![1.0_f32, 2.0]).unwrap();
        assert_eq!(median(&single, None, false, false).unwrap().item(), Ok(Scalar::F32(1.5)));
    }

    #[test]
    fn nan_nat_and_nothing() {
        let array = NdArray::from_vec(&[2, 3], vec![1.0, f64::NAN, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let of = |ignore| median(&array, Some(&[1]), false, ignore).unwrap().to_vec::<f64>().unwrap();
        assert!(of(false)[0].is_nan() && of(false)[1] == 5.0);
        assert_eq!(of(true), [2.0, 5.0]);
        let empty = NdArray::zeros(DType::F64, &[0]).unwrap();
        assert!(median(&empty, None, false, false).unwrap().to_vec::<f64>().unwrap()[0].is_nan());
        let days: DType = "datetime64[D]".parse().unwrap();
        let dates = NdArray::from_vec(&[2], vec![10_i64, 13]).unwrap().reinterpret(days).unwrap();
        assert_eq!(
            median(&dates, None, false, false).unwrap().item(),
            Ok(Scalar::Datetime64(11, crate::TimeUnit::Day))
        );
        let missing = NdArray::from_vec(&[2], vec![10, i64::MIN]).unwrap().reinterpret(days).unwrap();
        assert!(median(&missing, None, false, false).unwrap().item().unwrap().is_nan());
        let of = |values: [f64; 2]| {
            let array = NdArray::from_vec(&[2], values.to_vec()).unwrap();
            median(&array, None, false, false).unwrap().item().unwrap().to::<f64>()
        };
        let infinity = f64::INFINITY;
        assert_eq!(
            (of([infinity, infinity]), of([1.0, infinity]), of([-infinity, 1.0])),
            (infinity, infinity, -infinity)
        );
        assert!(of([-infinity, infinity]).is_nan());
        assert_eq!(of([1e308, 1.5e308]), 1.25e308);
        let array = NdArray::from_vec(&[2], vec![1.0, infinity]).unwrap();
        let line = quantile(&array, &[0.5], None, Linear, false, false).unwrap();
        assert!(line.to_vec::<f64>().unwrap()[0].is_nan(), "as NumPy's quantile");
    }

    #[test]
    fn errors() {
        let array = NdArray::zeros(DType::F64, &[3]).unwrap();
        let of = |q: f64| quantile(&array, &[q], None, Linear, false, false);
        assert_eq!(of(1.5).unwrap_err().to_string(), "Quantiles must be in the range [0, 1]");
        assert!(of(f64::NAN).is_err());
        for dtype in [DType::Bool, DType::C64] {
            assert!(median(&NdArray::zeros(dtype, &[3]).unwrap(), None, false, false).is_err());
        }
        let none = NdArray::zeros(DType::I32, &[0]).unwrap();
        assert!(quantile(&none, &[0.5], None, Lower, false, false).is_err());
    }
}
