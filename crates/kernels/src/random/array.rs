//! Blocks of random arrays.

use std::sync::Arc;

use super::discrete::Discrete;
use super::normal::{fill_exponential_f32, fill_exponential_f64, fill_normal_f32, fill_normal_f64};
use super::permutation::Permutation;
use super::philox::Key;
use super::poisson::{LARGEST_RATE, Poisson};
use super::uniform::{fill_integers, fill_random_f32, fill_random_f64, fill_uniform_f32, fill_uniform_f64};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::shape::element_count;

/// What the elements of a random array are drawn from.
#[derive(Debug, Clone)]
pub enum Distribution {
    /// Uniform in [0, 1): float32, float64.
    Random,
    /// Uniform in [`low`, `high`): float32, float64.
    Uniform {
        /// The least value.
        low: f64,
        /// The bound that is not reached, but for rounding.
        high: f64,
    },
    /// Normal: float32, float64.
    Normal {
        /// The mean.
        loc: f64,
        /// The standard deviation.
        scale: f64,
    },
    /// Exponential: float32, float64.
    Exponential {
        /// The mean.
        scale: f64,
    },
    /// Equally likely integers `low .. high`: all integer types and bool.
    Integers {
        /// The least value.
        low: i128,
        /// One more than the largest.
        high: i128,
    },
    /// Poisson: int64.
    Poisson {
        /// The mean.
        rate: f64,
    },
    /// Positions in a list, drawn with given probabilities and put back: int64.
    Choice(Arc<Discrete>),
    /// The numbers `0 .. length` in random order, or as many as there are elements: int64.
    Permutation {
        /// How many numbers there are.
        length: u64,
    },
}

impl Distribution {
    /// Mean 0 and standard deviation 1.
    pub const STANDARD_NORMAL: Self = Self::Normal { loc: 0.0, scale: 1.0 };

    /// The distribution of positions with given weights (of sum 1, or any other).
    ///
    /// # Errors
    /// When there is none.
    pub fn choice(weights: &[f64]) -> Result<Self> {
        Discrete::new(weights)
            .map(|discrete| Self::Choice(Arc::new(discrete)))
            .ok_or_else(|| KernelError::invalid("probabilities must be finite, non-negative and not all zero"))
    }

    /// The dtype where none is asked for.
    pub fn default_dtype(&self) -> DType {
        match self {
            Self::Random | Self::Uniform { .. } | Self::Normal { .. } | Self::Exponential { .. } => DType::F64,
            Self::Integers { .. } | Self::Poisson { .. } | Self::Choice(_) | Self::Permutation { .. } => DType::I64,
        }
    }

    /// Whether arrays of `count` elements and this dtype can be drawn from it.
    ///
    /// # Errors
    /// Parameters out of range, or a dtype that it does not give.
    pub fn check(&self, dtype: DType, count: usize) -> Result<()> {
        let finite = |name: &str, value: f64| match value.is_finite() {
            true => Ok(()),
            false => Err(KernelError::invalid(format!("{name} must be finite, not {value}"))),
        };
        let scale_is_right = |scale: f64| match scale >= 0.0 && !scale.is_sign_negative() {
            true => finite("scale", scale),
            false => Err(KernelError::invalid(format!("scale < 0: {scale}"))),
        };
        match *self {
            Self::Random | Self::Choice(_) => {}
            Self::Uniform { low, high } => {
                finite("high - low", high - low)?;
                if high < low {
                    return Err(KernelError::invalid(format!("high - low < 0: low {low}, high {high}")));
                }
            }
            Self::Normal { loc, scale } => {
                finite("loc", loc)?;
                scale_is_right(scale)?;
            }
            Self::Exponential { scale } => scale_is_right(scale)?,
            Self::Integers { low, high } => check_integers(low, high, dtype)?,
            Self::Poisson { rate } => {
                if rate.is_nan() || rate < 0.0 {
                    return Err(KernelError::invalid(format!("lam < 0 or lam is NaN: {rate}")));
                }
                if rate > LARGEST_RATE {
                    return Err(KernelError::invalid(format!("lam value too large: {rate}, at most {LARGEST_RATE}")));
                }
            }
            Self::Permutation { length } => {
                if length > i64::MAX as u64 || count as u64 > length {
                    return Err(KernelError::invalid(format!(
                        "cannot take a larger sample than population when replace is false: {count} of {length}"
                    )));
                }
            }
        }
        let gives = match self.default_dtype() {
            DType::F64 => matches!(dtype, DType::F32 | DType::F64),
            _ if matches!(self, Self::Integers { .. }) => dtype.is_integer() || dtype == DType::Bool,
            own => dtype == own,
        };
        if gives {
            return Ok(());
        }
        let accepts = match self.default_dtype() {
            DType::F64 => "random floats are float32 or float64",
            _ => "these random integers are int64; cast the result",
        };
        Err(KernelError::Unsupported { function: "random", dtypes: vec![dtype], accepts })
    }

    /// The block of `shape` that starts at `start` of a random array of shape `whole`. Its elements are those that any other
    /// cut of the array would give: element `i` in C order is a function of `key` and `i`.
    ///
    /// # Errors
    /// As [`Distribution::check`]; a block that is not inside the array.
    pub fn block(&self, key: Key, dtype: DType, whole: &[usize], start: &[usize], shape: &[usize]) -> Result<NdArray> {
        let inside = whole.len() == start.len()
            && whole.len() == shape.len()
            && start.iter().zip(shape).zip(whole).all(|((s, n), w)| s.checked_add(*n).is_some_and(|end| end <= *w));
        if !inside {
            return Err(KernelError::invalid(format!(
                "block {shape:?} at {start:?} is not inside a random array of shape {whole:?}"
            )));
        }
        self.check(dtype, element_count(whole)?)?;
        let region = Region { whole, start, shape };
        match (self, dtype) {
            (Self::Random, DType::F32) => region.fill(dtype, |at, out| fill_random_f32(key, at, out)),
            (Self::Random, _) => region.fill(dtype, |at, out| fill_random_f64(key, at, out)),
            (&Self::Uniform { low, high }, DType::F32) => {
                region.fill(dtype, |at, out| fill_uniform_f32(key, at, low, high, out))
            }
            (&Self::Uniform { low, high }, _) => {
                region.fill(dtype, |at, out| fill_uniform_f64(key, at, low, high, out))
            }
            (&Self::Normal { loc, scale }, DType::F32) => {
                region.fill(dtype, |at, out| fill_normal_f32(key, at, loc, scale, out))
            }
            (&Self::Normal { loc, scale }, _) => {
                region.fill(dtype, |at, out| fill_normal_f64(key, at, loc, scale, out))
            }
            (&Self::Exponential { scale }, DType::F32) => {
                region.fill(dtype, |at, out| fill_exponential_f32(key, at, scale, out))
            }
            (&Self::Exponential { scale }, _) => {
                region.fill(dtype, |at, out| fill_exponential_f64(key, at, scale, out))
            }
            (&Self::Poisson { rate }, _) => {
                let numbers = Poisson::new(rate);
                region.fill(dtype, |at, out| numbers.fill(key, at, out))
            }
            (Self::Choice(discrete), _) => region.fill(dtype, |at, out| discrete.fill(key, at, out)),
            (&Self::Permutation { length }, _) => {
                let permutation = Permutation::new(key, length);
                region.fill(dtype, |at, out| permutation.fill(at, out))
            }
            (&Self::Integers { low, high }, _) => {
                // Modulo 2^64: what `check` let through is at most 2^64 wide.
                let (low, count) = (low as u64, (high - low) as u64);
                macro_rules! integers {
                    ($type:ty) => {
                        region.fill::<$type>(dtype, |at, out| fill_integers(key, at, low, count, out))
                    };
                }
                match dtype {
                    DType::I8 => integers!(i8),
                    DType::I16 => integers!(i16),
                    DType::I32 => integers!(i32),
                    DType::U8 => integers!(u8),
                    DType::U16 => integers!(u16),
                    DType::U32 => integers!(u32),
                    DType::U64 => integers!(u64),
                    DType::Bool => region.fill(dtype, |at, out: &mut [bool]| {
                        let mut numbers = vec![0_u8; out.len()];
                        fill_integers(key, at, low, count, &mut numbers);
                        out.iter_mut().zip(numbers).for_each(|(out, number)| *out = number != 0);
                    }),
                    _ => integers!(i64),
                }
            }
        }
    }
}

fn check_integers(low: i128, high: i128, dtype: DType) -> Result<()> {
    let (least, largest): (i128, i128) = match dtype {
        DType::Bool => (0, 1),
        DType::I8 => (i8::MIN.into(), i8::MAX.into()),
        DType::I16 => (i16::MIN.into(), i16::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        DType::U8 => (0, u8::MAX.into()),
        DType::U16 => (0, u16::MAX.into()),
        DType::U32 => (0, u32::MAX.into()),
        DType::U64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    };
    if low < least {
        return Err(KernelError::invalid(format!("low is out of bounds for {dtype}: {low}")));
    }
    if high > largest + 1 {
        return Err(KernelError::invalid(format!("high is out of bounds for {dtype}: {high}")));
    }
    if low >= high {
        return Err(KernelError::invalid(format!("low >= high: {low} and {high}")));
    }
    Ok(())
}

/// A block of an array, and where the array's C order meets it.
struct Region<'a> {
    whole: &'a [usize],
    start: &'a [usize],
    shape: &'a [usize],
}

impl Region<'_> {
    /// Calls `fill(index, elements)` for each run of the block that is a run of the whole array.
    fn fill<T: Element>(&self, dtype: DType, fill: impl Fn(u64, &mut [T])) -> Result<NdArray> {
        let mut elements = crate::layout::copy::zeroed::<T>(element_count(self.shape)?);
        if !elements.is_empty() {
            // Trailing axes that the block holds entirely make longer runs with the axis before them.
            let whole_axes = self.whole.iter().zip(self.shape).rev().take_while(|(w, s)| w == s).count();
            let outer = (self.whole.len() - whole_axes).saturating_sub(1);
            let run: usize = self.shape[outer..].iter().product();
            let mut index = self.start.to_vec();
            for run in elements.chunks_mut(run) {
                let at = index.iter().zip(self.whole).fold(0, |at, (i, w)| at * *w as u64 + *i as u64);
                fill(at, run);
                for axis in (0..outer).rev() {
                    index[axis] += 1;
                    if index[axis] < self.start[axis] + self.shape[axis] {
                        break;
                    }
                    index[axis] = self.start[axis];
                }
            }
        }
        Ok(NdArray::over(dtype, self.shape, T::into_buffer(elements)))
    }
}

/// Numbers for tests and examples: the whole array at once.
impl Distribution {
    /// The array of `shape`.
    ///
    /// # Errors
    /// As [`Distribution::block`].
    pub fn array(&self, key: Key, dtype: DType, shape: &[usize]) -> Result<NdArray> {
        self.block(key, dtype, shape, &vec![0; shape.len()], shape)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::slicing::SliceSpec;

    fn all() -> Vec<(Distribution, DType)> {
        let floats = [
            Distribution::Random,
            Distribution::Uniform { low: -1.0, high: 2.0 },
            Distribution::STANDARD_NORMAL,
            Distribution::Exponential { scale: 3.0 },
        ];
        let mut all: Vec<_> = floats.into_iter().flat_map(|d| [(d.clone(), DType::F32), (d, DType::F64)]).collect();
        for dtype in [DType::Bool, DType::I8, DType::I16, DType::I32, DType::I64] {
            all.push((Distribution::Integers { low: 0, high: 2 }, dtype));
        }
        for dtype in [DType::U8, DType::U16, DType::U32, DType::U64] {
            all.push((Distribution::Integers { low: 3, high: 200 }, dtype));
        }
        all.push((Distribution::Poisson { rate: 4.0 }, DType::I64));
        all.push((Distribution::Poisson { rate: 1e6 }, DType::I64));
        all.push((Distribution::choice(&[1.0, 2.0, 0.5]).unwrap(), DType::I64));
        all.push((Distribution::Permutation { length: 2000 }, DType::I64));
        all.push((Distribution::Permutation { length: 20_000 }, DType::I64));
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Any block of an array is a slice of it.
        #[test]
        fn chunks_do_not_change_the_numbers(
            axes in prop::collection::vec((1..12_usize).prop_flat_map(|n| (Just(n), 0..n)), 0..4),
            lengths in prop::collection::vec(0..12_usize, 4),
            seed in any::<u64>(),
        ) {
            let whole: Vec<usize> = axes.iter().map(|a| a.0).collect();
            let start: Vec<usize> = axes.iter().map(|a| a.1).collect();
            let shape: Vec<usize> = axes.iter().zip(lengths).map(|((n, s), l)| l.min(n - s)).collect();
            let parts: Vec<SliceSpec> = start.iter().zip(&shape).map(|(s, n)| (*s..s + n).into()).collect();
            for (distribution, dtype) in all() {
                let array = distribution.array(Key::new(seed, 1), dtype, &whole).unwrap();
                let block = distribution.block(Key::new(seed, 1), dtype, &whole, &start, &shape).unwrap();
                prop_assert_eq!(&block, &array.slice(&parts).unwrap(), "{:?} {}", distribution, dtype);
            }
        }
    }

    #[test]
    fn wrong_parameters_are_named() {
        let message = |d: Distribution, dtype, n| d.check(dtype, n).unwrap_err().to_string();
        let integers = |low, high| Distribution::Integers { low, high };
        assert_eq!(message(integers(0, 300), DType::I8, 1), "high is out of bounds for int8: 300");
        assert_eq!(message(integers(-1, 3), DType::U8, 1), "low is out of bounds for uint8: -1");
        assert_eq!(message(integers(3, 3), DType::I64, 1), "low >= high: 3 and 3");
        assert_eq!(message(Distribution::Normal { loc: 0.0, scale: -1.0 }, DType::F64, 1), "scale < 0: -1");
        assert_eq!(message(Distribution::Poisson { rate: -2.0 }, DType::I64, 1), "lam < 0 or lam is NaN: -2");
        assert!(message(Distribution::Random, DType::I64, 1).contains("float32 or float64"));
        assert!(message(Distribution::Permutation { length: 3 }, DType::I64, 4).contains("4 of 3"));
        assert!(Distribution::choice(&[-1.0]).is_err());
        assert!(Distribution::Uniform { low: f64::MIN, high: f64::MAX }.check(DType::F64, 1).is_err());
        assert!(Distribution::Random.block(Key::new(0, 0), DType::F64, &[3], &[2], &[2]).is_err());
    }

    #[test]
    fn whole_range_integers() {
        let full = Distribution::Integers { low: 0, high: 1 << 64 };
        let values = full.array(Key::new(0, 0), DType::U64, &[1000]).unwrap().to_vec::<u64>().unwrap();
        assert!(values.iter().any(|v| *v > u64::MAX / 4 * 3) && values.iter().any(|v| *v < u64::MAX / 4));
        let signed = Distribution::Integers { low: i64::MIN.into(), high: i64::MAX.into() };
        let values = signed.array(Key::new(0, 0), DType::I64, &[1000]).unwrap().to_vec::<i64>().unwrap();
        assert!(values.iter().any(|v| *v < 0) && values.iter().any(|v| *v > 0));
    }
}
