//! Reductions: what they give, and what a block leaves for the next phase.

use std::fmt;

use swath_kernels::{DType, KernelError, Kind, reduce};

use crate::error::Result;

/// A function that makes one element of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum.
    Sum,
    /// The product.
    Prod,
    /// The mean.
    Mean,
    /// The variance, divided by `count - ddof`.
    Var {
        /// What is taken off the count.
        ddof: i64,
    },
    /// The square root of the variance.
    Std {
        /// What is taken off the count.
        ddof: i64,
    },
    /// The least element; NaN if one is.
    Min,
    /// The largest element; NaN if one is.
    Max,
    /// Whether any is not zero.
    Any,
    /// Whether none is zero.
    All,
    /// The position of the least element in C order over the axes, the first if there are several.
    ArgMin,
    /// The position of the largest.
    ArgMax,
    /// How many are not zero.
    CountNonzero,
    /// The sum without NaN.
    NanSum,
    /// The product without NaN.
    NanProd,
    /// The mean without NaN.
    NanMean,
    /// The variance without NaN.
    NanVar {
        /// What is taken off the count.
        ddof: i64,
    },
    /// Its square root.
    NanStd {
        /// What is taken off the count.
        ddof: i64,
    },
    /// The least element that is not NaN.
    NanMin,
    /// The largest element that is not NaN.
    NanMax,
    /// The position of the least element that is not NaN.
    NanArgMin,
    /// The position of the largest element that is not NaN.
    NanArgMax,
}

impl Reduction {
    /// The kernels' function, which this one names with what a plan can compare and hash.
    pub const fn kernel(self) -> reduce::Reduction {
        match self {
            Self::Sum => reduce::Reduction::Sum,
            Self::Prod => reduce::Reduction::Prod,
            Self::Mean => reduce::Reduction::Mean,
            Self::Var { ddof } => reduce::Reduction::Var { ddof: ddof as f64 },
            Self::Std { ddof } => reduce::Reduction::Std { ddof: ddof as f64 },
            Self::Min => reduce::Reduction::Min,
            Self::Max => reduce::Reduction::Max,
            Self::Any => reduce::Reduction::Any,
            Self::All => reduce::Reduction::All,
            Self::ArgMin => reduce::Reduction::ArgMin,
            Self::ArgMax => reduce::Reduction::ArgMax,
            Self::CountNonzero => reduce::Reduction::CountNonzero,
            Self::NanSum => reduce::Reduction::NanSum,
            Self::NanProd => reduce::Reduction::NanProd,
            Self::NanMean => reduce::Reduction::NanMean,
            Self::NanVar { ddof } => reduce::Reduction::NanVar { ddof: ddof as f64 },
            Self::NanStd { ddof } => reduce::Reduction::NanStd { ddof: ddof as f64 },
            Self::NanMin => reduce::Reduction::NanMin,
            Self::NanMax => reduce::Reduction::NanMax,
            Self::NanArgMin => reduce::Reduction::NanArgMin,
            Self::NanArgMax => reduce::Reduction::NanArgMax,
        }
    }

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        self.kernel().name()
    }

    /// Whether NaN is left out.
    pub const fn skips_nan(self) -> bool {
        self.kernel().skips_nan()
    }

    /// The same function with NaN left in.
    #[must_use]
    pub const fn without_nan(self) -> Self {
        match self {
            Self::NanSum => Self::Sum,
            Self::NanProd => Self::Prod,
            Self::NanMean => Self::Mean,
            Self::NanVar { ddof } => Self::Var { ddof },
            Self::NanStd { ddof } => Self::Std { ddof },
            Self::NanMin => Self::Min,
            Self::NanMax => Self::Max,
            Self::NanArgMin => Self::ArgMin,
            Self::NanArgMax => Self::ArgMax,
            other => other,
        }
    }

    /// Whether the result is a position, which counts over all axes that are reduced.
    pub const fn is_position(self) -> bool {
        self.kernel().is_position()
    }

    /// Whether nothing can be said of no elements at all.
    pub const fn needs_elements(self) -> bool {
        matches!(self.without_nan(), Self::Min | Self::Max | Self::ArgMin | Self::ArgMax)
    }

    /// The dtype of the result; `dtype` is what the user asks for (`sum`, `prod`, `mean`, `var`, `std` take one).
    ///
    /// # Errors
    /// Where NumPy has none: sums of dates, means of dates' kinds beyond durations.
    pub fn result_dtype(self, input: DType, dtype: Option<DType>) -> Result<DType> {
        let unsupported =
            |accepts| Err(KernelError::Unsupported { function: self.name(), dtypes: vec![input], accepts }.into());
        Ok(match self.without_nan() {
            Self::Sum | Self::Prod => match (dtype, input.kind()) {
                (Some(dtype), _) => dtype,
                (None, Kind::Bool | Kind::Signed) => DType::I64,
                (None, Kind::Unsigned) => DType::U64,
                (None, Kind::Datetime) => return unsupported("dates cannot be added; subtract one from another first"),
                (None, Kind::Timedelta) if self.without_nan() == Self::Prod => {
                    return unsupported("durations cannot be multiplied");
                }
                (None, _) => input,
            },
            Self::Mean => match (dtype, input.kind()) {
                (Some(dtype), _) => dtype,
                (None, Kind::Bool | Kind::Signed | Kind::Unsigned) => DType::F64,
                (None, Kind::Datetime) => return unsupported("dates have no mean; subtract one from another first"),
                (None, _) => input,
            },
            Self::Var { .. } | Self::Std { .. } => match (dtype, input.kind()) {
                (Some(dtype), _) => dtype.real(),
                (None, Kind::Bool | Kind::Signed | Kind::Unsigned) => DType::F64,
                (None, Kind::Timedelta | Kind::Datetime) => return unsupported("cast durations to float64 first"),
                (None, _) => input.real(),
            },
            Self::Any | Self::All => DType::Bool,
            Self::ArgMin | Self::ArgMax | Self::CountNonzero => DType::I64,
            _ => input,
        })
    }

    /// The dtype in which sums are kept between blocks: the result's, but `float16` and `float32` sums of means and variances are kept
    /// wider, so that more chunks do not make them worse.
    pub fn accumulator(self, result: DType) -> DType {
        match self.without_nan() {
            Self::Mean | Self::Var { .. } | Self::Std { .. } | Self::Sum => match result {
                DType::F16 | DType::F32 => DType::F64,
                DType::C64 => DType::C128,
                DType::Timedelta64(_) => DType::I64,
                other => other,
            },
            _ => result,
        }
    }

    /// The arrays that a block leaves for the next phase, with their dtypes. Each has the shape of the block with the reduced axes of
    /// length one. Two such states are combined into one of the same form; the last step makes the result of it.
    pub fn state(self, input: DType, result: DType) -> Vec<(&'static str, DType)> {
        let sum = self.accumulator(result);
        match self.without_nan() {
            Self::Sum => vec![("sum", sum)],
            Self::Mean => vec![("count", DType::I64), ("sum", sum)],
            Self::Var { .. } | Self::Std { .. } => {
                let mean = if input.is_complex() { DType::C128 } else { DType::F64 };
                vec![("count", DType::I64), ("mean", mean), ("deviations", DType::F64)]
            }
            Self::ArgMin | Self::ArgMax => vec![("value", input), ("position", DType::I64)],
            // Elements that count may be none in a block: an `all` or `min` of nothing has a neutral element only for some dtypes.
            Self::Min | Self::Max => vec![("value", input), ("count", DType::I64)],
            _ => vec![(self.name(), result)],
        }
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Var { ddof } | Self::Std { ddof } | Self::NanVar { ddof } | Self::NanStd { ddof } if *ddof != 0 => {
                write!(f, "{} ddof={ddof}", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dtypes_are_numpys() {
        let result = |function: Reduction, dtype| function.result_dtype(dtype, None).unwrap();
        assert_eq!(result(Reduction::Sum, DType::Bool), DType::I64);
        assert_eq!(result(Reduction::NanSum, DType::U8), DType::U64);
        assert_eq!(result(Reduction::Sum, DType::F16), DType::F16);
        assert_eq!(result(Reduction::Mean, DType::I32), DType::F64);
        assert_eq!(result(Reduction::Mean, DType::F32), DType::F32);
        assert_eq!(result(Reduction::Var { ddof: 0 }, DType::C64), DType::F32);
        assert_eq!(result(Reduction::Max, DType::U8), DType::U8);
        assert_eq!(Reduction::Prod.result_dtype(DType::I8, Some(DType::F32)).unwrap(), DType::F32);
        let error = Reduction::Sum.result_dtype("datetime64[s]".parse().unwrap(), None).unwrap_err();
        assert!(error.to_string().starts_with("'sum' is not defined for datetime64[s]"), "{error}");
    }
}
