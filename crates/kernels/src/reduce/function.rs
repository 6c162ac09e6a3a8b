//! The reductions: names, dtypes, what they leave out.

use crate::dtype::{DType, Kind};
use crate::error::{KernelError, Result};

/// What is made of many elements. The `Nan` forms leave NaN and NaT out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // NumPy's functions of the same names.
pub enum Reduction {
    Sum,
    Prod,
    Mean,
    /// With `ddof` taken from the divisor.
    Var {
        ddof: f64,
    },
    /// With `ddof` taken from the divisor.
    Std {
        ddof: f64,
    },
    Min,
    Max,
    /// Maximum less minimum.
    Ptp,
    Any,
    All,
    CountNonzero,
    /// The first position of the minimum, or of the first NaN.
    ArgMin,
    /// The first position of the maximum, or of the first NaN.
    ArgMax,
    NanSum,
    NanProd,
    NanMean,
    /// With `ddof` taken from the divisor.
    NanVar {
        ddof: f64,
    },
    /// With `ddof` taken from the divisor.
    NanStd {
        ddof: f64,
    },
    NanMin,
    NanMax,
    NanArgMin,
    NanArgMax,
}

impl Reduction {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Prod => "prod",
            Self::Mean => "mean",
            Self::Var { .. } => "var",
            Self::Std { .. } => "std",
            Self::Min => "min",
            Self::Max => "max",
            Self::Ptp => "ptp",
            Self::Any => "any",
            Self::All => "all",
            Self::CountNonzero => "count_nonzero",
            Self::ArgMin => "argmin",
            Self::ArgMax => "argmax",
            Self::NanSum => "nansum",
            Self::NanProd => "nanprod",
            Self::NanMean => "nanmean",
            Self::NanVar { .. } => "nanvar",
            Self::NanStd { .. } => "nanstd",
            Self::NanMin => "nanmin",
            Self::NanMax => "nanmax",
            Self::NanArgMin => "nanargmin",
            Self::NanArgMax => "nanargmax",
        }
    }

    /// Whether NaN and NaT are left out.
    pub const fn skips_nan(self) -> bool {
        matches!(
            self,
            Self::NanSum
                | Self::NanProd
                | Self::NanMean
                | Self::NanVar { .. }
                | Self::NanStd { .. }
                | Self::NanMin
                | Self::NanMax
                | Self::NanArgMin
                | Self::NanArgMax
        )
    }

    /// Whether it gives positions.
    pub const fn is_position(self) -> bool {
        matches!(self, Self::ArgMin | Self::ArgMax | Self::NanArgMin | Self::NanArgMax)
    }

    /// Whether there is a result for no elements.
    pub(super) const fn has_identity(self) -> bool {
        !matches!(self, Self::Min | Self::Max | Self::Ptp | Self::NanMin | Self::NanMax) && !self.is_position()
    }

    /// The dtype of the result: sums of small integers widen to 64 bits, means of integers are `float64`.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`], for sums of dates and the like.
    pub fn result_dtype(self, input: DType) -> Result<DType> {
        let unsupported = || KernelError::Unsupported {
            function: self.name(),
            dtypes: vec![input],
            accepts: "dates have min, max and their positions; durations sum and mean as well",
        };
        let is_date = input.kind() == Kind::Datetime;
        let is_duration = input.kind() == Kind::Timedelta;
        Ok(match self {
            Self::Any | Self::All => DType::Bool,
            Self::CountNonzero | Self::ArgMin | Self::ArgMax | Self::NanArgMin | Self::NanArgMax => DType::I64,
            Self::Min | Self::Max | Self::NanMin | Self::NanMax => input,
            Self::Ptp => match input {
                DType::Datetime64(unit) => DType::Timedelta64(unit),
                DType::Bool => return Err(unsupported()),
                other => other,
            },
            Self::Sum | Self::NanSum | Self::Prod | Self::NanProd => match input.kind() {
                Kind::Bool | Kind::Signed => DType::I64,
                Kind::Unsigned => DType::U64,
                Kind::Datetime => return Err(unsupported()),
                Kind::Timedelta if matches!(self, Self::Prod | Self::NanProd) => return Err(unsupported()),
                _ => input,
            },
            Self::Mean | Self::NanMean if is_duration => input,
            _ if is_date || is_duration => return Err(unsupported()),
            Self::Mean | Self::NanMean => {
                if input.is_float() || input.is_complex() {
                    input
                } else {
                    DType::F64
                }
            }
            _ => {
                if input.is_float() || input.is_complex() {
                    input.real()
                } else {
                    DType::F64
                }
            }
        })
    }
}
