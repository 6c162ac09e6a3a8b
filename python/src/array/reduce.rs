//! Reductions, running results, statistics.

use pyo3::prelude::*;
use swath_arrays::Reduction;
use swath_collections::nd::{Bins, Covariance, QuantileMethod, ReduceOptions};

use super::error::invalid;
use super::operand::{DTypeArgument, scalar};
use super::{Array, made, several, tried};

fn reduction(name: &str, ddof: i64) -> Option<Reduction> {
    Some(match name {
        "sum" => Reduction::Sum,
        "prod" => Reduction::Prod,
        "mean" => Reduction::Mean,
        "var" => Reduction::Var { ddof },
        "std" => Reduction::Std { ddof },
        "min" => Reduction::Min,
        "max" => Reduction::Max,
        "any" => Reduction::Any,
        "all" => Reduction::All,
        "argmin" => Reduction::ArgMin,
        "argmax" => Reduction::ArgMax,
        "count_nonzero" => Reduction::CountNonzero,
        "nansum" => Reduction::NanSum,
        "nanprod" => Reduction::NanProd,
        "nanmean" => Reduction::NanMean,
        "nanvar" => Reduction::NanVar { ddof },
        "nanstd" => Reduction::NanStd { ddof },
        "nanmin" => Reduction::NanMin,
        "nanmax" => Reduction::NanMax,
        "nanargmin" => Reduction::NanArgMin,
        "nanargmax" => Reduction::NanArgMax,
        _ => return None,
    })
}

fn over(axes: Option<Vec<isize>>, keepdims: bool) -> ReduceOptions {
    let options = axes.map_or_else(ReduceOptions::default, ReduceOptions::over);
    if keepdims { options.keepdims() } else { options }
}

/// A reduction by name.
#[pyfunction]
#[pyo3(signature = (name, array, axes=None, *, keepdims=false, dtype=None, mask=None, initial=None, ddof=0))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
fn reduce(
    py: Python<'_>,
    name: &str,
    array: &Array,
    axes: Option<Vec<isize>>,
    keepdims: bool,
    dtype: Option<DTypeArgument>,
    mask: Option<&Array>,
    initial: Option<&Bound<'_, PyAny>>,
    ddof: i64,
) -> PyResult<Array> {
    let function = reduction(name, ddof).ok_or_else(|| invalid(py, format!("there is no reduction '{name}'")))?;
    let mut options = over(axes, keepdims);
    if let Some(dtype) = dtype {
        options = options.dtype(dtype.0);
    }
    if let Some(mask) = mask {
        options = options.mask(&mask.array);
    }
    if let Some(initial) = initial {
        options = options.initial(scalar(initial)?);
    }
    made(py, || array.array.reduce(function, options))
}

/// Running results along an axis, by name.
#[pyfunction]
#[pyo3(signature = (name, array, axis, dtype=None))]
fn scan(py: Python<'_>, name: &str, array: &Array, axis: isize, dtype: Option<DTypeArgument>) -> PyResult<Array> {
    let own = &array.array;
    made(py, || match (name, dtype) {
        ("cumsum", None) => own.cumsum(axis),
        ("cumsum", Some(dtype)) => own.cumsum_as(axis, dtype.0),
        ("cumprod", None) => own.cumprod(axis),
        ("cumprod", Some(dtype)) => own.cumprod_as(axis, dtype.0),
        ("cummax", _) => own.cummax(axis),
        ("cummin", _) => own.cummin(axis),
        ("nancumsum", _) => own.nancumsum(axis),
        _ => own.nancumprod(axis),
    })
}

/// Differences of neighbours.
#[pyfunction]
fn diff(py: Python<'_>, array: &Array, times: usize, axis: isize) -> PyResult<Array> {
    made(py, || array.array.diff(times, axis))
}

/// The weighted mean.
#[pyfunction]
fn average(
    py: Python<'_>,
    array: &Array,
    axes: Option<Vec<isize>>,
    keepdims: bool,
    weights: Option<&Array>,
) -> PyResult<Array> {
    made(py, || array.array.average(over(axes, keepdims), weights.map(|weights| &weights.array)))
}

fn method(py: Python<'_>, name: &str) -> PyResult<QuantileMethod> {
    Ok(match name {
        "linear" => QuantileMethod::Linear,
        "lower" => QuantileMethod::Lower,
        "higher" => QuantileMethod::Higher,
        "midpoint" => QuantileMethod::Midpoint,
        "nearest" => QuantileMethod::Nearest,
        // Of medians only: no name of NumPy's.
        "half of a sum" => QuantileMethod::Median,
        "inverted_cdf" => QuantileMethod::InvertedCdf,
        "averaged_inverted_cdf" => QuantileMethod::AveragedInvertedCdf,
        "interpolated_inverted_cdf" => QuantileMethod::InterpolatedInvertedCdf,
        "closest_observation" => QuantileMethod::ClosestObservation,
        "hazen" => QuantileMethod::Hazen,
        "weibull" => QuantileMethod::Weibull,
        "median_unbiased" => QuantileMethod::MedianUnbiased,
        "normal_unbiased" => QuantileMethod::NormalUnbiased,
        _ => {
            return Err(invalid(
                py,
                format!(
                    "there is no method '{name}' of quantiles; expected linear, lower, higher, midpoint, nearest, inverted_cdf, \
                     averaged_inverted_cdf, interpolated_inverted_cdf, closest_observation, hazen, weibull, median_unbiased or \
                     normal_unbiased"
                ),
            ));
        }
    })
}

/// Quantiles, along a new first axis; one of them alone without that axis.
#[pyfunction]
#[pyo3(signature = (array, at, axes, *, keepdims, method, skip_nan, is_one))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
fn quantile(
    py: Python<'_>,
    array: &Array,
    at: Vec<f64>,
    axes: Option<Vec<isize>>,
    keepdims: bool,
    method: &str,
    skip_nan: bool,
    is_one: bool,
) -> PyResult<Array> {
    let method = self::method(py, method)?;
    let (own, options) = (&array.array, over(axes, keepdims));
    made(py, || match (is_one, skip_nan) {
        (true, _) => own.quantile_by(at[0], options, method, skip_nan),
        (false, false) => own.quantiles(&at, options, method),
        (false, true) => own.nanquantiles(&at, options, method),
    })
}

fn first(array: &swath_collections::nd::Array) -> swath_collections::nd::Array {
    array.slice(0)
}

/// Counts in bins, and the bins' edges. Bins are an array of edges, a number, or a number between bounds.
#[pyfunction]
#[pyo3(signature = (array, bins, bounds, weights, density))]
fn histogram(
    py: Python<'_>,
    array: &Array,
    bins: BinsArgument,
    bounds: Option<(f64, f64)>,
    weights: Option<&Array>,
    density: bool,
) -> PyResult<Vec<Array>> {
    let bins = bins.bins(py, bounds)?;
    let weights = weights.map(|weights| &weights.array);
    let (counts, edges) = tried(py, || Ok(array.array.histogram(bins, weights, density)))?;
    several(py, [counts, edges])
}

/// Counts in the cells of a grid over the columns of a matrix, then the edges along each.
#[pyfunction]
fn histogramdd(
    py: Python<'_>,
    array: &Array,
    bins: Vec<(BinsArgument, Option<(f64, f64)>)>,
    weights: Option<&Array>,
    density: bool,
) -> PyResult<Vec<Array>> {
    let bins = bins.into_iter().map(|(bins, bounds)| bins.bins(py, bounds)).collect::<PyResult<Vec<_>>>()?;
    let weights = weights.map(|weights| &weights.array);
    let (counts, edges) = tried(py, || Ok(array.array.histogramdd(&bins, weights, density)))?;
    several(py, std::iter::once(counts).chain(edges))
}

/// Bins by their number, by a rule for it, or by their edges.
#[derive(FromPyObject)]
enum BinsArgument {
    Count(usize),
    Rule(String),
    Edges(Py<Array>),
}

impl BinsArgument {
    fn bins(self, py: Python<'_>, bounds: Option<(f64, f64)>) -> PyResult<Bins> {
        Ok(match (self, bounds) {
            (Self::Edges(edges), _) => Bins::Edges(edges.get().array.clone()),
            (Self::Rule(name), _) => Bins::Rule(name.parse().map_err(|error| super::raised(py, &error))?, bounds),
            (Self::Count(count), None) => Bins::Count(count),
            (Self::Count(count), Some((low, high))) => Bins::Between(count, low, high),
        })
    }
}

/// The edges of the bins of a histogram.
#[pyfunction]
fn histogram_edges(py: Python<'_>, array: &Array, bins: BinsArgument, bounds: Option<(f64, f64)>) -> PyResult<Array> {
    let bins = bins.bins(py, bounds)?;
    made(py, || array.array.histogram_edges(&bins))
}

/// How often each integer occurs.
#[pyfunction]
fn bincount(py: Python<'_>, array: &Array, weights: Option<&Array>, least_length: usize) -> PyResult<Array> {
    made(py, || array.array.bincount(weights.map(|weights| &weights.array), least_length))
}

/// The bin of each element.
#[pyfunction]
fn digitize(py: Python<'_>, array: &Array, edges: &Array, right: bool) -> PyResult<Array> {
    made(py, || array.array.digitize(&edges.array, right))
}

/// Covariances.
#[pyfunction]
#[pyo3(signature = (array, rows, ddof, frequencies, weights))]
fn cov(
    py: Python<'_>,
    array: &Array,
    rows: bool,
    ddof: Option<i64>,
    frequencies: Option<&Array>,
    weights: Option<&Array>,
) -> PyResult<Array> {
    let (frequencies, weights) = (frequencies.map(|given| &given.array), weights.map(|given| &given.array));
    made(py, || array.array.cov_with(Covariance { rows, ddof, frequencies, weights }))
}

/// Quantiles of elements that weigh differently, along a new first axis; one of them alone without that axis.
#[pyfunction]
#[pyo3(signature = (array, at, weights, axis, is_one))]
fn weighted_quantile(
    py: Python<'_>,
    array: &Array,
    at: Vec<f64>,
    weights: &Array,
    axis: Option<isize>,
    is_one: bool,
) -> PyResult<Array> {
    made(py, || {
        let found = array.array.weighted_quantiles(&at, &weights.array, axis);
        if is_one { first(&found) } else { found }
    })
}

/// Correlation coefficients.
#[pyfunction]
fn corrcoef(py: Python<'_>, array: &Array, rows: bool) -> PyResult<Array> {
    made(py, || array.array.corrcoef(rows))
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(reduce, module)?)?;
    module.add_function(wrap_pyfunction!(scan, module)?)?;
    module.add_function(wrap_pyfunction!(diff, module)?)?;
    module.add_function(wrap_pyfunction!(average, module)?)?;
    module.add_function(wrap_pyfunction!(quantile, module)?)?;
    module.add_function(wrap_pyfunction!(weighted_quantile, module)?)?;
    module.add_function(wrap_pyfunction!(histogram, module)?)?;
    module.add_function(wrap_pyfunction!(histogramdd, module)?)?;
    module.add_function(wrap_pyfunction!(histogram_edges, module)?)?;
    module.add_function(wrap_pyfunction!(bincount, module)?)?;
    module.add_function(wrap_pyfunction!(digitize, module)?)?;
    module.add_function(wrap_pyfunction!(cov, module)?)?;
    module.add_function(wrap_pyfunction!(corrcoef, module)?)
}
