//! Reductions, with NumPy's arguments.

use swath_arrays::expr::reduce::ReduceOptions as Plain;
use swath_arrays::{Argument, ArrayExpr, Reduction};
use swath_kernels::{DType, NdArray, Scalar, normalize_axes};

use crate::array::Array;
use crate::axes::Axes;
use crate::error::{Error, Result};
use crate::functions::closure;

/// What a reduction may be given. Axes alone will do: `x.sum(0)`, `x.sum([0, 2])`, `x.sum(())` for all.
///
/// ```
/// # use swath_nd::{Arrays, ReduceOptions};
/// let x = Arrays::embedded().arange(0, 6, 1).reshape([2, 3]);
/// let part = x.sum(ReduceOptions::over(1).keepdims().mask(&x.gt(1)));
/// assert_eq!(part.shape()?, [2, 1]);
/// assert_eq!(part.to_vec::<i64>()?, [2, 12]);
/// # Ok::<(), swath_nd::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReduceOptions {
    axes: Axes,
    keepdims: bool,
    dtype: Option<DType>,
    mask: Option<Array>,
    initial: Option<Scalar>,
    ddof: i64,
    /// What is taken off the count beside `ddof`.
    fraction: f64,
}

impl ReduceOptions {
    /// Over axes: `()` for all.
    pub fn over(axes: impl Into<Axes>) -> Self {
        Self { axes: axes.into(), ..Self::default() }
    }

    /// Keep the reduced axes with length one.
    #[must_use]
    pub fn keepdims(mut self) -> Self {
        self.keepdims = true;
        self
    }

    /// Compute in and return a dtype: sums, products, means, variances.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// Only the elements where a mask is true count (NumPy's `where`).
    #[must_use]
    pub fn mask(mut self, mask: &Array) -> Self {
        self.mask = Some(mask.clone());
        self
    }

    /// A value to start from: sums, products, minima and maxima.
    #[must_use]
    pub fn initial(mut self, value: impl Into<Scalar>) -> Self {
        self.initial = Some(value.into());
        self
    }

    /// What is taken off the count of variances and standard deviations.
    #[must_use]
    pub fn ddof(mut self, ddof: i64) -> Self {
        self.ddof = ddof;
        self.fraction = 0.0;
        self
    }

    /// As [`ReduceOptions::ddof`], with a fraction too: the Array API's `correction`. A fraction does not go with a mask.
    #[must_use]
    pub fn correction(mut self, correction: f64) -> Self {
        self.ddof = correction.floor() as i64;
        self.fraction = correction - correction.floor();
        self
    }

    pub(crate) fn axes(&self) -> Option<&[isize]> {
        self.axes.get()
    }

    pub(crate) fn keeps(&self) -> bool {
        self.keepdims
    }

    /// What is left where only axes and `keepdims` have a meaning.
    pub(crate) fn only_axes(&self, function: &str) -> Result<()> {
        if self.dtype.is_some() || self.mask.is_some() || self.initial.is_some() || self.ddof != 0 {
            return Err(Error::invalid(format!("'{function}' takes axes and keepdims, nothing else")));
        }
        Ok(())
    }
}

impl<T: Into<Axes>> From<T> for ReduceOptions {
    fn from(axes: T) -> Self {
        Self::over(axes)
    }
}

impl From<&ReduceOptions> for ReduceOptions {
    fn from(options: &ReduceOptions) -> Self {
        options.clone()
    }
}

impl Array {
    /// Any reduction.
    ///
    /// # Errors
    /// Kept: NumPy's about axes, dtypes, and no elements where the function needs one.
    #[must_use]
    pub fn reduce(&self, function: Reduction, options: impl Into<ReduceOptions>) -> Self {
        let options = options.into();
        match &options.mask {
            None => self.then(|array| reduced(array, None, function, &options)),
            Some(mask) => self.then_matched(&[mask], |both| reduced(&both[0], Some(&both[1]), function, &options)),
        }
    }
}

fn reduced(
    array: &ArrayExpr,
    mask: Option<&ArrayExpr>,
    function: Reduction,
    options: &ReduceOptions,
) -> Result<ArrayExpr> {
    let axes = options.axes();
    let mut plain = Plain { keepdims: options.keepdims, dtype: options.dtype, mask: mask.cloned() };
    let extreme = match function.without_nan() {
        Reduction::Min => Some("minimum"),
        Reduction::Max => Some("maximum"),
        _ => None,
    };
    if !matches!(function.without_nan(), Reduction::Sum | Reduction::Prod)
        && extreme.is_none()
        && options.initial.is_some()
    {
        return Err(Error::invalid(format!("'{}' takes no initial value", function.name())));
    }
    let Some(initial) = options.initial else {
        if extreme.is_some() && mask.is_some() {
            return Err(Error::invalid(format!(
                "reduction operation '{}' does not have an identity, so to use a where mask one has to specify 'initial'",
                extreme.unwrap_or_default()
            )));
        }
        return Ok(array.reduce(function, axes, &plain)?);
    };
    let Some(extreme) = extreme else {
        let result = array.reduce(function, axes, &plain)?;
        let combine = if function.without_nan() == Reduction::Sum { "add" } else { "multiply" };
        let initial = Argument::Scalar(initial.cast(result.dtype()));
        return Ok(ArrayExpr::map(combine, &[result.into(), initial])?);
    };
    let initial = Argument::Scalar(initial.cast(array.dtype()));
    let mut array = array.clone();
    if let Some(mask) = plain.mask.take() {
        array = ArrayExpr::map("where", &[mask.into(), array.into(), initial.clone()])?;
    }
    // An axis without elements gets one, so that there is a result.
    for axis in normalize_axes(axes, array.ndim())? {
        if array.known_length(axis, function.name())? == 0 {
            let mut widths = vec![(0, 0); array.ndim()];
            widths[axis] = (0, 1);
            let Argument::Scalar(value) = initial else { continue };
            array = array.pad_constant(&widths, value)?;
        }
    }
    let result = array.reduce(function, axes, &plain)?;
    Ok(ArrayExpr::map(extreme, &[result.into(), initial])?)
}

macro_rules! reductions {
    ($($name:ident = $function:expr; $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            #[must_use]
            pub fn $name(&self, options: impl Into<ReduceOptions>) -> Self {
                self.reduce($function, options)
            }
        )*}
    };
}

reductions! {
    sum = Reduction::Sum; "The sum over axes; small integers and `bool` as 64 bits.";
    prod = Reduction::Prod; "The product over axes; small integers and `bool` as 64 bits.";
    mean = Reduction::Mean; "The mean over axes; of integers as `float64`.";
    min = Reduction::Min; "The least element over axes; NaN if one is.";
    max = Reduction::Max; "The largest element over axes; NaN if one is.";
    any = Reduction::Any; "Whether any element over axes is not zero.";
    all = Reduction::All; "Whether no element over axes is zero.";
    argmin = Reduction::ArgMin; "The position of the least element over an axis (of all: in C order), as `int64`.";
    argmax = Reduction::ArgMax; "The position of the largest element over an axis (of all: in C order), as `int64`.";
    count_nonzero = Reduction::CountNonzero; "How many elements over axes are not zero.";
    nansum = Reduction::NanSum; "The sum over axes without NaN.";
    nanprod = Reduction::NanProd; "The product over axes without NaN.";
    nanmean = Reduction::NanMean; "The mean over axes without NaN.";
    nanmin = Reduction::NanMin; "The least element over axes that is not NaN.";
    nanmax = Reduction::NanMax; "The largest element over axes that is not NaN.";
    nanargmin = Reduction::NanArgMin; "The position of the least element that is not NaN.";
    nanargmax = Reduction::NanArgMax; "The position of the largest element that is not NaN.";
}

macro_rules! moments {
    ($($name:ident = $function:ident; $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            #[must_use]
            pub fn $name(&self, options: impl Into<ReduceOptions>) -> Self {
                let options = options.into();
                let ddof = options.ddof;
                let made = self.reduce(Reduction::$function { ddof }, &options);
                self.corrected(made, &options, Reduction::$function { ddof })
            }
        )*}
    };
}

moments! {
    var = Var; "The variance over axes, divided by the count less `ddof`.";
    std = Std; "The standard deviation over axes.";
    nanvar = NanVar; "The variance over axes without NaN.";
    nanstd = NanStd; "The standard deviation over axes without NaN.";
}

impl Array {
    /// A variance or deviation whose count is less by a fraction.
    fn corrected(&self, made: Self, options: &ReduceOptions, function: Reduction) -> Self {
        if options.fraction == 0.0 {
            return made;
        }
        let factor = || -> Result<f64> {
            if options.mask.is_some() || function != function.without_nan() {
                return Err(Error::invalid("a correction that is not an integer needs all elements to count"));
            }
            let shape = self.shape()?;
            let count: usize = normalize_axes(options.axes(), shape.len())?.iter().map(|axis| shape[*axis]).product();
            let whole = (count as f64 - options.ddof as f64).max(0.0);
            Ok(whole / (whole - options.fraction).max(0.0))
        };
        match (factor(), function) {
            (Err(error), _) => self.failed(error),
            (Ok(factor), Reduction::Std { .. }) => made * factor.sqrt(),
            (Ok(factor), _) => made * factor,
        }
    }

    /// The largest element less the least over axes.
    #[must_use]
    pub fn ptp(&self, options: impl Into<ReduceOptions>) -> Self {
        let options = options.into();
        self.max(&options) - self.min(&options)
    }

    /// The weighted mean over axes: weights broadcast, or are of the length of the one axis.
    ///
    /// # Errors
    /// Kept: weights that do not fit. Weights whose sum is zero when it runs.
    #[must_use]
    pub fn average(&self, options: impl Into<ReduceOptions>, weights: Option<&Self>) -> Self {
        let options = options.into();
        let Some(weights) = weights else { return self.mean(options) };
        let weights = match (weights.shape(), self.shape(), options.axes()) {
            (Ok(own), Ok(all), Some([axis])) if own.len() == 1 && all.len() > 1 => {
                let Ok(axis) = swath_kernels::normalize_axis(*axis, all.len()) else { return self.mean(options) };
                if own[0] != all[axis] {
                    return self.failed(Error::invalid("Length of weights not compatible with specified axis."));
                }
                let mut shape = vec![1; all.len()];
                shape[axis] = own[0];
                weights.reshape(shape)
            }
            (Ok(own), Ok(all), axes) => {
                if axes.is_none() && own != all {
                    return self.failed(Error::invalid("Axis must be specified when shapes of a and weights differ."));
                }
                weights.clone()
            }
            (Err(error), _, _) | (_, Err(error), _) => return self.failed(error),
        };
        let weights = weights.broadcast_like(self);
        let total = weights.sum(&options).checked("average", |total| {
            let zeros = swath_kernels::fused::elementwise("logical_not", &[total])?;
            match swath_kernels::layout::mask::count_true(&zeros)? {
                0 => Ok(()),
                _ => Err(swath_arrays::ArrayError::invalid("Weights sum to zero, can't be normalized")),
            }
        });
        (self * &weights).sum(&options) / total
    }

    /// The same array, of which each block is looked at when it is made.
    pub(crate) fn checked(
        &self,
        name: &'static str,
        look: impl Fn(&NdArray) -> swath_arrays::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let pass = closure(name, move |blocks, _| {
            look(&blocks[0])?;
            Ok(blocks[0].clone())
        });
        self.then(|array| {
            let axes = (0..array.ndim()).map(Some).collect();
            ArrayExpr::blockwise(pass.clone(), &[(array, axes)], array.dtype(), array.grid().clone())
        })
    }

    /// This array in the shape of another.
    #[must_use]
    pub(crate) fn broadcast_like(&self, other: &Self) -> Self {
        match other.shape() {
            Ok(shape) => self.broadcast_to(shape),
            Err(error) => self.failed(error),
        }
    }
}
