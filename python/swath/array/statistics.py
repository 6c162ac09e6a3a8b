"""Quantiles, histograms, counts, covariances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import axes_of, native_of, wrap
from swath.array.joining import stack

if TYPE_CHECKING:
    from swath.array._array import Array


_TAKEN = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")
"""Methods that take an element as it is."""

_MEDIAN = "half of a sum"
"""What the core calls the method of medians: beside infinity it is none of NumPy's quantiles."""


def _quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool, skip_nan: bool, percent: bool) -> Array:
    at = np.asarray(q, dtype=np.float64)
    highest = 100.0 if percent else 1.0
    if at.size and not ((at >= 0) & (at <= highest)).all():
        raise ValueError(
            "Percentiles must be in the range [0, 100]"
            if percent
            else "Quantiles must be in the range [0, 1]"
        )
    places = (at / highest).reshape(-1)
    inner = native_of(x)
    if inner.dtype() == "bool" and method not in _TAKEN:
        raise TypeError(
            f"quantiles of bool by method {method!r} lie between two truth values: use x.astype('uint8'), or "
            f"one of {', '.join(_TAKEN)}"
        )
    made = wrap(
        native.quantile(
            inner,
            places.tolist(),
            axes_of(axis),
            keepdims=keepdims,
            method=method,
            skip_nan=skip_nan,
            is_one=at.ndim == 0,
        )
    )
    return made.reshape((*at.shape, *made.shape[1:])) if at.ndim > 1 else made


def quantile(
    x: Any,
    /,
    q: Any,
    axis: Any = None,
    *,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Array:
    """Find quantiles over axes, several along a new first axis.

    Parameters
    ----------
    x : array_like
        The elements.
    q
        Between 0 and 1: a number, or several.
    axis
        The axis, or a tuple of them.
    method
        NumPy's name of what is taken between two elements: ``linear``, ``lower``, ``higher``, ``midpoint``,
        ``nearest``, ``inverted_cdf``, ``averaged_inverted_cdf``, ``closest_observation``,
        ``interpolated_inverted_cdf``, ``hazen``, ``weibull``, ``median_unbiased``, ``normal_unbiased``.
    keepdims
        Keep the reduced axes, with length one.
    weights
        How much each element weighs, for ``method="inverted_cdf"`` over one axis or all.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.quantile(sa.arange(5), [0.25, 0.5]).compute()
    array([1., 2.])
    """
    if weights is not None:
        return _weighted(x, q, axis, method, keepdims, weights)
    return _quantile(x, q, axis, method, keepdims, False, False)


def _weighted(x: Any, q: Any, axis: Any, method: str, keepdims: bool, weights: Any) -> Array:
    if method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    at = np.asarray(q, dtype=np.float64)
    along = axes_of(axis)
    if along is not None and len(along) != 1:
        raise ValueError("quantile with weights goes over one axis, or all: reshape first")
    made = wrap(
        native.weighted_quantile(
            native_of(x),
            at.reshape(-1).tolist(),
            native_of(weights),
            None if along is None else along[0],
            at.ndim == 0,
        )
    )
    lengths = list(made.shape if at.ndim == 0 else made.shape[1:])
    if keepdims:
        lengths = list(wrap(native_of(x)).shape)
        for place in range(len(lengths)) if along is None else along:
            lengths[place] = 1
    return made.reshape((*at.shape, *lengths))


def nanquantile(
    x: Any, /, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Array:
    """Find quantiles over axes, without NaN.

    Parameters
    ----------
    x
        The elements.
    q
        Shares, from 0 to 1.
    axis
        The axis, or a tuple of them; all if none is named.
    method
        How to interpolate between two elements, by NumPy's names.
    keepdims
        Keep the reduced axes, with length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nanquantile([1.0, sa.nan, 3.0], 0.5).compute()
    np.float64(2.0)
    """
    return _quantile(x, q, axis, method, keepdims, True, False)


def percentile(
    x: Any, /, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Array:
    """Find quantiles over axes, in percent.

    Parameters
    ----------
    x
        The elements.
    q
        Percentages, from 0 to 100.
    axis
        The axis, or a tuple of them; all if none is named.
    method
        How to interpolate between two elements, by NumPy's names.
    keepdims
        Keep the reduced axes, with length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.percentile([1.0, 2.0, 3.0], 50).compute()
    np.float64(2.0)
    """
    return _quantile(x, q, axis, method, keepdims, False, True)


def nanpercentile(
    x: Any, /, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Array:
    """Find quantiles over axes, in percent, without NaN.

    Parameters
    ----------
    x
        The elements.
    q
        Percentages, from 0 to 100.
    axis
        The axis, or a tuple of them; all if none is named.
    method
        How to interpolate between two elements, by NumPy's names.
    keepdims
        Keep the reduced axes, with length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nanpercentile([1.0, sa.nan, 3.0], 50).compute()
    np.float64(2.0)
    """
    return _quantile(x, q, axis, method, keepdims, True, True)


def median(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Find the middle elements over axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.median([1, 3, 2]).compute()
    np.float64(2.0)
    """
    return _quantile(x, 0.5, axis, _MEDIAN, keepdims, False, False)


def nanmedian(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Find the middle elements over axes, without NaN.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nanmedian([1.0, sa.nan, 3.0]).compute()
    np.float64(2.0)
    """
    return _quantile(x, 0.5, axis, _MEDIAN, keepdims, True, False)


def histogram(
    x: Any,
    /,
    bins: Any = 10,
    range: tuple[float, float] | None = None,
    density: bool = False,
    weights: Any = None,
) -> tuple[Array, Array]:
    """Count elements in bins; the last one has both its edges.

    Parameters
    ----------
    x : array_like
        The elements.
    bins
        How many; their edges; or a rule that finds how many from the elements, which are looked at now:
        ``"auto"``, ``"fd"``, ``"doane"``, ``"scott"``, ``"stone"``, ``"rice"``, ``"sturges"``, ``"sqrt"``.
    range
        The outermost edges; the least and the largest element if none are given.
    density
        Scale, so that the integral is one.
    weights
        What to add up instead of counting.

    Returns
    -------
    tuple of Array
        The counts, and the edges.

    Examples
    --------
    >>> import swath.array as sa
    >>> counts, edges = sa.histogram(sa.arange(10), bins=2)
    >>> counts.compute()
    array([5, 5])
    """
    inner = native.reshape(native_of(x), [-1])
    weighing = None if weights is None else native.reshape(native_of(weights), [-1])
    counts, edges = native.histogram(inner, *_bins(bins, range), weighing, density)
    return wrap(counts), wrap(edges)


def _bins(bins: Any, range: Any) -> tuple[Any, tuple[float, float] | None]:
    bounds = None if range is None else (float(range[0]), float(range[1]))
    if isinstance(bins, str):
        return bins, bounds
    if hasattr(bins, "__index__") and not isinstance(bins, np.ndarray):
        if int(bins) < 1:
            raise ValueError("`bins` must be positive, when an integer")
        return int(bins), bounds
    return native_of(bins), bounds


def histogramdd(
    sample: Any,
    /,
    bins: Any = 10,
    range: Any = None,
    density: bool = False,
    weights: Any = None,
) -> tuple[Array, tuple[Array, ...]]:
    """Count observations in the cells of a grid over several variables.

    Parameters
    ----------
    sample : array_like
        A matrix with a column for each variable, or a sequence of their vectors.
    bins
        How many along each variable, or for each variable its own: a number, edges, or a rule of
        :func:`histogram`.
    range
        For each variable its outermost edges, or ``None`` for its least and its largest element.
    density
        Scale, so that the integral is one.
    weights
        What to add up instead of counting.

    Returns
    -------
    tuple
        The counts, as floats, and the edges along each variable.

    Examples
    --------
    >>> import swath.array as sa
    >>> counts, edges = sa.histogramdd([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]], bins=2)
    >>> counts.compute()
    array([[1., 0.],
           [1., 1.]])
    """
    if isinstance(sample, list | tuple) and sample and np.ndim(sample[0]) == 1 and not _is_rows(sample):
        sample = stack([wrap(native_of(column)) for column in sample], axis=1)
    points = native_of(sample)
    variables = int(wrap(points).shape[-1])
    several = list(bins) if isinstance(bins, list | tuple) else [bins] * variables
    ranges = [None] * variables if range is None else list(range)
    if len(several) != variables or len(ranges) != variables:
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    given = [_bins(one, bounds) for one, bounds in zip(several, ranges, strict=True)]
    weighing = None if weights is None else native_of(weights)
    counts, *edges = native.histogramdd(points, given, weighing, density)
    return wrap(counts), tuple(wrap(one) for one in edges)


def _is_rows(sample: Any) -> bool:
    """Return whether a sequence is a matrix written down row by row, which NumPy takes it for."""
    return all(isinstance(row, list | tuple) for row in sample)


def histogram2d(
    x: Any,
    y: Any,
    /,
    bins: Any = 10,
    range: Any = None,
    density: bool = False,
    weights: Any = None,
) -> tuple[Array, Array, Array]:
    """Count points in the cells of a grid.

    Parameters
    ----------
    x, y : array_like
        The points' places along both axes.
    bins
        How many along each axis, the edges along both, or a pair of either.
    range
        For each axis its outermost edges: ``((x0, x1), (y0, y1))``.
    density
        Scale, so that the integral is one.
    weights
        What to add up instead of counting.

    Returns
    -------
    tuple of Array
        The counts, as floats, with a row for each cell along ``x``; the edges along ``x``; those along ``y``.

    Examples
    --------
    >>> import swath.array as sa
    >>> counts, xedges, yedges = sa.histogram2d([0.0, 1.0, 1.0], [0.0, 1.0, 0.0], bins=2)
    >>> counts.compute()
    array([[1., 0.],
           [1., 1.]])
    """
    own, other = wrap(native_of(x)), wrap(native_of(y))
    if own.shape != other.shape:
        raise ValueError("x and y must have the same length.")
    if not hasattr(bins, "__index__") and not isinstance(bins, str) and len(bins) not in (1, 2):
        # The edges along both.
        bins = [bins, bins]
    counts, (first, second) = histogramdd(stack([own, other], axis=1), bins, range, density, weights)
    return counts, first, second


def histogram_bin_edges(x: Any, /, bins: Any = 10, range: tuple[float, float] | None = None) -> Array:
    """Give the edges of the bins of :func:`histogram`.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.histogram_bin_edges([0.0, 4.0], bins=2).compute()
    array([0., 2., 4.])
    """
    return wrap(native.histogram_edges(native_of(x), *_bins(bins, range)))


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Array:
    """Count how often each of ``0, 1, …`` is there, or add up weights; the largest one is computed now.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.bincount([0, 2, 2]).compute()
    array([1, 0, 2])
    """
    inner = native_of(x)
    if _convert.dtype_of(inner.dtype()).kind not in "biu":
        raise TypeError(f"bincount takes integers, not {inner.dtype()}")
    return wrap(native.bincount(inner, None if weights is None else native_of(weights), minlength))


def digitize(x: Any, /, bins: Any, right: bool = False) -> Array:
    """Find for each element the number of the bin between edges it lies in.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.digitize([0.5, 1.5], [0.0, 1.0, 2.0]).compute()
    array([1, 2])
    """
    values, edges = wrap(native_of(x)), wrap(native_of(bins))
    if "c" in (values.dtype.kind, edges.dtype.kind):
        raise TypeError("digitize: complex numbers have no order, and x or bins is complex")
    falls = edges.shape[0] > 1 and bool(edges[0] > edges[-1])
    before, after = (edges[1:], edges[:-1]) if falls else (edges[:-1], edges[1:])
    if edges.ndim != 1 or not bool((before <= after).all()):
        raise ValueError("digitize: bins must be a vector that rises, or one that falls, monotonically")
    if falls:
        turned = native.digitize(values._array, edges[::-1]._array, right)
        return edges.shape[0] - wrap(turned)
    return wrap(native.digitize(values._array, edges._array, right))


def cov(
    m: Any,
    /,
    y: Any = None,
    *,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Array:
    """Compute the covariances of variables: each row is one, or each column.

    Parameters
    ----------
    m : array_like
        Observations of variables.
    y : array_like
        More variables, which come behind those of ``m``.
    rowvar
        Whether each row is a variable; else each column.
    bias
        Divide by the number of observations rather than one less.
    ddof
        What is taken from the number of observations; goes before ``bias``.
    fweights
        How often each observation counts: whole numbers.
    aweights
        How much each observation weighs.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cov([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]).compute()
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    less = ddof if ddof is not None else 0 if bias else 1
    frequencies = None if fweights is None else native_of(fweights)
    weights = None if aweights is None else native_of(aweights)
    if y is not None:
        m, rowvar = _variables(m, y, rowvar), True
    return wrap(native.cov(native_of(m), rowvar, less, frequencies, weights))


def _variables(m: Any, y: Any, rowvar: bool) -> Array:
    """Give the variables of both, a row each."""
    from swath.array.joining import concatenate

    rows = []
    for one in (m, y):
        own = wrap(native_of(one))
        if own.ndim > 2:
            raise ValueError(f"cov: observations are a vector or a matrix, not of {own.ndim} axes")
        rows.append(own.reshape((1, -1)) if own.ndim < 2 else own if rowvar else own.T)
    return concatenate(rows)


def corrcoef(x: Any, /, y: Any = None, *, rowvar: bool = True) -> Array:
    """Compute the correlation coefficients of variables: each row is one, or each column.

    Parameters
    ----------
    x : array_like
        Observations of variables.
    y : array_like
        More variables, which come behind those of ``x``.
    rowvar
        Whether each row is a variable; else each column.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]).compute().round(6)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    if y is not None:
        x, rowvar = _variables(x, y, rowvar), True
    return wrap(native.corrcoef(native_of(x), rowvar))
