"""Quantiles, histograms, counts, covariances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import axes_of, native_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array


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
    made = wrap(
        native.quantile(
            native_of(x),
            places.tolist(),
            axes_of(axis),
            keepdims=keepdims,
            method=method,
            skip_nan=skip_nan,
            is_one=at.ndim == 0,
        )
    )
    return made.reshape((*at.shape, *made.shape[1:])) if at.ndim > 1 else made


def quantile(x: Any, /, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Array:
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
        ``nearest`` and others.
    keepdims
        Keep the reduced axes, with length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.quantile(sa.arange(5), [0.25, 0.5]).compute()
    array([1., 2.])
    """
    return _quantile(x, q, axis, method, keepdims, False, False)


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
    return _quantile(x, 0.5, axis, "linear", keepdims, False, False)


def nanmedian(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Find the middle elements over axes, without NaN.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nanmedian([1.0, sa.nan, 3.0]).compute()
    np.float64(2.0)
    """
    return _quantile(x, 0.5, axis, "linear", keepdims, True, False)


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
        How many, or their edges.
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
    if isinstance(bins, str):
        raise NotImplementedError(f"histogram(bins={bins!r}) is not supported: give their number or edges")
    is_count = hasattr(bins, "__index__") and not isinstance(bins, np.ndarray)
    given = int(bins) if is_count else native_of(bins)
    if isinstance(given, int) and given < 1:
        raise ValueError("`bins` must be positive, when an integer")
    bounds = None if range is None else (float(range[0]), float(range[1]))
    counts, edges = native.histogram(inner, given, bounds, weighing, density)
    return wrap(counts), wrap(edges)


def histogram_bin_edges(x: Any, /, bins: Any = 10, range: tuple[float, float] | None = None) -> Array:
    """Give the edges of the bins of :func:`histogram`.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.histogram_bin_edges([0.0, 4.0], bins=2).compute()
    array([0., 2., 4.])
    """
    if not hasattr(bins, "__index__"):
        return wrap(native_of(bins))
    bounds = None if range is None else (float(range[0]), float(range[1]))
    return wrap(native.histogram_edges(native_of(x), int(bins), bounds))


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
    edges = wrap(native_of(bins))
    falls = edges.shape[0] > 1 and bool(edges[0] > edges[-1])
    if falls:
        turned = native.digitize(native_of(x), edges[::-1]._array, right)
        return edges.shape[0] - wrap(turned)
    return wrap(native.digitize(native_of(x), edges._array, right))


def cov(m: Any, /, *, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Array:
    """Compute the covariances of variables: each row is one, or each column.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cov([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]).compute()
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    less = ddof if ddof is not None else 0 if bias else 1
    return wrap(native.cov(native_of(m), rowvar, less))


def corrcoef(x: Any, /, *, rowvar: bool = True) -> Array:
    """Compute the correlation coefficients of variables: each row is one, or each column.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]).compute().round(6)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    return wrap(native.corrcoef(native_of(x), rowvar))
