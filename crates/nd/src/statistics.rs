//! Quantiles, histograms, counts.

use swath_arrays::expr::op::QuantileMethod;
use swath_arrays::{ArrayExpr, AxisSpec, ChunkSpec};
use swath_kernels::{Complex, DType, KernelError, NdArray, SliceSpec, normalize_axes, normalize_axis, order};

use crate::array::Array;
use crate::bins::BinRule;
use crate::error::{Error, Result};
use crate::functions::apply_gufunc;
use crate::reduce::ReduceOptions;

/// The bins of a histogram: so many of equal width, or their edges.
#[derive(Debug, Clone)]
pub enum Bins {
    /// So many, from the least element to the largest.
    Count(usize),
    /// So many between two values.
    Between(usize, f64, f64),
    /// Edges, ascending.
    Edges(Array),
    /// As many as a rule finds, over all elements or between two values.
    Rule(BinRule, Option<(f64, f64)>),
}

impl From<BinRule> for Bins {
    fn from(rule: BinRule) -> Self {
        Self::Rule(rule, None)
    }
}

impl From<usize> for Bins {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

impl From<&Array> for Bins {
    fn from(edges: &Array) -> Self {
        Self::Edges(edges.clone())
    }
}

impl Array {
    /// Quantiles over axes, one for each of `at` (between 0 and 1) along a new leading axis; NaN where an element is.
    ///
    /// # Errors
    /// Kept: positions out of range; complex numbers and dates.
    #[must_use]
    pub fn quantiles(&self, at: &[f64], options: impl Into<ReduceOptions>, method: QuantileMethod) -> Self {
        self.wide(method).quantiles_of(at, &options.into(), method, false)
    }

    /// As [`Array::quantiles`], without NaN.
    #[must_use]
    pub fn nanquantiles(&self, at: &[f64], options: impl Into<ReduceOptions>, method: QuantileMethod) -> Self {
        self.wide(method).quantiles_of(at, &options.into(), method, true)
    }

    /// As NumPy, several positions between elements make `float64` of narrower floats.
    fn wide(&self, method: QuantileMethod) -> Self {
        self.then(|array| match array.dtype() {
            DType::F16 | DType::F32 if !method.is_discrete() => array.cast(DType::F64),
            _ => Ok(array.clone()),
        })
    }

    /// Quantiles along an axis of elements that weigh differently, one for each of `at` along a new leading axis: the first element up to
    /// which the weights' share reaches it (method `inverted_cdf`). Without an axis of all elements. Weights are a vector along the axis, or
    /// of the array's shape. NaN where an element is. Lines are held whole by tasks.
    ///
    /// # Errors
    /// Kept: positions out of range, weights of another shape. Weights that are negative, not finite or all zero, when it runs.
    #[must_use]
    pub fn weighted_quantiles(&self, at: &[f64], weights: &Self, axis: Option<isize>) -> Self {
        self.quantiles_by_weight(at, weights, axis).unwrap_or_else(|error| self.failed(error))
    }

    fn quantiles_by_weight(&self, at: &[f64], weights: &Self, axis: Option<isize>) -> Result<Self> {
        if at.iter().any(|at| !(0.0..=1.0).contains(at)) {
            return Err(Error::invalid("Quantiles must be in the range [0, 1]"));
        }
        let (shape, given) = (self.shape()?, weights.shape()?);
        let same = shape == given;
        let (lines, weights) = match axis {
            None if same => (self.ravel(), weights.ravel()),
            None => return Err(Error::invalid("Axis must be specified when shapes of a and weights differ.")),
            Some(axis) => {
                let own = normalize_axis(axis, shape.len())?;
                let last = if same { weights.moveaxis(own as isize, -1) } else { weights.clone() };
                if !same && given != [shape[own]] {
                    return Err(Error::invalid(
                        "Shape of weights must be consistent with shape of a along specified axis.",
                    ));
                }
                (self.moveaxis(own as isize, -1), last)
            }
        };
        let wanted = at.to_vec();
        let find = move |blocks: &[NdArray]| Ok(vec![order::weighted_quantile(&blocks[0], &blocks[1], &wanted)?]);
        let weights = weights.astype(DType::F64).broadcast_to(lines.shape()?);
        let dtype = self.dtype()?;
        // The number of quantiles is a core dimension of its own: that of a vector which is not looked at.
        let places = self.context().from_vec(at.to_vec());
        let made = apply_gufunc(find, "(n),(n),(q)->(q)", &[&lines, &weights, &places], &[dtype])?;
        Ok(made[0].moveaxis(-1, 0))
    }

    /// One quantile over axes by a method; of narrow floats their dtype. With `skip_nan` NaN does not count.
    ///
    /// # Errors
    /// Kept: as [`Array::quantiles`].
    #[must_use]
    pub fn quantile_by(
        &self,
        at: f64,
        options: impl Into<ReduceOptions>,
        method: QuantileMethod,
        skip_nan: bool,
    ) -> Self {
        self.quantiles_of(&[at], &options.into(), method, skip_nan).first()
    }

    /// One quantile over axes, between neighbours in proportion.
    #[must_use]
    pub fn quantile(&self, at: f64, options: impl Into<ReduceOptions>) -> Self {
        self.quantiles_of(&[at], &options.into(), QuantileMethod::Linear, false).first()
    }

    /// As [`Array::quantile`], without NaN.
    #[must_use]
    pub fn nanquantile(&self, at: f64, options: impl Into<ReduceOptions>) -> Self {
        self.quantiles_of(&[at], &options.into(), QuantileMethod::Linear, true).first()
    }

    /// As [`Array::quantiles`], in percent.
    #[must_use]
    pub fn percentiles(&self, at: &[f64], options: impl Into<ReduceOptions>, method: QuantileMethod) -> Self {
        self.in_percent(at)
            .unwrap_or_else(|| self.quantiles(&at.iter().map(|at| at / 100.0).collect::<Vec<_>>(), options, method))
    }

    /// One percentile over axes.
    #[must_use]
    pub fn percentile(&self, at: f64, options: impl Into<ReduceOptions>) -> Self {
        self.in_percent(&[at]).unwrap_or_else(|| self.quantile(at / 100.0, options))
    }

    /// As [`Array::percentile`], without NaN.
    #[must_use]
    pub fn nanpercentile(&self, at: f64, options: impl Into<ReduceOptions>) -> Self {
        self.in_percent(&[at]).unwrap_or_else(|| self.nanquantile(at / 100.0, options))
    }

    /// The median over axes.
    #[must_use]
    pub fn median(&self, options: impl Into<ReduceOptions>) -> Self {
        self.quantile_by(0.5, options, QuantileMethod::Median, false)
    }

    /// As [`Array::median`], without NaN.
    #[must_use]
    pub fn nanmedian(&self, options: impl Into<ReduceOptions>) -> Self {
        self.quantile_by(0.5, options, QuantileMethod::Median, true)
    }

    fn in_percent(&self, at: &[f64]) -> Option<Self> {
        let wrong = at.iter().any(|at| !(0.0..=100.0).contains(at));
        wrong.then(|| self.failed(Error::invalid("Percentiles must be in the range [0, 100]")))
    }

    /// The first along the first axis, which goes.
    fn first(&self) -> Self {
        self.then(|array| array.slice(&[SliceSpec::Index(0)]))
    }

    fn quantiles_of(&self, at: &[f64], options: &ReduceOptions, method: QuantileMethod, skip_nan: bool) -> Self {
        self.then(|array| -> Result<ArrayExpr> {
            options.only_axes("quantile")?;
            if array.dtype() == DType::Bool && !method.is_discrete() {
                let accepts =
                    "bool has no values between false and true: cast it, or take a method that gives elements";
                return Err(
                    KernelError::Unsupported { function: "quantile", dtypes: vec![DType::Bool], accepts }.into()
                );
            }
            // As NumPy, NaN of no integers.
            let nothing = skip_nan && array.grid().is_known() && array.elements() == 0;
            let array = &if nothing && array.dtype().is_integer() { array.cast(DType::F64)? } else { array.clone() };
            let result = array.quantile(at, options.axes(), method, skip_nan)?;
            if !options.keeps() {
                return Ok(result);
            }
            let axes = normalize_axes(options.axes(), array.ndim())?;
            let part = |axis| if axes.contains(&axis) { SliceSpec::NewAxis } else { SliceSpec::ALL };
            let parts: Vec<SliceSpec> = std::iter::once(SliceSpec::ALL).chain((0..array.ndim()).map(part)).collect();
            Ok(result.slice(&parts)?)
        })
    }

    /// How many elements lie in each bin, and the bins' edges; the last bin has both its edges. With weights they are added up instead;
    /// with `density` the integral is one.
    ///
    /// # Errors
    /// Kept: no bins, bounds that are not finite or fall, weights of another shape.
    #[must_use]
    pub fn histogram(&self, bins: impl Into<Bins>, weights: Option<&Self>, density: bool) -> (Self, Self) {
        let bins = bins.into();
        if weights.is_some() && matches!(bins, Bins::Rule(..)) {
            let what = "Automated estimation of the number of bins is not supported for weighted data";
            return (self.failed(Error::invalid(what)), self.failed(Error::invalid(what)));
        }
        let edges = self.histogram_edges(&bins);
        let counts = match weights {
            None => self.then_with(&[&edges], |arrays| arrays[0].histogram(&arrays[1], None)),
            Some(weights) if weights.dtype().is_ok_and(|dtype| dtype.is_complex()) => {
                let (real, imaginary) =
                    (self.weighted(&edges, &weights.real()), self.weighted(&edges, &weights.imag()));
                real + imaginary * Complex::new(0.0, 1.0)
            }
            Some(weights) => {
                let counts = self.weighted(&edges, weights);
                // As NumPy, sums are of the weights' dtype.
                weights.dtype().map_or_else(|error| self.failed(error), |dtype| counts.astype(dtype))
            }
        };
        if density {
            let widths = edges.diff(1, 0);
            let density = &counts / (&counts.sum(()) * &widths);
            return (density, edges);
        }
        (counts, edges)
    }

    fn weighted(&self, edges: &Self, weights: &Self) -> Self {
        self.then_with(&[edges, weights], |arrays| -> Result<ArrayExpr> {
            let matched = crate::resolve::matched(self.context(), &[arrays[0].clone(), arrays[2].clone()])?;
            Ok(matched[0].histogram(&arrays[1], Some(&matched[1]))?)
        })
    }

    /// The edges of the bins that [`Array::histogram`] takes.
    #[must_use]
    pub fn histogram_edges(&self, bins: &Bins) -> Self {
        let precision = match self.dtype() {
            Ok(dtype) if dtype.is_float() => dtype,
            Ok(_) => DType::F64,
            Err(error) => return self.failed(error),
        };
        let (count, low, high) = match bins {
            Bins::Edges(edges) => return edges.clone(),
            Bins::Rule(rule, range) => {
                return match self.ruled_bins(*rule, *range) {
                    // Between the extremes, which are of the array's own precision.
                    Ok(Bins::Between(count, ..)) if range.is_none() => self.histogram_edges(&Bins::Count(count)),
                    Ok(bins) => self.histogram_edges(&bins),
                    Err(error) => self.failed(error),
                };
            }
            Bins::Count(count) => {
                if self.size().is_ok_and(|size| size == 0) {
                    return self.histogram_edges(&Bins::Between(*count, 0.0, 1.0));
                }
                let values = self.astype(precision);
                let ends = crate::join::stack(&[&values.min(()), &values.max(())], 0);
                let ends = ends.unwrap_or_else(|error| self.failed(error)).rechunk(ChunkSpec::Uniform(AxisSpec::Whole));
                let ends = ends.checked("histogram", |ends| {
                    let ends: Vec<f64> = ends.scalars().into_iter().map(|end| end.to()).collect();
                    match ends.iter().all(|end| end.is_finite()) {
                        true => Ok(()),
                        false => Err(swath_arrays::ArrayError::invalid(format!(
                            "autodetected range of [{}] is not finite",
                            ends.iter()
                                .map(|end| format!("{end:?}").replace("NaN", "nan"))
                                .collect::<Vec<_>>()
                                .join(", ")
                        ))),
                    }
                });
                (*count, ends.slice(crate::s![0]), ends.slice(crate::s![1]))
            }
            Bins::Between(count, low, high) => {
                if !(low.is_finite() && high.is_finite()) {
                    return self.failed(Error::invalid(format!("supplied range of [{low}, {high}] is not finite")));
                }
                if low > high {
                    return self.failed(Error::invalid("max must be larger than min in range parameter."));
                }
                (*count, self.context().full((), *low), self.context().full((), *high))
            }
        };
        if count == 0 {
            return self.failed(Error::invalid("`bins` must be positive, when an integer"));
        }
        let same = low.equal(&high);
        let (low, high) = (same.where_(&low - 0.5, &low), same.where_(&high + 0.5, &high));
        // As NumPy, in the precision of the ends; then in that of the elements.
        let positions = self.context().arange(0, count as i64 + 1, 1);
        let own = low.dtype().unwrap_or(DType::F64);
        let line = positions.astype(own) * ((&high - &low) / count as f64) + low;
        positions.equal(count as i64).where_(high, line).astype(precision)
    }

    /// How often each of `0, 1, …` occurs in a vector of integers, or the sums of weights there. The result is as long as the largest
    /// element says, or `least_length`; the largest element is computed now.
    ///
    /// # Errors
    /// Kept: other dimensions or dtypes, negative elements, weights of another shape.
    #[must_use]
    pub fn bincount(&self, weights: Option<&Self>, least_length: usize) -> Self {
        let length = self.size().and_then(|size| {
            if size == 0 {
                return Ok(least_length);
            }
            let (least, most): (i64, i64) = {
                let wide = self.astype(DType::I64);
                let both = crate::run::compute_all(&[&wide.min(()), &wide.max(())])?;
                (both[0].item()?.to(), both[1].item()?.to())
            };
            if least < 0 {
                return Err(Error::invalid("'list' argument must have no negative elements"));
            }
            Ok(least_length.max(most as usize + 1))
        });
        let length = match length {
            Ok(length) => length,
            Err(error) => return self.failed(error),
        };
        match weights {
            None => self.then(|array| array.bincount(length, None)),
            Some(weights) => self.then_matched(&[weights], |both| both[0].bincount(length, Some(&both[1]))),
        }
    }

    /// For each element the number of the bin between ascending (or descending) `edges` it lies in: `edges[i-1] <= x < edges[i]`, or
    /// with `right` `edges[i-1] < x <= edges[i]`.
    ///
    /// # Errors
    /// Kept: complex numbers. Edges that neither ascend nor descend, when it runs.
    #[must_use]
    pub fn digitize(&self, edges: &Self, right: bool) -> Self {
        if self.dtype().is_ok_and(|dtype| dtype.is_complex()) || edges.dtype().is_ok_and(|dtype| dtype.is_complex()) {
            let accepts = "numbers that have an order";
            let dtypes = [self, edges].iter().filter_map(|array| array.dtype().ok()).collect();
            return self.failed(KernelError::Unsupported { function: "digitize", dtypes, accepts }.into());
        }
        let whole = edges.rechunk(ChunkSpec::Uniform(AxisSpec::Whole)).checked("digitize", |edges| {
            let edges: Vec<f64> = edges.scalars().into_iter().map(|edge| edge.to()).collect();
            match edges.is_sorted() || edges.is_sorted_by(|left, right| left >= right) {
                true => Ok(()),
                false => Err(swath_arrays::ArrayError::invalid("bins must be monotonically increasing or decreasing")),
            }
        });
        whole.searchsorted(self, !right)
    }
}
