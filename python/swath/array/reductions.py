"""Reductions and running results."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import axes_of, native_of, wrap
from swath.array.elementwise import into

if TYPE_CHECKING:
    from swath.array._array import Array

_OVER = """

    Parameters
    ----------
    x : array_like
        The elements.
    axis
        The axis, or a tuple of them; all if none is named.
    {dtype}out
        An array, which then stands for the result.
    keepdims
        Keep the reduced axes, with length one.{more}

    Returns
    -------
    Array
        Nothing is computed yet.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.{name}({example}).compute()
    {gives}
    """
_DTYPE = "dtype\n        The dtype to compute in and return.\n    "
_INITIAL = "\n    initial\n        A value to start from."
_WHERE = "\n    where\n        Which elements count: a mask that broadcasts with them."


def _number(initial: Any) -> Any:
    return initial.item() if isinstance(initial, (np.generic, np.ndarray)) else initial


def _reduce(
    name: str,
    x: Any,
    axis: Any,
    keepdims: bool,
    dtype: Any = None,
    initial: Any = None,
    where: Any = None,
    ddof: int = 0,
    out: Any = None,
) -> Array:
    inner = native_of(x)
    own = _convert.dtype_of(inner.dtype())
    if own.kind in "mM" and dtype is not None and np.dtype(dtype).kind != own.kind:
        raise TypeError(f"{name}: {own} is not computed as {np.dtype(dtype)}: use x.astype('int64') first")
    result = wrap(
        native.reduce(
            name,
            inner,
            axes_of(axis),
            keepdims=bool(keepdims),
            dtype=None if dtype is None else _convert.dtype_name(dtype),
            mask=None if where is None or where is True else native_of(where),
            initial=_number(initial),
            ddof=ddof,
        )
    )
    return result if out is None else into(out, result, name)


def _require_elements(name: str, x: Any, axis: Any) -> Any:
    """Refuse axes without elements, of which there is no extreme, also where the result has no place for it.

    Lengths that a mask made are not looked at here: computing finds them.
    """
    inner = native_of(x)
    lengths = inner.known_shape()
    places = range(len(lengths)) if axis is None else axes_of(axis) or []
    if builtins.any(-len(lengths) <= place < len(lengths) and lengths[place] == 0 for place in places):
        raise ValueError(f"{name} of no elements: the array has shape {tuple(lengths)}")
    return inner


def _sums(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(
        x: Any,
        /,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = None,
        where: Any = None,
    ) -> Array:
        return _reduce(name, x, axis, keepdims, dtype, initial, where, out=out)

    function.__doc__ = doc + _OVER.format(
        name=name, example=example, gives=gives, dtype=_DTYPE, more=_INITIAL + _WHERE
    )
    function.__name__ = function.__qualname__ = name
    return function


def _extremes(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(
        x: Any,
        /,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = None,
        where: Any = None,
    ) -> Array:
        if initial is None:
            x = wrap(_require_elements(name, x, axis))
        return _reduce(name, x, axis, keepdims, None, initial, where, out=out)

    function.__doc__ = doc + _OVER.format(
        name=name, example=example, gives=gives, dtype="", more=_INITIAL + _WHERE
    )
    function.__name__ = function.__qualname__ = name
    return function


def _truths(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(
        x: Any, /, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
    ) -> Array:
        return _reduce(name, x, axis, keepdims, where=where, out=out)

    function.__doc__ = doc + _OVER.format(name=name, example=example, gives=gives, dtype="", more=_WHERE)
    function.__name__ = function.__qualname__ = name
    return function


def _positions(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(x: Any, /, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Array:
        # Positions count from where a block starts, which follows from the lengths before it.
        own = wrap(_convert.resolved(x))
        _require_elements(name, own, axis)
        return _reduce(name, own, axis, keepdims, out=out)

    function.__doc__ = doc + _OVER.format(name=name, example=example, gives=gives, dtype="", more="")
    function.__name__ = function.__qualname__ = name
    return function


def _moments(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(
        x: Any,
        /,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        correction: float | None = None,
        where: Any = None,
        mean: Any = None,
    ) -> Array:
        less = ddof if correction is None else correction
        if mean is not None:
            own = wrap(native_of(x)) if dtype is None else wrap(native_of(x)).astype(dtype)
            made = _spread_about(name, own, mean, axis, keepdims, where, less)
            if dtype is not None and np.dtype(dtype).kind == "f":
                made = made.astype(dtype)
            return made if out is None else into(out, made, name)
        if float(less).is_integer():
            return _reduce(name, x, axis, keepdims, dtype, None, where, int(less), out)
        # The sum of squares, divided by a count that is no integer.
        variance = name.replace("std", "var")
        plain = _reduce(variance, x, axis, keepdims, dtype, None, where)
        count = wrap(native_of(x)).size // max_size(plain)
        scaled = plain * (count / (count - less) if count > less else float("nan"))
        scaled = scaled**0.5 if variance != name else scaled
        return scaled if out is None else into(out, scaled, name)

    function.__doc__ = doc + _OVER.format(
        name=name,
        example=example,
        gives=gives,
        dtype=_DTYPE,
        more="\n    ddof, correction\n        What is taken off the count by which is divided."
        + _WHERE
        + "\n    mean\n        The means, if they are known, with the axes that are reduced of length one.",
    )
    function.__name__ = function.__qualname__ = name
    return function


def _spread_about(
    name: str, x: Array, mean: Any, axis: Any, keepdims: bool, where: Any, less: float
) -> Array:
    """Compute the variance or standard deviation about means that are given."""
    from swath.array.creation import ones_like
    from swath.array.elementwise import isnan, maximum

    if x.dtype.kind in "biu":
        x = x.astype(np.float64)
    deviations = x - mean
    if deviations.dtype.kind == "c":
        squares = deviations.real * deviations.real + deviations.imag * deviations.imag
    else:
        squares = deviations * deviations
    is_nan = name.startswith("nan")
    counted = ~isnan(x) if is_nan else ones_like(x, dtype=np.bool_)
    total = _reduce("nansum" if is_nan else "sum", squares, axis, keepdims, where=where)
    count = _reduce("sum", counted, axis, keepdims, where=where).astype(total.dtype)
    variance: Array = total / maximum(count - less, 0)
    return variance**0.5 if name.endswith("std") else variance


def max_size(x: Array) -> int:
    """Number of elements, one at least."""
    return x.size or 1


sum = _sums(
    "sum",
    "Add elements over axes; ``bool`` and small integers as 64 bits.",
    "[1.0, 2.0, 6.0]",
    "np.float64(9.0)",
)
prod = _sums(
    "prod",
    "Multiply elements over axes; ``bool`` and small integers as 64 bits.",
    "[1.0, 2.0, 6.0]",
    "np.float64(12.0)",
)
nansum = _sums("nansum", "Add elements over axes, without NaN.", "[1.0, sa.nan, 6.0]", "np.float64(7.0)")
nanprod = _sums(
    "nanprod", "Multiply elements over axes, without NaN.", "[1.0, sa.nan, 6.0]", "np.float64(6.0)"
)
min = amin = _extremes(
    "min", "Find the least element over axes; NaN if one is.", "[1.0, 2.0, 6.0]", "np.float64(1.0)"
)
max = amax = _extremes(
    "max", "Find the largest element over axes; NaN if one is.", "[1.0, 2.0, 6.0]", "np.float64(6.0)"
)
nanmin = _extremes(
    "nanmin", "Find the least element over axes that is not NaN.", "[1.0, sa.nan, 6.0]", "np.float64(1.0)"
)
nanmax = _extremes(
    "nanmax", "Find the largest element over axes that is not NaN.", "[1.0, sa.nan, 6.0]", "np.float64(6.0)"
)
any = _truths("any", "Say whether any element over axes is not zero.", "[0, 1]", "np.True_")
all = _truths("all", "Say whether no element over axes is zero.", "[0, 1]", "np.False_")
argmin = _positions(
    "argmin",
    "Find the position of the least element over an axis; of all in C order.",
    "[1.0, 2.0, 6.0]",
    "np.int64(0)",
)
argmax = _positions(
    "argmax",
    "Find the position of the largest element over an axis; of all in C order.",
    "[1.0, 2.0, 6.0]",
    "np.int64(2)",
)
nanargmin = _positions(
    "nanargmin",
    "Find the position of the least element that is not NaN.",
    "[1.0, sa.nan, 6.0]",
    "np.int64(0)",
)
nanargmax = _positions(
    "nanargmax",
    "Find the position of the largest element that is not NaN.",
    "[1.0, sa.nan, 6.0]",
    "np.int64(2)",
)
var = _moments("var", "Compute the variance over axes.", "[1.0, 2.0, 6.0]", "np.float64(4.666666666666667)")
std = _moments(
    "std", "Compute the standard deviation over axes.", "[1.0, 2.0, 6.0]", "np.float64(2.160246899469287)"
)
nanvar = _moments(
    "nanvar", "Compute the variance over axes, without NaN.", "[1.0, sa.nan, 6.0]", "np.float64(6.25)"
)
nanstd = _moments(
    "nanstd",
    "Compute the standard deviation over axes, without NaN.",
    "[1.0, sa.nan, 6.0]",
    "np.float64(2.5)",
)


def mean(
    x: Any,
    /,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = None,
) -> Array:
    """Compute the mean over axes; of integers as ``float64``.

    Parameters
    ----------
    x
        The elements.
    axis
        The axis, or a tuple of them; all if none is named.
    dtype
        The dtype of the result.
    out
        An array, which then stands for the result.
    keepdims
        Keep the reduced axes, with length one.
    where
        Which elements count: a mask that broadcasts with them.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.mean(sa.asarray([[1, 2], [3, 5]]), axis=0).compute()
    array([2. , 3.5])
    """
    return _reduce("mean", x, axis, keepdims, dtype, None, where, out=out)


def nanmean(
    x: Any,
    /,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = None,
) -> Array:
    """Compute the mean over axes, without NaN.

    Parameters
    ----------
    x
        The elements.
    axis
        The axis, or a tuple of them; all if none is named.
    dtype
        The dtype of the result.
    out
        An array, which then stands for the result.
    keepdims
        Keep the reduced axes, with length one.
    where
        Which elements count: a mask that broadcasts with them.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nanmean([1.0, sa.nan, 3.0]).compute()
    np.float64(2.0)
    """
    return _reduce("nanmean", x, axis, keepdims, dtype, None, where, out=out)


def count_nonzero(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Count the elements over axes that are not zero.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.count_nonzero([0, 1, 2]).compute()
    np.int64(2)
    """
    return _reduce("count_nonzero", x, axis, keepdims)


def ptp(x: Any, /, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
    """Take the least element off the largest, over axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ptp([1, 5, 3]).compute()
    np.int64(4)
    """
    x = wrap(native_of(x))
    made = max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)
    return made if out is None else into(out, made, "ptp")


def average(
    x: Any, /, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """Compute the weighted mean over axes; weights broadcast, or are of the length of the one axis.

    Parameters
    ----------
    x
        The elements.
    axis
        The axis, or a tuple of them; all if none is named.
    weights
        A weight for each element, or each position along the axis.
    returned
        Whether the sums of the weights are returned, too.
    keepdims
        Keep the reduced axes, with length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.average(sa.asarray([1.0, 2.0, 6.0]), weights=[1, 1, 2]).compute()
    np.float64(3.75)
    """
    x = wrap(native_of(x))
    own = None if weights is None else native_of(weights)
    result = wrap(native.average(x._array, axes_of(axis), keepdims, own))
    if not returned:
        return result
    if own is None:
        count = x.size // max_size(result)
        return result, wrap(native.ufunc("add", native.ufunc("multiply", result._array, 0.0), float(count)))
    wide = wrap(own)
    if wide.ndim == 1 and x.ndim > 1:
        shape = [1] * x.ndim
        shape[axis] = wide.shape[0]
        wide = wide.reshape(shape)
    total = sum(wrap(native.broadcast_to(wide._array, x.shape)), axis, keepdims=keepdims)
    return result, total.astype(result.dtype)


def _along(name: str, x: Any, axis: int | None, dtype: Any, out: Any = None) -> Array:
    inner = native_of(x)
    if axis is None:
        inner, axis = native.reshape(inner, [-1]), 0
    result = wrap(native.scan(name, inner, axis, None if dtype is None else _convert.dtype_name(dtype)))
    return result if out is None else into(out, result, name)


def cumsum(x: Any, /, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
    """Add up along an axis; the flat array if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cumsum(sa.arange(5)).compute()
    array([ 0,  1,  3,  6, 10])
    """
    return _along("cumsum", x, axis, dtype, out)


def cumprod(x: Any, /, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
    """Multiply along an axis; the flat array if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cumprod([1, 2, 3]).compute()
    array([1, 2, 6])
    """
    return _along("cumprod", x, axis, dtype, out)


def nancumsum(x: Any, /, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
    """Add up along an axis, NaN as zero.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nancumsum([2.0, sa.nan, 3.0]).compute()
    array([2., 2., 5.])
    """
    x = native_of(x) if dtype is None else native_of(x).astype(_convert.dtype_name(dtype))
    return _along("nancumsum", wrap(x), axis, None, out)


def nancumprod(x: Any, /, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
    """Multiply along an axis, NaN as one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nancumprod([2.0, sa.nan, 3.0]).compute()
    array([2., 2., 6.])
    """
    x = native_of(x) if dtype is None else native_of(x).astype(_convert.dtype_name(dtype))
    return _along("nancumprod", wrap(x), axis, None, out)


def cummax(x: Any, /, axis: int | None = None) -> Array:
    """Give the largest element so far along an axis: NumPy's ``maximum.accumulate``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cummax([1, 3, 2]).compute()
    array([1, 3, 3])
    """
    return _along("cummax", x, axis, None)


def cummin(x: Any, /, axis: int | None = None) -> Array:
    """Give the least element so far along an axis: NumPy's ``minimum.accumulate``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cummin([3, 1, 2]).compute()
    array([3, 1, 1])
    """
    return _along("cummin", x, axis, None)


def _cumulative(name: str, x: Any, axis: int | None, dtype: Any, include_initial: bool, start: int) -> Array:
    x = wrap(native_of(x))
    if axis is None:
        if x.ndim > 1:
            raise ValueError(f"cumulative functions of {x.ndim} axes need an axis")
        axis = 0
        x = x.reshape((-1,)) if x.ndim == 0 else x
    result = _along(name, x, axis, dtype)
    if not include_initial:
        return result
    from swath.array.creation import full
    from swath.array.joining import concatenate

    shape = list(result.shape)
    shape[axis] = 1
    return concatenate([full(shape, start, result.dtype), result], axis=axis)


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Array:
    """Add up along an axis, from zero if ``include_initial``: the Array API's form.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cumulative_sum([1, 2, 3], include_initial=True).compute()
    array([0, 1, 3, 6])
    """
    return _cumulative("cumsum", x, axis, dtype, include_initial, 0)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Array:
    """Multiply along an axis, from one if ``include_initial``: the Array API's form.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cumulative_prod([1, 2, 3]).compute()
    array([1, 2, 6])
    """
    return _cumulative("cumprod", x, axis, dtype, include_initial, 1)


def diff(x: Any, /, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Array:
    """Take differences of neighbours along an axis, ``n`` times over; of ``bool`` say whether they differ.

    Parameters
    ----------
    x
        The elements.
    n
        How many times.
    axis
        The axis.
    prepend
        Elements that come before.
    append
        Elements that come after.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.diff([1, 4, 9]).compute()
    array([3, 5])
    """
    from swath.array.joining import concatenate

    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    x = wrap(native_of(x))
    parts = [x]
    for more, place in ((prepend, 0), (append, len(parts))):
        if more is None:
            continue
        more = wrap(native_of(more))
        if more.ndim == 0:
            shape = list(x.shape)
            shape[axis] = 1
            more = wrap(native.broadcast_to(more._array, shape))
        parts.insert(0 if place == 0 else len(parts), more)
    joined = parts[0] if len(parts) == 1 else concatenate(parts, axis=axis)
    return wrap(native.diff(joined._array, n, axis))


def trace(x: Any, /, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Array:
    """Add up a diagonal over two axes.

    Parameters
    ----------
    x
        The elements.
    offset
        The diagonal above (positive) or below the main one.
    axis1
        The first of the two axes of the matrices.
    axis2
        The second of them.
    dtype
        The dtype of the result.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.trace([[1, 2], [3, 4]]).compute()
    np.int64(5)
    """
    return sum(wrap(native.diagonal(native_of(x), offset, axis1, axis2)), -1, dtype=dtype)
